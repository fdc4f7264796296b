import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectSound, untilGone } from '../../../runner/support/builtRunner';
import { realCluster } from '../support/realCluster';

const slurm = realCluster();

const steps = 4;
const groups = 4;
const groupSize = 31;
/** With the initial ones. */
const evaluations = groups + steps * groups * groupSize;

function problem(): string {
  const path = join(slurm.folder, 'problem');
  mkdirSync(path);
  writeFileSync(
    join(path, 'parabola.discover'),
    `---
candidate: program.sh
evaluate: sh evaluate.sh
metric: { name: error, goal: minimize }
limits: { time: 60s, memory: 64MiB }
executor: slurm
session: { policy: tunables, method: puct, steps: ${steps}, groups: ${groups}, groupSize: ${groupSize}, reuse: false }
---
# A parabola
Find its bottom.
`,
  );
  writeFileSync(join(path, 'program.sh'), 'x=10  # @tune int [0, 1000]\necho $x\n');
  writeFileSync(
    join(path, 'evaluate.sh'),
    `x=$(sh "$DISCOVER_CANDIDATE") || exit 1
printf '{"valid": true, "metrics": {"error": %d}}' "$(( (x - 42) * (x - 42) ))" > "$DISCOVER_RESULT"
`,
  );
  return path;
}

describe('a session on a cluster whose parts fail', () => {
  it(`has each of ${evaluations} evaluations once in its journal`, { timeout: 900_000 }, async () => {
    const spec = slurm.runner.specOf(problem(), { concurrency: 16, seed: 5 });
    await slurm.runner.start(spec);
    const { sessionId } = spec;
    /** Resolves when so many candidates have an outcome. */
    const evaluated = async (count: number): Promise<void> => {
      let seen = 0;
      await slurm.runner.until(sessionId, ({ event }) => {
        if (event.type === 'candidate.evaluated') seen += 1;
        return seen >= count || event.type === 'session.paused' || event.type === 'session.failed';
      });
    };

    await evaluated(100);
    await slurm.cluster.killNode('north');
    await evaluated(130);
    const pid = await slurm.runner.livePid(sessionId);
    process.kill(pid, 'SIGKILL');
    await untilGone(pid);
    slurm.cluster.startNode('north');
    await slurm.runner.reply(['resume', sessionId]);
    await slurm.runner.until(sessionId, ({ event }) =>
      ['session.finished', 'session.failed', 'session.paused'].includes(event.type),
    );

    const entries = await slurm.runner.entries(sessionId);
    expect(entries.at(-1)?.event).toMatchObject({ type: 'session.finished', reason: 'steps' });
    expectSound(entries);
    const ended = entries.flatMap(({ event }) => (event.type === 'candidate.evaluated' ? [event] : []));
    expect(ended).toHaveLength(evaluations);
    // What the cluster did is nobody's failure.
    expect(ended.filter(({ outcome }) => outcome.kind !== 'valid')).toEqual([]);
    expect(ended.every(({ queuedMs }) => queuedMs !== undefined)).toBe(true);

    const { stdout } = await slurm.cluster.run('squeue', '--noheader', '--states=all', '--format=%F %k');
    const comments = new Map(
      stdout
        .trim()
        .split('\n')
        .map((line) => [line.split(' ')[0], line.split(' ').slice(2)]),
    );
    const submitted = [...comments.values()].flat();
    expect(new Set(submitted).size).toBe(submitted.length);
    expect(submitted.filter((key) => /^c\d+$/.test(key))).toHaveLength(evaluations);
  });
});

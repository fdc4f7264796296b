import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSlurm } from '../../../../scripts/slurm/cluster.mjs';
import type { SlurmCluster } from '../../../../scripts/slurm/cluster.mjs';
import { BuiltRunner, expectSound, untilGone } from '../../../runner/support/builtRunner';

let runner: BuiltRunner;
let cluster: SlurmCluster;
let folder: string;

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'slurm-')));
  runner = await BuiltRunner.build();
  cluster = await startSlurm({ folder: join(folder, 'cluster') });
  Object.assign(process.env, cluster.env);
}, 120_000);
afterAll(async () => {
  await runner.dispose();
  await cluster.close();
  rmSync(folder, { recursive: true, force: true });
});

const steps = 4;
const groups = 4;
const groupSize = 31;
/** With the initial ones. */
const evaluations = groups + steps * groups * groupSize;

function problem(): string {
  const path = join(folder, 'problem');
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
    const spec = runner.specOf(problem(), { concurrency: 16, seed: 5 });
    await runner.start(spec);
    const { sessionId } = spec;
    /** Resolves when so many candidates have an outcome. */
    const evaluated = async (count: number): Promise<void> => {
      let seen = 0;
      await runner.until(sessionId, ({ event }) => {
        if (event.type === 'candidate.evaluated') seen += 1;
        return seen >= count || event.type === 'session.paused' || event.type === 'session.failed';
      });
    };

    await evaluated(100);
    await cluster.killNode('north');
    await evaluated(130);
    const pid = (await runner.pidOf(sessionId)) ?? 0;
    process.kill(pid, 'SIGKILL');
    await untilGone(pid);
    cluster.startNode('north');
    await runner.reply(['resume', sessionId]);
    await runner.until(sessionId, ({ event }) =>
      ['session.finished', 'session.failed', 'session.paused'].includes(event.type),
    );

    const entries = await runner.entries(sessionId);
    expect(entries.at(-1)?.event).toMatchObject({ type: 'session.finished', reason: 'steps' });
    expectSound(entries);
    const ended = entries.flatMap(({ event }) => (event.type === 'candidate.evaluated' ? [event] : []));
    expect(ended).toHaveLength(evaluations);
    // What the cluster did is nobody's failure.
    expect(ended.filter(({ outcome }) => outcome.kind !== 'valid')).toEqual([]);
    expect(ended.every(({ queuedMs }) => queuedMs !== undefined)).toBe(true);

    const { stdout } = await cluster.run('squeue', '--noheader', '--states=all', '--format=%F %k');
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

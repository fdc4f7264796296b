import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { expectSound } from '../../../runner/support/builtRunner';
import { beginAgain } from '../support/beginAgain';
import { realCluster } from '../support/realCluster';

const slurm = realCluster();

function problem(evaluator: string): string {
  const path = join(slurm.folder, 'problem');
  mkdirSync(path);
  const front = [
    'candidate: program.sh',
    'evaluate: sh evaluate.sh',
    'metric: { name: error, goal: minimize }',
    'executor: slurm',
    'session: { policy: tunables, method: puct, steps: 1, groups: 2, groupSize: 3, reuse: false }',
  ];
  writeFileSync(join(path, 'x.discover'), `---\n${front.join('\n')}\n---\n# X\nFind it.\n`);
  writeFileSync(join(path, 'program.sh'), 'x=10  # @tune int [0, 1000]\necho $x\n');
  writeFileSync(join(path, 'evaluate.sh'), evaluator);
  return path;
}

describe('a session that is a job itself', () => {
  it('leaves when its time is up, and goes on as the same job where it was', async () => {
    const path = problem(
      'sleep 3; printf \'{"valid": true, "metrics": {"error": %d}}\' "$(sh "$DISCOVER_CANDIDATE")" > "$DISCOVER_RESULT"\n',
    );
    const { stdout, stderr } = await slurm.runner.command([
      'submit',
      path,
      '--sbatch=--time=10',
      '--sbatch=--partition=main',
    ]);
    const [, sessionId = '', job = ''] = /Session (\w+) is job (\d+)/.exec(stdout) ?? [];
    expect(stderr).toBe('');
    // The initial evaluations run.
    await slurm.runner.until(sessionId, ({ event }) => event.type === 'candidate.proposed');
    await vi.waitFor(
      async () => {
        const { stdout: states } = await slurm.cluster.run(
          'squeue',
          '--noheader',
          '--array',
          '--format=%T %j',
        );
        expect(states.match(/RUNNING ttt-0/g)).toHaveLength(2);
      },
      { timeout: 60_000, interval: 200 },
    );
    // As Slurm does before the end of the time.
    await slurm.cluster.run('scancel', '--signal=TERM', '--batch', job);
    await beginAgain(slurm.cluster, job, () =>
      readFileSync(join(slurm.runner.root, 'sessions', sessionId, 'start.log'), 'utf8'),
    );
    const entries = await slurm.runner.until(sessionId, ({ event }) =>
      ['session.finished', 'session.failed', 'session.paused'].includes(event.type),
    );
    expect(entries.at(-1)?.event).toMatchObject({ type: 'session.finished', reason: 'steps' });
    expectSound(entries);
    expect(entries.filter(({ event }) => event.type === 'runner.started')).toHaveLength(2);
    expect(readdirSync(join(slurm.runner.root, 'sessions', sessionId, 'owners'))).toContain('000001.gone');
    // The jobs of the first runner were taken over: nothing was submitted twice.
    const { stdout: comments } = await slurm.cluster.run(
      'squeue',
      '--noheader',
      '--states=all',
      '--format=%F %k',
    );
    const byJob = new Map(
      comments
        .trim()
        .split('\n')
        .map((line) => [line.split(' ')[0], line.split(' ').slice(2)]),
    );
    const submitted = [...byJob.values()].flat().filter((key) => /^c\d+/.test(key));
    expect(submitted.sort()).toEqual(['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7']);
  });
});

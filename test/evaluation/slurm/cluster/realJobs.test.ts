import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { EvaluationReport, Evaluator } from '../../../../src/evaluation/evaluator';
import { beginAgain } from '../support/beginAgain';
import { SlurmSession } from '../support/slurmSession';
import { clusterPace, realCluster } from '../support/realCluster';

const never = new AbortController().signal;
const slurm = realCluster();
let session: SlurmSession | undefined;
let evaluator: Evaluator | undefined;

afterEach(async () => {
  await evaluator?.dispose();
  session?.remove();
  evaluator = session = undefined;
});

async function prepared(options: ConstructorParameters<typeof SlurmSession>[0] = {}): Promise<Evaluator> {
  session = new SlurmSession(options);
  evaluator = session.evaluator({
    command: [process.execPath, slurm.runner.bundlePath, 'slurm-task'],
    pace: clusterPace,
  });
  await evaluator.prepare(() => undefined, never);
  return evaluator;
}

function evaluate(on: Evaluator, candidateText: string, signal = never): Promise<EvaluationReport> {
  return on.evaluate({ id: 'c1', candidateText, seed: 1 }, signal);
}

describe('an evaluation as a job of a real cluster', () => {
  it('brings back value, construction, artifacts and how long it waited', async () => {
    const report = await evaluate(await prepared(), 'echo 7\n');
    expect(report).toMatchObject({ outcome: { kind: 'valid', value: 7 }, state: '{"x": 7}' });
    expect(report.queuedMs).toBeGreaterThan(0);
    expect(Buffer.from([...(session?.blobs.values() ?? [])][0] ?? []).toString()).toBe('picture of 7\n');
  });

  it('is isolated on its node, and cannot submit jobs itself', async () => {
    const candidate = `munge -n >/dev/null 2>&1 && echo 1 && exit
ls ${slurm.cluster.folder} >/dev/null 2>&1 && echo 2 && exit
squeue >/dev/null 2>&1 && echo 3 && exit
env | grep -c SLURM_ | grep -qv '^0' && echo 4 && exit
echo 0
`;
    expect((await evaluate(await prepared(), candidate)).outcome).toMatchObject({ value: 0 });
  });

  it('gets nothing of the environment that is not needed', async () => {
    vi.stubEnv('MY_SECRET', 'kept by nobody');
    const report = evaluate(await prepared(), 'sleep 1000\n');
    report.catch(() => undefined);
    const job = await slurm.untilJob('%A', /^\d+$/);
    await slurm.untilJob('%T', /^RUNNING$/);
    const { stdout } = await slurm.cluster
      .run('grep', '-rl', 'kept by nobody', join(slurm.cluster.folder, 'state'))
      .catch(() => ({ stdout: '' }));
    expect(stdout).toBe('');
    await slurm.cluster.run('scancel', job);
    await expect(report).rejects.toThrow('was cancelled');
    vi.unstubAllEnvs();
  });

  it('has the same limits as elsewhere, each with its name', async () => {
    const on = await prepared({ keys: 'limits: { time: 1s, memory: 64MiB }' });
    expect((await evaluate(on, 'sleep 60\n')).outcome).toMatchObject({ kind: 'failed', reason: 'timeout' });
  });

  it('is cancelled when the session stops', async () => {
    const stop = new AbortController();
    const report = evaluate(await prepared(), 'sleep 1000\n', stop.signal);
    report.catch(() => undefined);
    await slurm.untilJob('%T', /^RUNNING$/);
    const job = await slurm.untilJob('%A', /^\d+$/);
    stop.abort(new Error('stopped'));
    await expect(report).rejects.toThrow('stopped');
    await slurm.untilJob('%T', /^$/);
    const { stdout } = await slurm.cluster.run('scontrol', '--oneliner', 'show', 'job', job);
    // Its folder is removed as well: a task that notices that first ends by itself.
    expect(stdout).toMatch(/ JobState=(CANCELLED|COMPLETED) /);
  });

  it('that somebody cancels stops the session', async () => {
    const report = evaluate(await prepared(), 'sleep 1000\n');
    report.catch(() => undefined);
    const job = await slurm.untilJob('%A', /^\d+$/);
    await slurm.cluster.run('scancel', job);
    await expect(report).rejects.toThrow('was cancelled, and not by this session');
  });

  it('that can never begin is not waited for', async () => {
    const report = evaluate(await prepared({ keys: 'limits: { time: 24h }' }), 'echo 7\n');
    await expect(report).rejects.toThrow('would wait in the queue for ever: PartitionTimeLimit');
    await slurm.untilJob('%T', /^$/);
  });

  it('makes room for more important jobs, and ends after them', async () => {
    const report = evaluate(
      await prepared({ keys: 'limits: { cpus: 4 }\nslurm: { partition: main }' }),
      'sleep 5; echo 7\n',
    );
    await slurm.untilJob('%T', /^RUNNING$/);
    const wrap = ['--exclusive', '--nodes=2', '--partition=urgent', '--output=/dev/null', '--wrap=true'];
    await slurm.cluster.run('sbatch', '--wait', ...wrap);
    await beginAgain(slurm.cluster, await slurm.untilJob('%A', /^\d+$/));
    expect((await report).outcome).toMatchObject({ kind: 'valid', value: 7 });
    expect(session?.words).toEqual([]);
  });
});

describe('what a cluster does not have', () => {
  it.each([
    ['slurm: { partition: nowhere }', /invalid partition/i, /sinfo/],
    ['limits: { cpus: 4000 }', /node configuration|cpu count/i, /limits/],
    ['limits: { gpus: 1 }', /gres|node configuration/i, /limits/],
  ])('%s is said before the session works', async (keys, message, advice) => {
    const preparing = prepared({ keys });
    await expect(preparing).rejects.toThrow(message);
    await expect(preparing).rejects.toMatchObject({ advice: expect.stringMatching(advice) as string });
  });
});

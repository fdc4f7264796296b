import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { LeavingError } from '../../../src/evaluation/evaluator';
import type { Evaluator } from '../../../src/evaluation/evaluator';
import { FakeCluster } from './support/fakeCluster';
import { evaluate, jobs, never, runner, sessionOf } from './support/slurmTrial';

describe('a session that stops', () => {
  it('cancels its jobs with one call, and no job that comes too late runs', async () => {
    const [session, cluster] = [sessionOf(), new FakeCluster()];
    cluster.isEager = false;
    const evaluator = await runner(session, cluster);
    const stop = new AbortController();
    const reports = [1, 2, 3].map((candidate) => evaluate(evaluator, candidate, stop.signal));
    await jobs(cluster, 3);
    await vi.waitFor(() => expect(readdirSync(join(session.slurmFolder, 'batches'))).toHaveLength(1), {
      timeout: 30_000,
    });
    stop.abort(new Error('stopped'));
    for (const report of reports) await expect(report).rejects.toThrow('stopped');
    await evaluator.dispose();
    expect([...cluster.cancelled].sort()).toEqual(['1_0', '1_1', '1_2']);
    expect(cluster.calls.filter((call) => call === 'scancel')).toHaveLength(1);
  });
});

describe('a runner that comes after one that went away', () => {
  /** Leaves as a runner does that is told to end; its jobs stay. */
  async function leave(
    evaluator: Evaluator,
    waiting: readonly Promise<unknown>[],
    leaving: AbortController,
  ): Promise<void> {
    leaving.abort(new LeavingError());
    await Promise.allSettled(waiting);
    await evaluator.dispose();
  }

  it('takes over jobs that wait, run and have ended, and runs none twice', async () => {
    const [session, cluster, leaving] = [sessionOf(), new FakeCluster(), new AbortController()];
    cluster.isEager = false;
    const first = await runner(session, cluster);
    const before = [1, 2, 3].map((candidate) => evaluate(first, candidate, leaving.signal));
    const keys = await jobs(cluster, 3);
    await vi.waitFor(() => expect(existsSync(join(cluster.batchFolderOf('1_0'), 'job.json'))).toBe(true), {
      timeout: 30_000,
    });
    await leave(first, before, leaving);
    expect(cluster.cancelled).toEqual([]);
    await cluster.start(keys[0] ?? '');
    cluster.forget(keys[0] ?? '');
    const runs = cluster.start(keys[1] ?? '');

    const second = await runner(session, cluster);
    const after = [1, 2, 3, 4].map((candidate) => evaluate(second, candidate, never, 2));
    await runs;
    await cluster.start(keys[2] ?? '');
    await cluster.start((await jobs(cluster, 3)).at(-1) ?? '');
    const values = (await Promise.all(after)).map(({ outcome }) => outcome.kind === 'valid' && outcome.value);
    expect(values).toEqual([1, 2, 3, 4]);
    expect([...cluster.jobsByKey.values()].map(({ comment }) => comment).at(-1)).toBe('ttt-discover c4');
  });

  it('finds a job by its name where the number could not be written down', async () => {
    const [session, cluster] = [sessionOf(), new FakeCluster()];
    cluster.isEager = false;
    // The first runner is killed while sbatch works.
    vi.spyOn(cluster, 'submit').mockImplementationOnce((args, script) => {
      void FakeCluster.prototype.submit.call(cluster, args, script);
      return new Promise(() => undefined);
    });
    const killed = session.evaluator({ programs: cluster });
    await killed.prepare(() => undefined, never);
    void evaluate(killed, 7);
    const [key = ''] = await jobs(cluster, 1);
    const report = evaluate(await runner(session, cluster), 7, never, 2);
    await cluster.start(key);
    expect((await report).outcome).toMatchObject({ kind: 'valid', value: 7 });
    expect(cluster.jobsByKey.size).toBe(1);
  });

  it('lets no job run that reaches the cluster after it looked', async () => {
    const [session, cluster] = [sessionOf(), new FakeCluster()];
    cluster.isEager = false;
    let arrive = (): void => undefined;
    const submit = vi.spyOn(cluster, 'submit').mockImplementationOnce((args, script) => {
      arrive = () => void FakeCluster.prototype.submit.call(cluster, args, script);
      return new Promise(() => undefined);
    });
    const killed = session.evaluator({ programs: cluster });
    await killed.prepare(() => undefined, never);
    void evaluate(killed, 7);
    await vi.waitFor(() => expect(submit).toHaveBeenCalled(), { timeout: 30_000 });
    const report = evaluate(await runner(session, cluster), 7, never, 2);
    const [ours = ''] = await jobs(cluster, 1);
    arrive();
    const [, late = ''] = await jobs(cluster, 2);
    await cluster.start(late);
    expect(readdirSync(join(session.slurmFolder, 'results'))).toEqual([]);
    await cluster.start(ours);
    expect((await report).outcome.kind).toBe('valid');
  });

  it('cancels jobs that nobody needs any more: of other programs, and of no batch at all', async () => {
    const [session, cluster, leaving] = [sessionOf(), new FakeCluster(), new AbortController()];
    cluster.isEager = false;
    const first = await runner(session, cluster);
    const before = [evaluate(first, 1, leaving.signal)];
    await jobs(cluster, 1);
    await vi.waitFor(() => expect(existsSync(join(cluster.batchFolderOf('1'), 'job.json'))).toBe(true), {
      timeout: 30_000,
    });
    await leave(first, before, leaving);
    await cluster.submit(['--job-name=ttt-test-stray'], `'/nowhere'\n`);
    await cluster.submit(['--job-name=of-somebody-else'], `'/nowhere'\n`);
    const second = await runner(session, cluster);
    expect(cluster.cancelled).toEqual(['2']);
    const other = second.evaluate(
      { id: 'r2-c1', lastingId: 'c1', candidateText: 'echo 5\n', seed: 1 },
      never,
    );
    const key = (await jobs(cluster, 4)).at(-1) ?? '';
    await cluster.start(key);
    expect((await other).outcome).toMatchObject({ value: 5 });
    await vi.waitFor(() => expect(cluster.cancelled).toEqual(['2', '1']), { timeout: 30_000 });
  });
});

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { LeavingError } from '../../../src/evaluation/evaluator';
import type { EvaluationReport, Evaluator } from '../../../src/evaluation/evaluator';
import { SlurmError } from '../../../src/evaluation/slurm/slurmError';
import { FakeCluster } from './support/fakeCluster';
import { quickPace, SlurmSession } from './support/slurmSession';

const sessions: SlurmSession[] = [];
const evaluators: Evaluator[] = [];
afterEach(async () => {
  for (const evaluator of evaluators.splice(0)) await evaluator.dispose();
  for (const session of sessions.splice(0)) session.remove();
});

const never = new AbortController().signal;

function sessionOf(options?: ConstructorParameters<typeof SlurmSession>[0]): SlurmSession {
  const session = new SlurmSession(options);
  sessions.push(session);
  return session;
}

async function runner(session: SlurmSession, programs: FakeCluster, pace = quickPace): Promise<Evaluator> {
  const evaluator = session.evaluator({ programs, pace });
  evaluators.push(evaluator);
  await evaluator.prepare(() => undefined, never);
  return evaluator;
}

function evaluate(
  evaluator: Evaluator,
  candidate: number,
  signal = never,
  run = 1,
): Promise<EvaluationReport> {
  const id = `c${candidate}`;
  return evaluator.evaluate(
    { id: `r${run}-${id}`, lastingId: id, candidateText: `echo ${candidate}\n`, seed: 1 },
    signal,
  );
}

/** The keys of the cluster's jobs, when there are so many. */
async function jobs(cluster: FakeCluster, count: number): Promise<readonly string[]> {
  return vi.waitFor(() => {
    expect(cluster.jobsByKey.size).toBe(count);
    return [...cluster.jobsByKey.keys()];
  });
}

describe('evaluations as jobs', () => {
  it('give what the same evaluation gives here, with artifacts and construction, and what it waited', async () => {
    const [session, cluster] = [sessionOf(), new FakeCluster()];
    const report = await evaluate(await runner(session, cluster), 7);
    expect(report).toMatchObject({ outcome: { kind: 'valid', value: 7 }, state: '{"x": 7}' });
    expect(report.durationMs).toBeGreaterThan(0);
    expect(report.queuedMs).toBeGreaterThanOrEqual(0);
    const [picture] = session.blobs.values();
    expect(Buffer.from(picture ?? []).toString()).toBe('picture of 7\n');
  });

  it('that come together are one call of sbatch, and named by what they are for', async () => {
    const [session, cluster] = [sessionOf(), new FakeCluster()];
    const evaluator = await runner(session, cluster);
    const reports = await Promise.all([3, 4, 5, 6].map((candidate) => evaluate(evaluator, candidate)));
    expect(reports.map(({ outcome }) => outcome.kind === 'valid' && outcome.value)).toEqual([3, 4, 5, 6]);
    expect(cluster.calls.filter((call) => call === 'sbatch')).toHaveLength(1);
    expect([...cluster.jobsByKey.values()][0]?.comment).toBe('ttt-discover c3 c4 c5 c6');
  });

  it("that fail are the candidate's failure, and not tried again", async () => {
    const cluster = new FakeCluster();
    const evaluator = await runner(sessionOf({ evaluator: 'exit 3\n' }), cluster);
    expect((await evaluate(evaluator, 1)).outcome).toMatchObject({ kind: 'failed', reason: 'crashed' });
    expect(cluster.jobsByKey.size).toBe(1);
  });

  it('leave no file when what they found is written down', async () => {
    const [session, cluster] = [sessionOf(), new FakeCluster()];
    const evaluator = await runner(session, cluster);
    const reports = await Promise.all([1, 2].map((candidate) => evaluate(evaluator, candidate)));
    expect(readdirSync(join(session.slurmFolder, 'results'))).toHaveLength(2);
    for (const { forget } of reports) await forget?.();
    for (const name of ['results', 'batches'])
      expect(readdirSync(join(session.slurmFolder, name))).toEqual([]);
    await evaluator.dispose();
    expect(existsSync(session.slurmFolder)).toBe(false);
  });
});

describe('a job that the cluster takes away', () => {
  it('and puts back runs again as the same one', async () => {
    const [session, cluster] = [sessionOf(), new FakeCluster()];
    cluster.isEager = false;
    const report = evaluate(await runner(session, cluster), 7);
    const [key = ''] = await jobs(cluster, 1);
    const lost = cluster.start(key);
    cluster.requeue(key);
    await lost;
    await cluster.start(key, 'south');
    expect((await report).outcome).toMatchObject({ kind: 'valid', value: 7 });
    expect(cluster.jobsByKey.size).toBe(1);
  });

  it.each(['NODE_FAIL', 'PREEMPTED'])(
    'with %s is submitted again, and is no failure of the candidate',
    async (state) => {
      const [session, cluster] = [sessionOf(), new FakeCluster()];
      cluster.isEager = false;
      const report = evaluate(await runner(session, cluster), 7);
      const [first = ''] = await jobs(cluster, 1);
      cluster.end(first, state);
      const [, second = ''] = await jobs(cluster, 2);
      expect(cluster.jobsByKey.get(second)?.comment).toBe('ttt-discover c7/try2');
      await cluster.start(second);
      expect((await report).outcome).toMatchObject({ kind: 'valid', value: 7 });
      expect(session.words.join()).toContain(`was lost: ${state}`);
    },
  );

  it('again and again stops the session with words about the cluster', async () => {
    const cluster = new FakeCluster();
    cluster.isEager = false;
    const evaluator = await runner(sessionOf({ keys: 'slurm: { tries: 2 }' }), cluster);
    const report = evaluate(evaluator, 7);
    report.catch(() => undefined);
    for (const count of [1, 2]) cluster.end((await jobs(cluster, count)).at(-1) ?? '', 'NODE_FAIL');
    await expect(report).rejects.toThrow(/Job 2_0 \(c7, try 2\) was lost: NODE_FAIL/);
    await expect(report).rejects.toBeInstanceOf(SlurmError);
    expect(cluster.jobsByKey.size).toBe(2);
  });

  it('because Slurm could not launch it is cancelled and submitted again', async () => {
    const cluster = new FakeCluster();
    cluster.isEager = false;
    const report = evaluate(await runner(sessionOf(), cluster), 7);
    const [first = ''] = await jobs(cluster, 1);
    cluster.set(first, { reason: 'launch failed requeued held' });
    const [, second = ''] = await jobs(cluster, 2);
    expect(cluster.cancelled).toEqual([first]);
    await cluster.start(second);
    expect((await report).outcome.kind).toBe('valid');
  });

  it('and that Slurm then forgets is submitted again', async () => {
    const cluster = new FakeCluster();
    cluster.isEager = false;
    const report = evaluate(await runner(sessionOf(), cluster), 7);
    const [first = ''] = await jobs(cluster, 1);
    cluster.forget(first);
    await vi.waitFor(() => expect([...cluster.jobsByKey.keys()]).toEqual(['2_0']));
    await cluster.start('2_0');
    expect((await report).outcome.kind).toBe('valid');
  });
});

describe('a job that ends otherwise', () => {
  it.each([
    ['TIMEOUT', 'timeout', 'Slurm ended its job, whose time limit is 360 s.'],
    ['OUT_OF_MEMORY', 'memory-limit', 'Slurm ended its job, which used more memory than 2 GiB.'],
  ])('with %s is a named failure', async (state, reason, message) => {
    const cluster = new FakeCluster();
    cluster.isEager = false;
    const report = evaluate(await runner(sessionOf(), cluster), 7);
    cluster.end((await jobs(cluster, 1))[0] ?? '', state);
    expect(await report).toMatchObject({ outcome: { kind: 'failed', reason, message }, durationMs: 90_000 });
  });

  it('because somebody cancelled it stops the session, which is not to be outdone', async () => {
    const cluster = new FakeCluster();
    cluster.isEager = false;
    const report = evaluate(await runner(sessionOf(), cluster), 7);
    report.catch(() => undefined);
    cluster.end((await jobs(cluster, 1))[0] ?? '', 'CANCELLED');
    await expect(report).rejects.toThrow('was cancelled, and not by this session');
  });

  it('without ever having begun points to the shared folder', async () => {
    const cluster = new FakeCluster();
    cluster.isEager = false;
    const evaluator = await runner(sessionOf({ keys: 'slurm: { tries: 1 }' }), cluster);
    const report = evaluate(evaluator, 7);
    report.catch(() => undefined);
    cluster.end((await jobs(cluster, 1))[0] ?? '', 'FAILED');
    cluster.set('1_0', { state: 'FAILED' });
    await expect(report).rejects.toMatchObject({
      advice: expect.stringContaining('all nodes share') as string,
    });
  });

  it('that can never begin is cancelled, and says why', async () => {
    const cluster = new FakeCluster();
    cluster.isEager = false;
    const report = evaluate(await runner(sessionOf(), cluster), 7);
    report.catch(() => undefined);
    await jobs(cluster, 1);
    cluster.set('1_0', { reason: 'PartitionTimeLimit' });
    await expect(report).rejects.toThrow('PartitionTimeLimit');
    expect(cluster.cancelled).toEqual(['1_0']);
  });
});

describe('sbatch', () => {
  it('that answers too late has taken the job, which is not submitted twice', async () => {
    const [session, cluster] = [sessionOf(), new FakeCluster()];
    cluster.submitErrors.push({ words: 'Socket timed out on send/recv operation', isTaken: true });
    expect((await evaluate(await runner(session, cluster), 7)).outcome.kind).toBe('valid');
    expect(cluster.jobsByKey.size).toBe(1);
  });

  it('that takes so many jobs not gets fewer', async () => {
    const [session, cluster] = [sessionOf(), new FakeCluster()];
    const limit = 'Job violates accounting/QOS policy (job submit limit)';
    cluster.submitErrors.push({ words: limit, isTaken: false });
    const evaluator = await runner(session, cluster);
    const reports = await Promise.all([1, 2, 3, 4].map((candidate) => evaluate(evaluator, candidate)));
    expect(reports.every(({ outcome }) => outcome.kind === 'valid')).toBe(true);
    expect([...cluster.jobsByKey.keys()]).toEqual(['1_0', '1_1', '2_0', '2_1']);
  });

  it('that refuses stops the session with its own words and an advice', async () => {
    const cluster = new FakeCluster();
    cluster.submitErrors.push({ words: 'Invalid qos specification', isTaken: false });
    const report = evaluate(await runner(sessionOf(), cluster), 7);
    await expect(report).rejects.toMatchObject({
      message: 'sbatch takes no job: Invalid qos specification',
      advice: expect.stringContaining('qos') as string,
    });
  });
});

describe('a session that stops', () => {
  it('cancels its jobs with one call, and no job that comes too late runs', async () => {
    const [session, cluster] = [sessionOf(), new FakeCluster()];
    cluster.isEager = false;
    const evaluator = await runner(session, cluster);
    const stop = new AbortController();
    const reports = [1, 2, 3].map((candidate) => evaluate(evaluator, candidate, stop.signal));
    await jobs(cluster, 3);
    await vi.waitFor(() => expect(readdirSync(join(session.slurmFolder, 'batches'))).toHaveLength(1));
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
    await vi.waitFor(() => expect(existsSync(join(cluster.batchFolderOf('1_0'), 'job.json'))).toBe(true));
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
    await vi.waitFor(() => expect(submit).toHaveBeenCalled());
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
    await vi.waitFor(() => expect(existsSync(join(cluster.batchFolderOf('1_0'), 'job.json'))).toBe(true));
    await leave(first, before, leaving);
    await cluster.submit(['--job-name=ttt-test-stray'], `'/nowhere'\n`);
    await cluster.submit(['--job-name=of-somebody-else'], `'/nowhere'\n`);
    const second = await runner(session, cluster);
    expect(cluster.cancelled).toEqual(['2_0']);
    const other = second.evaluate(
      { id: 'r2-c1', lastingId: 'c1', candidateText: 'echo 5\n', seed: 1 },
      never,
    );
    const key = (await jobs(cluster, 4)).at(-1) ?? '';
    await cluster.start(key);
    expect((await other).outcome).toMatchObject({ value: 5 });
    await vi.waitFor(() => expect(cluster.cancelled).toEqual(['2_0', '1_0']));
  });
});

describe('looks at the cluster', () => {
  it('are one for all jobs, and fewer and fewer while nothing changes', async () => {
    const [session, cluster] = [sessionOf(), new FakeCluster()];
    cluster.isEager = false;
    const pace = { ...quickPace, pollMs: 10, longestPollMs: 1_000_000 };
    const evaluator = await runner(session, cluster, pace);
    const before = cluster.calls.length;
    const reports = [1, 2, 3, 4, 5].map((candidate) => evaluate(evaluator, candidate));
    for (const key of await jobs(cluster, 5)) await cluster.start(key);
    await Promise.all(reports);
    // 10, 15, 22, … ms: however long this took, far fewer than one a look and a job.
    expect(cluster.calls.slice(before).filter((call) => call === 'squeue').length).toBeLessThan(40);
  });
});

describe('a host without Slurm', () => {
  it('is told of at the start', async () => {
    const session = sessionOf();
    const evaluator = session.evaluator({ hostEnv: { PATH: session.folder } });
    evaluators.push(evaluator);
    await expect(evaluator.prepare(() => undefined, never)).rejects.toMatchObject({
      message: "Slurm's programs are not installed on this host.",
      advice: expect.stringContaining('remove `executor: slurm`') as string,
    });
  });
});

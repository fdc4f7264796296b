import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { createLocalExecutor } from '../../../src/evaluation/localExecutor';
import { SlurmError } from '../../../src/evaluation/slurm/slurmError';
import { FakeCluster } from './support/fakeCluster';
import { quickPace } from './support/slurmSession';
import { evaluate, evaluators, jobs, never, runner, sessionOf } from './support/slurmTrial';

describe('evaluations as jobs', () => {
  it('give what the same evaluation gives here, with artifacts and construction, and what it waited', async () => {
    const [session, cluster] = [sessionOf(), new FakeCluster()];
    const report = await evaluate(await runner(session, cluster), 7);
    expect(report).toMatchObject({ outcome: { kind: 'valid', value: 7 }, state: '{"x": 7}' });
    expect(report.durationMs).toBeGreaterThan(0);
    expect(report.queuedMs).toBeGreaterThanOrEqual(0);
    expect(report.node).toEqual({ name: 'north', isolation: await createLocalExecutor().isolation() });
    const [picture] = session.blobs.values();
    expect(Buffer.from(picture ?? []).toString()).toBe('picture of 7\n');
  });

  it('are isolated by nodes, of which this host knows nothing before they ran there', async () => {
    const evaluator = sessionOf().evaluator({ programs: new FakeCluster(), pace: quickPace });
    evaluators.push(evaluator);
    expect((await evaluator.prepare(() => undefined, never)).isolation).toBe('on-nodes');
  });

  it('wait on their nodes, too, where others have what they need there', async () => {
    const script = `printf '{"valid": true, "metrics": {"x": 1}, "waited_s": 3600}' > "$DISCOVER_RESULT"\n`;
    const report = await evaluate(await runner(sessionOf({ evaluator: script }), new FakeCluster()), 7);
    expect(report.durationMs).toBe(0);
    expect(report.queuedMs).toBeGreaterThanOrEqual(3_600_000);
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
    // A job may still be about to remove the draft that it linked.
    const results = readdirSync(join(session.slurmFolder, 'results')).filter((name) => !name.startsWith('.'));
    expect(results).toHaveLength(2);
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
    await expect(report).rejects.toThrow(/Job 2 \(c7, try 2\) was lost: NODE_FAIL/);
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
    await vi.waitFor(() => expect([...cluster.jobsByKey.keys()]).toEqual(['2']), { timeout: 30_000 });
    await cluster.start('2');
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

  it('as failed, after Slurm said that its memory was not enough, is a named failure too', async () => {
    const cluster = new FakeCluster();
    cluster.isEager = false;
    const session = sessionOf();
    const report = evaluate(await runner(session, cluster), 7);
    const [job = ''] = await jobs(cluster, 1);
    const log = join(session.slurmFolder, 'logs', `${basename(cluster.batchFolderOf(job))}.0.log`);
    writeFileSync(log, 'slurmstepd-north: error: Exceeded job memory limit\n');
    cluster.set(job, { state: 'FAILED', reason: 'JobLaunchFailure' });
    expect((await report).outcome).toMatchObject({ kind: 'failed', reason: 'memory-limit' });
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
    cluster.set('1', { state: 'FAILED' });
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
    cluster.set('1', { reason: 'PartitionTimeLimit' });
    await expect(report).rejects.toThrow('PartitionTimeLimit');
    expect(cluster.cancelled).toEqual(['1']);
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

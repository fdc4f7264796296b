import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { EvaluationReport, Evaluator } from '../../../../src/evaluation/evaluator';
import { beginAgain } from '../support/beginAgain';
import { SlurmSession } from '../support/slurmSession';
import { clusterPace, realCluster } from '../support/realCluster';

const never = new AbortController().signal;
const limitsMemory = canLimitMemory();
const slurm = realCluster({ hasGpus: true, limitsMemory });
let session: SlurmSession | undefined;
let evaluator: Evaluator | undefined;

afterEach(async () => {
  await evaluator?.dispose();
  session?.remove();
  evaluator = session = undefined;
});

/** Slurm's own limit of memory needs cgroups; version 1 is what these tests set up. */
function canLimitMemory(): boolean {
  try {
    accessSync('/sys/fs/cgroup/memory/tasks', constants.W_OK);
    return true;
  } catch (error) {
    process.stderr.write(`Not tested here: the memory of jobs cannot be limited (${String(error)})\n`);
    return false;
  }
}

async function prepared(keys: string, command?: readonly string[]): Promise<Evaluator> {
  session = new SlurmSession({ keys });
  const usual = [process.execPath, slurm.runner.bundlePath, 'slurm-task'];
  evaluator = session.evaluator({ command: command ?? usual, pace: clusterPace });
  await evaluator.prepare(() => undefined, never);
  return evaluator;
}

function evaluate(on: Evaluator, candidateText: string): Promise<EvaluationReport> {
  return on.evaluate({ id: 'c1', candidateText, seed: 1 }, never);
}

describe('a job that Slurm itself ends', () => {
  it('for its time is a timeout of the candidate', async () => {
    // It never gets so far that the evaluation's own limit counts.
    const keys = 'limits: { time: 1s }\nslurm: { extraTime: 1min }';
    const report = evaluate(await prepared(keys, ['sh', '-c', 'sleep 1000']), 'echo 1\n');
    await slurm.untilJob('%T', /^RUNNING$/);
    // Slurm counts in minutes, and 61 s would be two of them.
    await slurm.cluster.run(
      'scontrol',
      'update',
      `JobId=${await slurm.untilJob('%A', /^\d+$/)}`,
      'TimeLimit=1',
    );
    const { outcome, durationMs } = await report;
    expect(outcome).toMatchObject({
      kind: 'failed',
      reason: 'timeout',
      message: expect.stringContaining('Slurm ended its job, whose time limit is') as string,
    });
    expect(durationMs).toBeGreaterThanOrEqual(60_000);
  });

  it.runIf(limitsMemory)('for its memory is over the memory limit', async () => {
    const hungry = 'import time; x = bytearray(1500 * 1024 * 1024); time.sleep(1000)';
    const on = await prepared('limits: { memory: 64MiB }', ['python3', '-c', hungry]);
    expect((await evaluate(on, 'echo 1\n')).outcome).toMatchObject({
      kind: 'failed',
      reason: 'memory-limit',
      message: expect.stringContaining('Slurm ended its job, which used more memory than 64 MiB') as string,
    });
  });

  it.runIf(limitsMemory)(
    'has the candidate fail by name where the kernel is faster than we are',
    async () => {
      const on = await prepared('limits: { memory: 64MiB }');
      const { outcome } = await evaluate(on, `python3 -c 'x = bytearray(3 * 1024 ** 3); print(1)'\n`);
      expect(outcome).toMatchObject({
        kind: 'failed',
        reason: expect.stringMatching(/^(memory-limit|killed|crashed)$/) as string,
      });
    },
  );

  it('by putting it back into the queue runs again and has its value', async () => {
    const report = evaluate(await prepared('limits: { time: 60s }'), 'sleep 4; echo 7\n');
    await slurm.untilJob('%T', /^RUNNING$/);
    const job = await slurm.untilJob('%A', /^\d+$/);
    await slurm.cluster.run('scontrol', 'requeue', job);
    await beginAgain(slurm.cluster, job);
    const { outcome, queuedMs } = await report;
    expect(outcome).toMatchObject({ kind: 'valid', value: 7 });
    // What the first run did counts as waiting.
    expect(queuedMs).toBeGreaterThan(3_000);
    expect(session?.words).toEqual([]);
  });
});

describe('GPUs of a cluster', () => {
  it('are asked for by the job, which runs where they are and says which it has', async () => {
    const on = await prepared('limits: { gpus: 1, time: 60s }');
    const text =
      'case "$CUDA_VISIBLE_DEVICES" in [01]) sleep 3; echo 7;; *) echo "got <$CUDA_VISIBLE_DEVICES>" >&2; exit 1;; esac\n';
    const report = evaluate(on, text);
    report.catch(() => undefined);
    const job = await slurm.untilJob('%A %T %N', /^\d+ RUNNING north$/);
    const { stdout } = await slurm.cluster.run(
      'scontrol',
      '--oneliner',
      'show',
      'job',
      job.split(' ')[0] ?? '',
    );
    expect(stdout).toMatch(/TresPerNode=\S*gpu:1\b/);
    expect((await report).outcome).toMatchObject({ kind: 'valid', value: 7 });
  });

  it.each([
    ['more of them than a node has', 'limits: { gpus: 3 }'],
    ['a kind that no node has', 'limits: { gpus: 1 }\nslurm: { gpuType: h100 }'],
  ])('%s are refused before the session works, with what to look at', async (_, keys) => {
    const preparing = prepared(keys);
    await expect(preparing).rejects.toThrow(
      /Slurm would take no job: .*(node configuration|gres|generic resource)/i,
    );
    await expect(preparing).rejects.toMatchObject({
      advice: expect.stringMatching(/sinfo -o .*%G.*GPUs|sinfo -o .*%G.*gpuType/) as string,
    });
  });
});

describe('removing everything from the host of a session whose runner was killed', () => {
  it('cancels its jobs first, and says how many', async () => {
    const problem = slurm.runner.makeProblem('held', { hold: true });
    const file = join(problem, 'parabola.discover');
    writeFileSync(file, readFileSync(file, 'utf8').replace('limits:', 'executor: slurm\nlimits:'));
    const spec = slurm.runner.specOf(problem);
    await slurm.runner.start(spec);
    await slurm.untilJob('%T', /RUNNING/);
    process.kill((await slurm.runner.pidOf(spec.sessionId)) ?? Number.NaN, 'SIGKILL');
    const waiting = (await slurm.untilJob('%T', /RUNNING/)).split('\n').length;
    const { stdout } = await slurm.runner.command(['remove-everything', '--yes', '--json']);
    expect(JSON.parse(stdout.trim())).toMatchObject({ kind: 'removed', left: [], cancelledJobs: waiting });
    await slurm.untilJob('%T', /^$/);
  });
});

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultLimits, defaultSession, type Problem } from '../../../src/domain/problem/problem';
import { draftOptions } from '../../../src/domain/session/resolveOptions';
import { createEvaluator } from '../../../src/evaluation/createEvaluator';
import type { EvaluationReport, Evaluator } from '../../../src/evaluation/evaluator';
import { turnFilesOf } from '../../../src/evaluation/leases/gpuIdentity';
import { gpusInList, selectGpus } from '../../../src/evaluation/leases/visibleGpus';
import { createLocalExecutor } from '../../../src/evaluation/localExecutor';

const never = new AbortController().signal;

describe('the GPUs that evaluations may use', () => {
  const list = [
    'GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-aaaaaaaa-0000-0000-0000-000000000000)',
    '  MIG 3g.40gb     Device  0: (UUID: MIG-bbbbbbbb-0000-0000-0000-000000000000)',
    '  MIG 3g.40gb     Device  1: (UUID: MIG-cccccccc-0000-0000-0000-000000000000)',
    'GPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-dddddddd-0000-0000-0000-000000000000)',
    '',
  ].join('\n');
  const short = (names: readonly string[]): string[] => names.map((name) => name.slice(0, 5));
  const select = (visible?: string): string[] => short(selectGpus(gpusInList(list), visible));

  it('are those that the driver lists, and the parts of one that is split', () => {
    expect(select()).toEqual(['MIG-b', 'MIG-c', 'GPU-d']);
    expect(gpusInList('No devices found.\n')).toEqual([]);
  });

  it('are of these what CUDA_VISIBLE_DEVICES leaves, by number or by name, up to the first that is none', () => {
    expect(select('1')).toEqual(['GPU-d']);
    expect(select('1, 0')).toEqual(['GPU-d', 'MIG-b', 'MIG-c']);
    expect(select('MIG-c,GPU-d')).toEqual(['MIG-c', 'GPU-d']);
    expect(select('1,-1,0')).toEqual(['GPU-d']);
    expect(select('1,7,0')).toEqual(['GPU-d']);
    expect(select('MIG-')).toEqual([]);
    expect(select('')).toEqual([]);
  });

  it('have locks named after the digits of their UUID, as evaluators ask CUDA for it', () => {
    const lock = '/tmp/ttt-discover-00112233445566778899aabbccddeeff-gpu.lock';
    expect(turnFilesOf('GPU-00112233-4455-6677-8899-AABBCCDDEEFF')?.lock).toBe(lock);
    expect(turnFilesOf('MIG-00112233-4455-6677-8899-aabbccddeeff')?.lock).toBe(lock);
    expect(turnFilesOf('0')).toBeUndefined();
    expect(turnFilesOf('GPU-../../etc/passwd')).toBeUndefined();
  });
});

describe('an evaluation that asks for GPUs', () => {
  const root = mkdtempSync(join(tmpdir(), 'evaluation-gpus-'));
  const gpus = [`GPU-${randomUUID()}`, `GPU-${randomUUID()}`];
  const evaluators: Evaluator[] = [];
  beforeAll(() => {
    mkdirSync(join(root, 'bin'));
    const tool = join(root, 'bin/nvidia-smi');
    const lines = gpus.map((gpu, index) => `GPU ${index}: A GPU (UUID: ${gpu})`);
    writeFileSync(tool, `#!/bin/sh\ncat <<END\n${lines.join('\n')}\nEND\n`);
    chmodSync(tool, 0o755);
  });
  afterAll(async () => {
    for (const evaluator of evaluators) await evaluator.dispose();
    rmSync(root, { recursive: true, force: true });
    for (const files of gpus.map(turnFilesOf)) {
      for (const path of [files?.gate, files?.lock]) if (path !== undefined) rmSync(path, { force: true });
    }
  });

  const problem: Problem = {
    title: 'Test',
    candidate: 'candidate.sh',
    evaluator: { kind: 'command', command: '. "$DISCOVER_CANDIDATE"' },
    metric: { name: 'score', goal: 'minimize' },
    reward: '1 / score',
    environment: { packages: [] },
    limits: { ...defaultLimits, timeMs: 20_000, gpus: 1 },
    references: [],
    session: defaultSession,
    statement: '',
  };

  function evaluatorFor(gpuCount: number, visible?: string): Evaluator {
    const name = `${evaluators.length}`;
    mkdirSync(join(root, name, 'problem'), { recursive: true });
    const evaluator = createEvaluator({
      problem: {
        ...problem,
        limits: { ...problem.limits, gpus: gpuCount },
      },
      problemFolder: join(root, name, 'problem'),
      workRoot: join(root, name, 'work'),
      root: join(root, name),
      executor: createLocalExecutor({ isolation: 'none' }),
      storeBlob: () => Promise.reject(new Error('no artifacts here')),
      concurrency: 4,
      hostEnv: {
        PATH: [join(root, 'bin'), process.env['PATH']].join(delimiter),
        ...(visible !== undefined && { CUDA_VISIBLE_DEVICES: visible }),
      },
    });
    evaluators.push(evaluator);
    return evaluator;
  }

  /** A shell script that says which GPUs it sees; `more` is added to its verdict. */
  const telling = (more = ''): string =>
    `echo '{"valid": true, "metrics": {"score": 4}, "feedback": "'"$CUDA_VISIBLE_DEVICES"'"${more}}' >"$DISCOVER_RESULT"`;

  async function evaluate(evaluator: Evaluator, id: string, text: string): Promise<EvaluationReport> {
    return evaluator.evaluate({ id, candidateText: text, seed: 7 }, never);
  }
  const feedbackOf = ({ outcome }: EvaluationReport): string =>
    outcome.kind === 'valid' ? (outcome.feedback ?? '') : outcome.message;

  it('has as many as it asks for, by their UUIDs', async () => {
    const evaluator = evaluatorFor(2);
    await evaluator.prepare(() => undefined, never);
    const seen = feedbackOf(await evaluate(evaluator, 'both', telling())).split(',');
    expect(seen.toSorted()).toEqual(gpus.toSorted());
  });

  it('has another one than the evaluation beside it', async () => {
    const evaluator = evaluatorFor(1);
    await evaluator.prepare(() => undefined, never);
    const meeting = join(root, 'meeting');
    mkdirSync(meeting);
    // Each waits until both are there.
    const together = (id: string): string =>
      `: >${meeting}/${id}; until [ "$(ls ${meeting} | wc -l)" -ge 2 ]; do :; done\n${telling()}`;
    const reports = await Promise.all(['one', 'two'].map((id) => evaluate(evaluator, id, together(id))));
    expect(reports.map(feedbackOf).toSorted()).toEqual(gpus.toSorted());
  });

  it('has only those that the session may use', async () => {
    const evaluator = evaluatorFor(1, '1');
    await evaluator.prepare(() => undefined, never);
    expect(feedbackOf(await evaluate(evaluator, 'second', telling()))).toBe(gpus[1]);
  });

  it('is told before anything runs that there are not so many', async () => {
    await expect(evaluatorFor(3).prepare(() => undefined, never)).rejects.toMatchObject({
      name: 'EnvironmentError',
      message: 'One evaluation asks for 3 GPUs (limits.gpus), and sessions here can use 2 GPUs.',
      advice: expect.stringContaining('lower limits.gpus') as unknown,
    });
    await expect(evaluatorFor(2, '0').prepare(() => undefined, never)).rejects.toThrow(
      'sessions here can use 1 GPU.',
    );
  });

  it('does not count its waiting for a turn as evaluating', async () => {
    const evaluator = evaluatorFor(1);
    await evaluator.prepare(() => undefined, never);
    const report = await evaluate(evaluator, 'waits', telling(', "waited_s": 3600'));
    expect(report.durationMs).toBe(0);
    expect(report.queuedMs).toBeGreaterThanOrEqual(3_600_000);
    const free = await evaluate(evaluator, 'free', telling());
    expect(free.durationMs).toBeGreaterThan(0);
  });

  it('is no fault of the candidate where the host could not time it', async () => {
    const evaluator = evaluatorFor(1);
    await evaluator.prepare(() => undefined, never);
    const verdict = '{"valid": false, "feedback": "could not be timed", "blame": "host", "waited_s": 2}';
    const report = await evaluate(evaluator, 'throttled', `echo '${verdict}' >"$DISCOVER_RESULT"`);
    expect(report.outcome).toMatchObject({ reason: 'could-not-start', message: 'could not be timed' });
    expect(report.queuedMs).toBeGreaterThanOrEqual(2000);
  });

  it('is one of as many at once as there are GPUs for, and processors', () => {
    const atOnce = (limits: Partial<Problem['limits']>, gpuCount?: number): number =>
      draftOptions(
        { ...problem, limits: { ...problem.limits, ...limits } },
        {},
        { randomSeed: 1, processors: 16, ...(gpuCount !== undefined && { gpus: gpuCount }) },
      ).concurrency;
    expect(atOnce({ gpus: 1, cpus: 1 })).toBe(1);
    expect(atOnce({ gpus: 1, cpus: 1 }, 1)).toBe(1);
    expect(atOnce({ gpus: 1, cpus: 1 }, 8)).toBe(8);
    expect(atOnce({ gpus: 3, cpus: 1 }, 8)).toBe(2);
    expect(atOnce({ gpus: 1, cpus: 4 }, 8)).toBe(4);
    expect(atOnce({ gpus: 0, cpus: 4 }, 8)).toBe(4);
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { defaultLimits, defaultSession, type Problem } from '../../src/domain/problem/problem';
import type { CaseResult } from '../../src/domain/session/outcome';
import { createEvaluator } from '../../src/evaluation/createEvaluator';
import type { EvaluationReport, EvaluationRequest, Evaluator } from '../../src/evaluation/evaluator';
import { createLocalExecutor } from '../../src/evaluation/localExecutor';
import { livingProcesses } from './livingProcesses';

const base = mkdtempSync(join(tmpdir(), 'command-race-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/**
 * The candidate is a number that each case loses; a case has 100 and a little more. It waits for ever where the candidate says
 * so, so that an evaluation that is not stopped there does not end.
 */
const evaluateScript = `
import json, os, sys, time
off, wait, fails, short = (int(word) for word in open(os.environ["DISCOVER_CANDIDATE"]).read().split())
total, results = 0, open(int(os.environ["DISCOVER_CASES"]), "w", buffering=1)
for case in range(20):
    if case == wait: time.sleep(600)
    value = 100 + case % 7 - off - case % 2 * (off > 0)
    total += value
    verdict = "failed" if case == fails else "passed"
    if case < 20 - short:
        print(json.dumps({"name": f"case {case}", "verdict": verdict, "value": value}), file=results)
    if verdict == "failed":
        json.dump({"valid": False, "feedback": "A case failed."}, open(os.environ["DISCOVER_RESULT"], "w"))
        sys.exit()
verdict = {"valid": True, "metrics": {"mean": total / 20, "other": 1}, "feedback": "All done."}
json.dump(verdict, open(os.environ["DISCOVER_RESULT"], "w"))
`;

const problem: Problem = {
  title: 'Test',
  candidate: 'candidate.txt',
  evaluator: { kind: 'command', command: 'python3 evaluate.py', stopEarly: true },
  metric: { name: 'mean', goal: 'maximize' },
  reward: 'mean / 100',
  environment: { packages: [] },
  limits: { ...defaultLimits, timeMs: 60_000 },
  references: [],
  session: defaultSession,
  statement: '',
};

const opened: Evaluator[] = [];
const ids: string[] = [];
afterEach(async () => {
  for (const id of ids.splice(0)) expect(livingProcesses(id)).toEqual([]);
  for (const evaluator of opened.splice(0)) await evaluator.dispose();
});

interface Candidate {
  readonly off: number;
  readonly waitsAt?: number;
  readonly failsAt?: number;
  /** Cases that are not reported. */
  readonly short?: number;
}

async function open(
  changes: Partial<Problem> = {},
  script = evaluateScript,
): Promise<{
  evaluator: Evaluator;
  run: (
    candidate: Candidate,
    request?: Partial<EvaluationRequest>,
  ) => Promise<{ report: EvaluationReport; live: readonly CaseResult[] }>;
}> {
  const folder = mkdtempSync(join(base, 'case-'));
  mkdirSync(join(folder, 'problem'));
  writeFileSync(join(folder, 'problem', 'evaluate.py'), script);
  const evaluator = createEvaluator({
    problem: { ...problem, ...changes },
    problemFolder: join(folder, 'problem'),
    workRoot: join(folder, 'work'),
    root: folder,
    executor: createLocalExecutor(),
    storeBlob: () => Promise.resolve('0'.repeat(64)),
  });
  opened.push(evaluator);
  await evaluator.prepare(() => undefined, new AbortController().signal);
  return {
    evaluator,
    async run({ off, waitsAt = -1, failsAt = -1, short = 0 }, request) {
      const live: CaseResult[] = [];
      const id = `race-${process.pid}-${(ids.length + 1) * 100 + opened.length}`;
      ids.push(id);
      const report = await evaluator.evaluate(
        {
          id,
          candidateText: `${off} ${waitsAt} ${failsAt} ${short}`,
          seed: 7,
          onCase: (one) => live.push(one),
          ...request,
        },
        new AbortController().signal,
      );
      return { report, live };
    },
  };
}

function metricsOf({ outcome }: EvaluationReport): Readonly<Record<string, number>> {
  if (outcome.kind === 'failed') throw new Error(`${outcome.message}\n${outcome.outputTail ?? ''}`);
  return outcome.metrics;
}

describe('an evaluator that tells of its cases while it runs', () => {
  it('has them live and in its report, by their numbers', async () => {
    const { run } = await open({ evaluator: { kind: 'command', command: 'python3 evaluate.py' } });
    const { report, live } = await run({ off: 0 });
    expect(live).toHaveLength(20);
    expect(report.cases?.map(({ name }) => name)).toEqual(Array.from({ length: 20 }, (_, n) => `case ${n}`));
    expect(report.cases?.[8]).toEqual({ name: 'case 8', verdict: 'passed', value: 101 });
    expect(report.outcome).toMatchObject({ kind: 'valid', feedback: 'All done.' });
  });

  it('keeps what passed when a case fails', async () => {
    const { run } = await open();
    const { report } = await run({ off: 0, failsAt: 3 });
    expect(report.outcome).toMatchObject({ kind: 'failed', reason: 'invalid', message: 'A case failed.' });
    expect(report.cases?.map(({ verdict }) => verdict)).toEqual(['passed', 'passed', 'passed', 'failed']);
  });

  it.each([
    ['is no JSON', 'print("good", file=results)', /^Line 1 of its cases is not as agreed: it is not JSON/],
    ['has no name', 'print("{}", file=results)', /^Line 1 of its cases is not as agreed: .*name/],
    [
      'tells of a case again',
      'for _ in range(2): print(json.dumps({"name": "case 1", "verdict": "passed"}), file=results)',
      /^Line 2 of its cases has "case 1" a second time\.$/,
    ],
    [
      'has a value that is no number',
      'print(json.dumps({"name": "x", "verdict": "passed", "value": float("nan")}), file=results)',
      /^Line 1 of its cases is not as agreed/,
    ],
  ])('is told when a line %s', async (_what, line, message) => {
    const script = evaluateScript.replace('for case', `${line}\nfor case`);
    const { run } = await open({}, script);
    const { report } = await run({ off: 0 });
    expect(report.outcome).toMatchObject({
      kind: 'failed',
      reason: 'bad-result',
      message: expect.stringMatching(message) as unknown,
    });
  });
});

describe('a candidate of a command that stops early', () => {
  it('is stopped when it is clearly worse than its parent, with an estimate on the same scale', async () => {
    const { evaluator, run } = await open();
    expect(evaluator.races).toBe(true);
    const parent = (await run({ off: 0 })).report;
    const incumbent = { cases: parent.cases ?? [] };
    // It would never end by itself.
    const { report, live } = await run({ off: 10, waitsAt: 19 }, { incumbent });
    const metrics = metricsOf(report);
    expect(metrics['cases']).toBe(20);
    expect(metrics['cases_run']).toBe(report.cases?.length);
    expect(live.length).toBe(report.cases?.length);
    expect(report.cases?.length).toBeLessThan(20);
    const run10 = report.cases?.length ?? 0;
    const lost = Array.from({ length: run10 }, (_, n) => 10 + (n % 2)).reduce((a, b) => a + b, 0) / run10;
    const parentMean = metricsOf(parent)['mean'] ?? NaN;
    expect(metrics['mean']).toBeCloseTo(parentMean - lost, 9);
    expect(report.outcome).toMatchObject({
      value: metrics['mean'],
      reward: (metrics['mean'] ?? NaN) / 100,
      feedback: expect.stringMatching(
        /^Stopped after \d+ of 20 cases: it is clearly worse[^]*an estimate[^]*Against its parent, case by case: -10/,
      ) as unknown,
    });
    expect(report.durationMs).toBeGreaterThan(0);
  });

  it('does not count as evaluating what it says that it waited until it is stopped', async () => {
    const waiting = evaluateScript.replace('"value": value}', '"value": value, "waited_s": 3600 + case}');
    const { run } = await open({}, waiting);
    const incumbent = { cases: (await run({ off: 0 })).report.cases ?? [] };
    const { report } = await run({ off: 10, waitsAt: 19 }, { incumbent });
    expect(report.outcome).toMatchObject({ feedback: expect.stringMatching(/^Stopped after/) as unknown });
    expect(report.durationMs).toBe(0);
    expect(report.queuedMs).toBeGreaterThan(3_600_000);
    expect(report.cases?.every((one) => !('waited_s' in one))).toBe(true);
    expect((await run({ off: 0, failsAt: 3 })).report.queuedMs).toBeGreaterThanOrEqual(3_603_000);
  });

  it('runs to the end when it is better, and is told by how much', async () => {
    const { run } = await open();
    const incumbent = { cases: (await run({ off: 5 })).report.cases ?? [] };
    const { report } = await run({ off: 0 }, { incumbent });
    expect(report.cases).toHaveLength(20);
    expect(report.outcome).toMatchObject({
      kind: 'valid',
      feedback: expect.stringMatching(
        /^All done\.\nAgainst its parent, case by case: \+5\.5 ± 0\.\d+ at 95 % confidence/,
      ) as unknown,
    });
  });

  it('is not stopped by other cases, nor by a parent that has not passed all of its own', async () => {
    const { run } = await open();
    const parent = (await run({ off: 0 })).report.cases ?? [];
    const others = parent.map((one) => ({ ...one, name: `${one.name}0` }));
    expect((await run({ off: 10 }, { incumbent: { cases: others } })).report.cases).toHaveLength(20);
    const failed = parent.map((one, index) =>
      index === 3 ? { name: one.name, verdict: 'failed' as const } : one,
    );
    expect((await run({ off: 10 }, { incumbent: { cases: failed } })).report.cases).toHaveLength(20);
  });

  it('fails all the same when a case fails', async () => {
    const { run } = await open();
    const incumbent = { cases: (await run({ off: 0 })).report.cases ?? [] };
    const { report } = await run({ off: 10, failsAt: 0 }, { incumbent });
    expect(report.outcome).toMatchObject({ kind: 'failed', reason: 'invalid' });
  });

  it('is refused a metric that is not the mean of its cases, and one without cases', async () => {
    const { run } = await open();
    expect((await run({ off: 0, short: 3 })).report.outcome).toMatchObject({
      kind: 'failed',
      reason: 'bad-result',
      message: expect.stringMatching(
        /mean must be the mean of the cases: it is 102\.85, and the mean of 17/,
      ) as unknown,
    });
    expect((await run({ off: 0, short: 20 })).report.outcome).toMatchObject({
      reason: 'bad-result',
      message: expect.stringContaining('reported no cases with values') as unknown,
    });
  });

  it('where less is better is stopped for more', async () => {
    const { run } = await open({ metric: { name: 'mean', goal: 'minimize' }, reward: '-mean' });
    const incumbent = { cases: (await run({ off: 10 })).report.cases ?? [] };
    expect(metricsOf((await run({ off: 0, waitsAt: 19 }, { incumbent })).report)['cases']).toBe(20);
    expect((await run({ off: 20 }, { incumbent })).report.cases).toHaveLength(20);
  });
});

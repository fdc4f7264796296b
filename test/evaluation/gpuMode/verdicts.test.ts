import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CaseResult } from '../../../src/domain/session/outcome';
import { defaultLimits } from '../../../src/domain/problem/problem';
import type { ExecutionEnd } from '../../../src/evaluation/executor';
import { judgeStage, type StageJudgement } from '../../../src/evaluation/gpuMode/judgeStage';
import { caseResultOf, stageCaseResults, verdictIndex } from '../../../src/evaluation/gpuMode/stageCases';
import type { Stage } from '../../../src/evaluation/gpuMode/stages';
import { createVerdictStream, type Verdict } from '../../../src/evaluation/gpuMode/verdictStream';

function stage(name: Stage['name'], ...lines: string[]): Stage {
  const cases = lines.map((line, index) => ({ index, line }));
  return { name, kind: name === 'test' ? 'test' : 'benchmark', cases, timeoutMs: 60_000 };
}

interface Read {
  readonly verdict: Verdict;
  /** As they were told. */
  readonly live: readonly CaseResult[];
}

function read(of: Stage, chunks: readonly (string | Buffer)[]): Read {
  const live: CaseResult[] = [];
  const stream = createVerdictStream((kind, index, fields, values) => {
    const one = of.cases.find((_, position) => verdictIndex(of, values, position) === index);
    const result = one && kind === of.kind ? caseResultOf(of, one, fields) : undefined;
    if (result !== undefined) live.push(result);
  });
  for (const chunk of chunks) stream.push(Buffer.from(chunk));
  return { verdict: stream.end(), live };
}

function judge(of: Stage, text: string, code = 0, output = '', gpus: readonly string[] = []): StageJudgement {
  const end: ExecutionEnd = { kind: 'exited', code };
  return judgeStage(of, { gpus }, read(of, [text]).verdict, { end, output, durationMs: 1 }, defaultLimits);
}

/** What passed, as microseconds; or why not. */
function outcome(judgement: StageJudgement): readonly number[] | string {
  return judgement.kind === 'passed'
    ? judgement.times.map(({ times }) => times.meanNs / 1000)
    : `${judgement.reason}: ${judgement.message}`;
}

const stats = (index: number, meanNs: number): string =>
  `benchmark.${index}.runs: 100\nbenchmark.${index}.mean: ${meanNs}\nbenchmark.${index}.std: 5.5\nbenchmark.${index}.err: 0.55\n` +
  `benchmark.${index}.best: ${meanNs - 1}\nbenchmark.${index}.worst: ${meanNs + 1}\n`;

const twoTests = stage('test', 'size: 1; seed: 1', 'size: 2; seed: 2');
const twoBenchmarks = stage('benchmark', 'size: 1; seed: 1', 'size: 2; seed: 2');
const twoRanked = stage('leaderboard', 'size: 1; seed: 1', 'size: 2; seed: 2');
const testsPassed =
  'test-count: 2\ntest.0.spec: size: 1; seed: 1\ntest.0.status: pass\ntest.0.message: Maximum error: 0.0125\\nat [0, 1]\n' +
  'test.1.spec: size: 2; seed: 2\ntest.1.status: pass\ncheck: pass\n';

describe('the verdict of an evaluator with a pool', () => {
  it('passes when all cases did', () => {
    expect(outcome(judge(twoTests, testsPassed))).toEqual([]);
    const { verdict } = read(twoTests, [testsPassed]);
    expect(stageCaseResults(twoTests, verdict)).toEqual([
      { name: 'test 0', verdict: 'passed', message: 'size: 1; seed: 1\nMaximum error: 0.0125\nat [0, 1]' },
      { name: 'test 1', verdict: 'passed', message: 'size: 2; seed: 2' },
    ]);
  });

  it('names the first case that failed, with the end of its lines as lines', () => {
    const text =
      'test-count: 2\ntest.0.status: pass\ntest.1.status: fail\ntest.1.error: mismatch found!\\nERROR at 3\ncheck: fail\n';
    expect(outcome(judge(twoTests, text, 112))).toBe(
      'invalid: test 1 (size: 2; seed: 2): mismatch found!\nERROR at 3',
    );
  });

  it('gives nanoseconds, which become microseconds', () => {
    const text = `benchmark-count: 2\nbenchmark.0.spec: size: 1; seed: 1\n${stats(0, 1500)}${stats(1, 2500)}check: pass\n`;
    expect(outcome(judge(twoBenchmarks, text))).toEqual([1.5, 2.5]);
    expect(stageCaseResults(twoBenchmarks, read(twoBenchmarks, [text]).verdict)[1]).toMatchObject({
      name: 'benchmark 1',
      value: 2.5,
      unit: 'µs',
    });
  });

  it('fails with the exit code 0 in leaderboard mode, and leaves later cases out', () => {
    const text = `benchmark-count: 2\nbenchmark.0.status: fail\nbenchmark.0.error: recheck failed\nbenchmark.0.spec: size: 1\ncheck: fail\n`;
    expect(outcome(judge(twoRanked, text, 0))).toBe(
      'invalid: leaderboard 0 (size: 1; seed: 1): recheck failed',
    );
    const verdicts = stageCaseResults(twoRanked, read(twoRanked, [text]).verdict).map(
      ({ verdict }) => verdict,
    );
    expect(verdicts).toEqual(['failed', 'skipped']);
  });
});

describe('verdicts of other families', () => {
  it('v1: a failure looks like a test, without a check', () => {
    const text = 'test-count: 1\ntest.0.status: fail\ntest.0.error: wrong\n';
    expect(outcome(judge(twoBenchmarks, text))).toBe('invalid: The benchmark stage failed: wrong');
    expect(outcome(judge(twoTests, text))).toBe('invalid: test 0 (size: 1; seed: 1): wrong');
  });

  it('v1: measures the last case alone in leaderboard mode, without best and worst', () => {
    const text =
      'benchmark-count: 1\nbenchmark.0.runs: 7\nbenchmark.0.mean: 3000.5\nbenchmark.0.std: 1\nbenchmark.0.err: 1\ncheck: pass\n';
    expect(outcome(judge(twoRanked, text))).toEqual([3.0005]);
    const { verdict, live } = read(twoRanked, [text]);
    expect(live.map(({ name }) => name)).toEqual(['leaderboard 1']);
    expect(stageCaseResults(twoRanked, verdict).map(({ verdict }) => verdict)).toEqual(['skipped', 'passed']);
    expect(outcome(judge(twoBenchmarks, text))).toMatch(/^bad-result: .* 2 cases; its verdict announces 1/);
  });

  it('CUDA C++: says pass of benchmarks, too', () => {
    const one = stage('benchmark', 'size: 1');
    const text = `benchmark-count: 1\nbenchmark.0.status: pass\n${stats(0, 10)}check: pass\n`;
    expect(outcome(judge(one, text))).toEqual([0.01]);
    expect(outcome(judge(one, '', 110))).toBe('crashed: A CUDA call failed in the benchmark stage.');
  });

  it('grouped inputs, CUDA graphs, property checks: case by case the same keys', () => {
    const group = stage('benchmark', 'm: [1, 2]; k: 3');
    const text = `benchmark-count: 1\nbenchmark.0.spec: m: [1, 2]; k: 3\n${stats(0, 99.5)}benchmark.0.residual: 1e-3\ncheck: pass\n`;
    expect(outcome(judge(group, text))).toEqual([0.0995]);
  });

  it('several GPUs: a case may stop the whole stage', () => {
    const text =
      'test-count: 2\ntest.0.status: pass\ntest.1.status: fail\ntest.1.error: timed out after 60 s\n';
    expect(outcome(judge(twoTests, text, 1))).toBe(
      'invalid: test 1 (size: 2; seed: 2): timed out after 60 s',
    );
  });

  it('forward and backward: more times than one, and an error of no case', () => {
    const one = stage('benchmark', 'size: 1');
    const text = `benchmark-count: 1\n${stats(0, 50)}benchmark.0.fwd_bw: 10\nbenchmark.0.speedup: 2\nbenchmark.0.message: fine\ncheck: pass\n`;
    expect(outcome(judge(one, text))).toEqual([0.05]);
    expect(outcome(judge(one, 'error: no cross_entropy_forward\ncheck: fail\n', 112))).toBe(
      'invalid: The benchmark stage failed: no cross_entropy_forward',
    );
  });
});

describe('a verdict that means nothing', () => {
  it.each([
    ['no verdict', '', 0, /^no-result/],
    ['no check', testsPassed.replace('check: pass\n', ''), 0, /^no-result/],
    ['no case', 'test-count: 0\ncheck: pass\n', 0, /^bad-result: .* 2 cases; its verdict announces 0/],
    ['a case too few', 'test-count: 2\ntest.0.status: pass\ncheck: pass\n', 0, /tells of 1/],
    ['a case too many', testsPassed.replace('check', 'test.2.status: pass\ncheck'), 0, /tells of 3/],
    [
      'a case without status',
      testsPassed.replace('test.1.status: pass\n', ''),
      0,
      /does not say whether test 1/,
    ],
    ['check: fail alone', testsPassed.replace('check: pass', 'check: fail'), 112, /^invalid/],
    ['a check that was taken back', `${testsPassed}check: fail\n`, 0, /^invalid/],
    ['a crash after it', testsPassed, 1, /^crashed/],
    ['no place for it', '', 111, /^could-not-start/],
    ['cases that cannot be read', '', 113, /^could-not-start: .*task.yml/],
    ['its own timeout', '', 114, /^timeout/],
    ['an unknown mode', '', 2, /^could-not-start: .*mode "test"/],
  ] as const)('of tests: %s', (_, text, code, words) => {
    expect(outcome(judge(twoTests, text, code))).toMatch(words);
  });

  it.each([
    ['nan', /^not-finite: .*"nan"/],
    ['inf', /^not-finite/],
    ['-3', /^not-finite/],
    ['0', /^not-finite/],
    ['fast', /^not-finite/],
  ])('of benchmarks: a mean of %s', (mean, words) => {
    const one = stage('benchmark', 'size: 1');
    expect(outcome(judge(one, `benchmark-count: 1\nbenchmark.0.mean: ${mean}\ncheck: pass\n`))).toMatch(
      words,
    );
  });

  it('of benchmarks: too few calls, or a mean that cannot be', () => {
    const one = stage('benchmark', 'size: 1');
    const good = `benchmark-count: 1\n${stats(0, 50)}check: pass\n`;
    expect(outcome(judge(one, good.replace('runs: 100', 'runs: 2')))).toMatch(/only 2 calls were timed/);
    expect(outcome(judge(one, good.replace('mean: 50', 'mean: 5')))).toMatch(
      /outside the best and the worst/,
    );
    expect(outcome(judge(one, good.replace(/benchmark.0.mean.*\n/, '')))).toMatch(/^bad-result/);
  });

  it('names a missing module with the hardware that it wants', () => {
    const output = "Traceback …\nModuleNotFoundError: No module named 'aiter.ops'\n";
    expect(outcome(judge(twoTests, '', 1, output))).toMatch(
      /no module "aiter" .* It is for AMD MI300 or MI355X\.$/,
    );
    expect(outcome(judge(twoTests, '', 1, output, ['MI355X']))).toMatch(/It is for MI355X\.$/);
  });

  it.each<[ExecutionEnd, string]>([
    [{ kind: 'limit', limit: 'time' }, 'timeout: In the test stage: Ran longer than'],
    [{ kind: 'limit', limit: 'memory' }, 'memory-limit: In the test stage: '],
    [{ kind: 'signalled', signal: 'SIGSEGV' }, 'killed: In the test stage: '],
  ])('of a run that ended by %j', (end, words) => {
    const { verdict } = read(twoTests, [testsPassed]);
    const judgement = judgeStage(
      twoTests,
      { gpus: [] },
      verdict,
      { end, output: '', durationMs: 1 },
      defaultLimits,
    );
    expect(outcome(judgement)).toContain(words);
  });
});

describe('the stream of a verdict', () => {
  it('is the same however it is cut into pieces', () => {
    const text = Buffer.from(
      testsPassed.replace('Maximum error', 'größter Fehler µ') + 'no colon here\n: \nkey:a:b\nlast: line',
    );
    const whole = read(twoTests, [text]);
    expect(whole.verdict.values.get('key')).toBe('a:b');
    expect(whole.verdict.values.get('last')).toBe('line');
    fc.assert(
      fc.property(fc.array(fc.nat(text.length)), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), text.length];
        const chunks = places.slice(1).map((end, index) => text.subarray(places[index], end));
        expect(read(twoTests, chunks)).toEqual(whole);
      }),
    );
  });

  it('tells of a case when the next one begins, and of each once', () => {
    const seen: string[] = [];
    const stream = createVerdictStream((kind, index) => seen.push(`${kind} ${index}`));
    stream.push(Buffer.from('test-count: 2\ntest.0.spec: a\ntest.0.status: pass\n'));
    expect(seen).toEqual([]);
    stream.push(Buffer.from('test.1.spec: b\n'));
    expect(seen).toEqual(['test 0']);
    stream.push(Buffer.from('test.1.status: pass\ntest.0.status: fail\ncheck: pass\n'));
    stream.end();
    expect(seen).toEqual(['test 0', 'test 1']);
  });

  it('survives any text', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.constantFrom('test.0.status: pass\n', 'check: pass\n'))),
        (parts) => {
          expect(['passed', 'failed']).toContain(judge(twoTests, parts.join('')).kind);
        },
      ),
    );
  });
});

import type { GpuModeTask } from '../../domain/foreign/gpuModeTask';
import type { Limits } from '../../domain/problem/problem';
import type { NotScored } from '../evaluationMethod';
import { executionFailure, failed } from '../executionFailure';
import type { ExecutionReport } from '../executor';
import { moduleWords } from './missingModule';
import type { Stage } from './stages';
import {
  caseResultOf,
  fieldsAt,
  measuredLastAlone,
  timesOf,
  verdictIndex,
  type CaseTimes,
} from './stageCases';
import type { Verdict } from './verdictStream';

export type StageJudgement = { readonly kind: 'passed'; readonly times: readonly TimedCase[] } | NotScored;

export interface TimedCase {
  readonly line: string;
  readonly times: CaseTimes;
  /** What else the evaluator says of the case, for example the report of a profile. */
  readonly report?: string;
}

/** Fewer timed calls have no spread, and evaluators never stop before. */
const fewestRuns = 3;

/**
 * Whether a stage passed: it ended with 0 or 112 (an evaluator that found a mistake), said `check: pass`, and every case is
 * there and right. An exit code of 0 alone means nothing: leaderboard runs end with it whatever they found.
 */
export function judgeStage(
  stage: Stage,
  task: Pick<GpuModeTask, 'gpus'>,
  verdict: Verdict,
  report: ExecutionReport,
  limits: Limits,
): StageJudgement {
  const fail = (reason: NotScored['reason'], message: string): NotScored => failed(reason, message, report);
  const wrong = firstFailure(stage, verdict);
  const { end } = report;
  if (wrong !== undefined) return fail('invalid', wrong);
  if (end.kind !== 'exited' || (end.code !== 0 && end.code !== 112)) {
    const lacking = moduleWords(report.output, task.gpus);
    if (end.kind === 'exited' && end.code === 1 && lacking !== undefined) return fail('crashed', lacking);
    const code = end.kind === 'exited' ? codeWords(stage, end.code) : undefined;
    if (code !== undefined) return fail(code.reason, code.message);
    const failure = executionFailure(report, limits);
    if (failure !== undefined)
      return { ...failure, message: `In the ${stage.name} stage: ${failure.message}` };
  }
  const check = verdict.values.get('check');
  if (check === undefined)
    return fail('no-result', `The ${stage.name} stage ended without its verdict (check: pass or fail).`);
  if (check !== 'pass') return fail('invalid', `The ${stage.name} stage failed, and named no case.`);
  return passedStage(stage, verdict, fail);
}

function passedStage(
  stage: Stage,
  verdict: Verdict,
  fail: (reason: NotScored['reason'], message: string) => NotScored,
): StageJudgement {
  const { kind } = stage;
  const found = verdict.cases[kind];
  const expected = measuredLastAlone(stage, verdict.values) ? 1 : stage.cases.length;
  const announced = Number(verdict.values.get(`${kind}-count`) ?? expected);
  if (announced !== expected || found.size !== expected) {
    return fail(
      'bad-result',
      `The ${stage.name} stage has ${expected} cases; its verdict announces ${announced} and tells of ${found.size}.`,
    );
  }
  const times: TimedCase[] = [];
  for (const [position, one] of stage.cases.entries()) {
    if (verdictIndex(stage, verdict.values, position) === undefined) continue;
    const fields = fieldsAt(stage, verdict, position);
    const name = `${stage.name} ${one.index} (${one.line})`;
    if (fields === undefined) return fail('bad-result', `The verdict says nothing of ${name}.`);
    if (kind === 'test') {
      if (caseResultOf(stage, one, fields)?.verdict !== 'passed')
        return fail('bad-result', `The verdict does not say whether ${name} passed.`);
      continue;
    }
    const measured = timesOf(fields);
    if (measured === undefined) {
      const mean = fields.get('mean');
      return mean === undefined
        ? fail('bad-result', `The verdict has no mean time of ${name}.`)
        : fail('not-finite', `The mean time of ${name} is "${mean}", which is no time.`);
    }
    const complaint = stage.name === 'profile' ? undefined : implausible(measured);
    if (complaint !== undefined) return fail('bad-result', `The times of ${name} cannot be: ${complaint}.`);
    const text = fields.get('report');
    times.push({ line: one.line, times: measured, ...(text !== undefined && { report: text }) });
  }
  return { kind: 'passed', times };
}

/** The first case that failed, with its error; or an error that is of no case. */
function firstFailure(stage: Stage, verdict: Verdict): string | undefined {
  for (const [position, one] of stage.cases.entries()) {
    const result = caseResultOf(stage, one, fieldsAt(stage, verdict, position));
    if (result?.verdict === 'failed') {
      const [line = '', ...why] = (result.message ?? '').split('\n');
      return `${result.name} (${line}): ${why.join('\n')}`;
    }
  }
  // The oldest evaluators tell of a benchmark's failure as of a test.
  if (stage.kind === 'benchmark') {
    const [other] = verdict.cases.test.values();
    const error = other?.get('error');
    if (other?.get('status') === 'fail' || error !== undefined)
      return `The ${stage.name} stage failed: ${(error ?? 'it does not say why').replaceAll('\\n', '\n')}`;
  }
  const bare = verdict.values.get('error');
  return bare === undefined ? undefined : `The ${stage.name} stage failed: ${bare.replaceAll('\\n', '\n')}`;
}

function implausible({ runs, meanNs, bestNs, worstNs }: CaseTimes): string | undefined {
  if (runs !== undefined && runs < fewestRuns) return `only ${runs} calls were timed`;
  const least = (bestNs ?? meanNs) * (1 - 1e-6);
  const most = (worstNs ?? meanNs) * (1 + 1e-6);
  return meanNs < least || meanNs > most ? 'the mean lies outside the best and the worst time' : undefined;
}

function codeWords(stage: Stage, code: number): Pick<NotScored, 'reason' | 'message'> | undefined {
  switch (code) {
    case 110:
      return { reason: 'crashed', message: `A CUDA call failed in the ${stage.name} stage.` };
    case 111:
      return {
        reason: 'could-not-start',
        message: 'The evaluator found no place for its verdict (POPCORN_FD).',
      };
    case 113:
      return {
        reason: 'could-not-start',
        message: `The evaluator cannot read a case of the ${stage.name} stage: look at the arguments in task.yml.`,
      };
    case 114:
      return {
        reason: 'timeout',
        message: `The evaluator stopped the ${stage.name} stage: it took too long.`,
      };
    case 2:
      return { reason: 'could-not-start', message: `The evaluator does not know the mode "${stage.name}".` };
    case 1:
      return { reason: 'crashed', message: `The ${stage.name} stage ended with an error of Python.` };
    default:
      return undefined;
  }
}

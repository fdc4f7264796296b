import type { Goal } from '../../domain/problem/problem';
import { estimatedMean, mean } from '../../domain/racing/pairedComparison';
import { comparisonWords, shortNumber, stoppedWords } from '../../domain/racing/raceWords';
import type { CaseResult } from '../../domain/session/outcome';
import type { NotScored, Scored } from '../evaluationMethod';
import { durationInWords } from '../quantityWords';
import { reasonOf } from './caseVerdict';
import { caseName, caseResultOf, pairsOf, type CasesRun, type Incumbent } from './evaluateCases';
import { isDisturbedCase } from './repeatDisturbed';
import type { RanCase } from './runCase';
import type { Measurement } from './timedCommand';

/** An accepted score below 1 counts as 1. */
export function logWorth(score: number): number {
  return Math.log10(Math.max(score, 1));
}

export const logMetric = 'mean_log10_score';

/** The incumbent's scores on exactly these seeds; undefined if it has not passed one of them. */
export function incumbentScores(
  cases: readonly CaseResult[] | undefined,
  seeds: readonly number[],
): readonly number[] | undefined {
  if (cases === undefined) return undefined;
  const byName = new Map(
    cases.flatMap(({ name, verdict, value }) =>
      verdict === 'passed' && value !== undefined && Number.isFinite(value) ? [[name, value] as const] : [],
    ),
  );
  const scores = seeds.map((seed) => byName.get(caseName(seed)));
  return scores.every((score) => score !== undefined) ? scores : undefined;
}

export interface VerdictContext {
  readonly ran: CasesRun;
  readonly seeds: readonly number[];
  /** Scores on the same seeds. */
  readonly incumbent: readonly number[] | undefined;
  readonly goal: Goal;
  readonly timeMs: number;
  readonly isPinned: boolean;
}

/** What all cases together say about the program. */
export function verdictOfCases(context: VerdictContext): Scored | NotScored {
  const { ran, seeds } = context;
  const done = ran.cases.filter((one) => one !== undefined);
  const cases = done.map(caseResultOf);
  const failure = done.find(({ verdict }) => verdict !== 'AC');
  if (failure !== undefined) return { ...failureOf(failure, ran, seeds.length), cases };
  if (ran.end === 'out-of-time') {
    const message = `Ran longer than ${durationInWords(context.timeMs)} and was stopped; ${done.length} of ${seeds.length} seeds were done.`;
    return { kind: 'failed', reason: 'timeout', message, cases };
  }
  const incumbent = context.incumbent === undefined ? undefined : { values: context.incumbent };
  const { mean: meanScore, meanLog } = means(ran, incumbent);
  const scores = done.flatMap(({ score }) => (score === undefined ? [] : [score]));
  const walls = done.map(({ measurement }) => (measurement?.wallMs ?? 0) / 1000);
  const processors = done.map(({ measurement }) => (measurement?.cpuMs ?? 0) / 1000);
  return {
    kind: 'scored',
    metrics: {
      mean_score: meanScore,
      total_score: meanScore * seeds.length,
      [logMetric]: meanLog,
      standard_error: standardError(scores),
      lowest_score: Math.min(...scores),
      highest_score: Math.max(...scores),
      slowest_s: Math.max(...walls),
      slowest_cpu_s: Math.max(...processors),
      waiting_percent: 100 * waitingShare(done),
      repeated_cases: done.filter(isRepeated).length,
      disturbed_cases: done.filter(isDisturbedCase).length,
      cases: seeds.length,
      cases_run: done.length,
    },
    feedback: words(context, done, meanScore),
    cases,
  };
}

function means(ran: CasesRun, incumbent: Incumbent | undefined): { mean: number; meanLog: number } {
  const plain = (score: number): number => score;
  const scores = ran.cases.flatMap((one) => (one?.score === undefined ? [] : [one.score]));
  if (incumbent === undefined || scores.length === ran.cases.length) {
    return { mean: mean(scores), meanLog: mean(scores.map(logWorth)) };
  }
  const rest = incumbent.values.filter((_, index) => ran.cases[index]?.score === undefined);
  const logs: Incumbent = { values: incumbent.values.map(logWorth) };
  return {
    mean: estimatedMean(pairsOf(ran.cases, incumbent, plain), rest),
    meanLog: estimatedMean(pairsOf(ran.cases, logs, logWorth), rest.map(logWorth)),
  };
}

function failureOf({ seed, verdict, why = '', said }: RanCase, ran: CasesRun, count: number): NotScored {
  const done = ran.cases.filter((one) => one !== undefined).length;
  const fails = verdict === 'IE' ? 'could not be scored' : `is ${verdict}, which fails the program`;
  return {
    kind: 'failed',
    reason: verdict === 'AC' || verdict === 'IE' ? 'bad-result' : reasonOf[verdict],
    message: `Seed ${seed} ${fails}. ${why} ${done} of ${count} seeds were run.`,
    ...(said !== undefined && { outputTail: said }),
  };
}

function standardError(scores: readonly number[]): number {
  const average = mean(scores);
  const variance =
    scores.reduce((sum, score) => sum + (score - average) ** 2, 0) / Math.max(1, scores.length - 1);
  return Math.sqrt(variance / Math.max(1, scores.length));
}

/** Of the time that programs ran: how much of it others computed on their cores. */
function waitingShare(done: readonly RanCase[]): number {
  const total = (pick: (measurement: Measurement) => number): number =>
    done.reduce((sum, { measurement }) => sum + (measurement === undefined ? 0 : pick(measurement)), 0);
  return (
    total(({ waitedMs }) => waitedMs) /
    Math.max(
      1,
      total(({ wallMs }) => wallMs),
    )
  );
}

function isRepeated({ runs = 1 }: RanCase): boolean {
  return runs > 1;
}

const shownCases = 5;
const notableWaiting = 0.05;

function words(context: VerdictContext, done: readonly RanCase[], meanScore: number): string {
  const { ran, seeds, goal, isPinned } = context;
  const slowest = Math.max(...done.map(({ measurement }) => measurement?.wallMs ?? 0)) / 1000;
  const lines: string[] = [];
  const stopped = ran.end === 'clearly-worse' && done.length < seeds.length;
  if (stopped) {
    lines.push(
      stoppedWords(done.length, seeds.length, 'seeds'),
      `Mean score ${shortNumber(meanScore)}, an estimate: its parent's mean on all seeds, moved by the mean difference on those that were run.`,
    );
  } else {
    const scores = done.flatMap(({ score }) => (score === undefined ? [] : [score]));
    lines.push(
      `Mean score ${shortNumber(meanScore)} over ${done.length} seeds (standard error ${shortNumber(standardError(scores))}); slowest ${slowest.toFixed(2)} s.`,
    );
  }
  if (context.incumbent !== undefined) {
    const pairs = pairsOf(ran.cases, { values: context.incumbent }, (score) => score);
    lines.push(comparisonWords(pairs, goal, { word: 'seed', isStopped: stopped }));
  }
  if (!isPinned) {
    lines.push(
      'Programs were not kept on cores of their own, for which this host lacks taskset or flock: times are rough.',
    );
  }
  const repeated = done.filter(isRepeated).length;
  if (repeated > 0) lines.push(`${repeated} seeds were run again, for others computed on their cores.`);
  const disturbed = done.filter(isDisturbedCase).length;
  if (disturbed > 0) {
    lines.push(
      `Others had more than 2 % of the core in ${disturbed} of ${done.length} seeds: their scores may be too low.`,
    );
  }
  const waiting = waitingShare(done);
  if (waiting >= notableWaiting) {
    lines.push(
      `The host was busy: others computed ${Math.round(100 * waiting)} % of the time on the cores of the programs, so scores may be too low.`,
    );
  }
  const sorted = [...done].sort((a, b) =>
    goal === 'maximize' ? (a.score ?? 0) - (b.score ?? 0) : (b.score ?? 0) - (a.score ?? 0),
  );
  const worst = sorted.slice(0, shownCases).map(({ seed, score }) => `${seed}: ${shortNumber(score ?? 0)}`);
  lines.push(`Worst seeds: ${worst.join(', ')}.`);
  return lines.join('\n');
}

import type { CaseResult } from '../../domain/session/outcome';
import type { Pair } from '../../domain/racing/pairedComparison';
import { Race } from '../../domain/racing/race';
import type { Goal } from '../../domain/problem/problem';
import { takenMs } from './disturbance';
import { isDisturbedCase, Repeats } from './repeatDisturbed';
import { OutOfTime, runCase, type CaseContext, type RanCase } from './runCase';
import type { CaseInput } from './caseInputs';

/** What the incumbent had on each of the seeds, in the metric's own terms. */
export interface Incumbent {
  readonly values: readonly number[];
}

export interface CasesToRun {
  readonly seeds: readonly number[];
  readonly inputs: readonly CaseInput[];
  readonly atOnce: number;
  readonly firstCore: number;
  /** Undefined to run all cases however bad they are. */
  readonly incumbent: Incumbent | undefined;
  /** What a score counts in the metric. */
  readonly worth: (score: number) => number;
  readonly goal: Goal;
}

export interface CasesRun {
  /** In the order of the seeds; those that were not run are undefined. */
  readonly cases: readonly (RanCase | undefined)[];
  readonly end: 'all' | 'failed' | 'clearly-worse' | 'out-of-time';
}

/** Runs cases side by side until all are done, one is not accepted, or the rest cannot save the program. */
export async function evaluateCases(context: CaseContext, plan: CasesToRun): Promise<CasesRun> {
  const cases: (RanCase | undefined)[] = plan.seeds.map(() => undefined);
  let end: CasesRun['end'] = 'all';
  let next = 0;
  /** The first reason counts, but a case that is not accepted decides. */
  const endBecause = (why: Exclude<CasesRun['end'], 'all'>): void => {
    if (end === 'all' || why === 'failed') end = why;
  };
  const race = plan.incumbent === undefined ? undefined : new Race(plan.incumbent.values, plan.goal);
  const repeatsEndMs = context.remainingMs() / 2;
  const repeats = new Repeats(() => end === 'all' && context.remainingMs() > repeatsEndMs);

  const work = async (worker: number): Promise<void> => {
    while (end === 'all') {
      const index = next++;
      const seed = plan.seeds[index];
      const input = plan.inputs[index];
      if (seed === undefined || input === undefined) return;
      try {
        const place = { seed, index, input, core: plan.firstCore + worker };
        const ran = await repeats.leastDisturbed((quietWithinMs) =>
          runCase(context, { ...place, quietWithinMs }),
        );
        cases[index] = ran;
        context.run.onCase(caseResultOf(ran));
        if (ran.score !== undefined) race?.add(index, plan.worth(ran.score));
        if (ran.verdict !== 'AC') endBecause('failed');
        else if (race?.isLost === true) endBecause('clearly-worse');
      } catch (error) {
        if (!(error instanceof OutOfTime)) throw error;
        endBecause('out-of-time');
      }
    }
  };

  const workers = Array.from({ length: Math.max(1, plan.atOnce) }, (_, worker) => work(worker));
  const ended = await Promise.allSettled(workers);
  for (const result of ended) if (result.status === 'rejected') throw result.reason;
  return { cases, end };
}

/** The cases that both have, in the order of the seeds. */
export function pairsOf(
  cases: readonly (RanCase | undefined)[],
  { values }: Incumbent,
  worth: (score: number) => number,
): Pair[] {
  return cases.flatMap((ran, index) => {
    const other = values[index];
    return ran?.score === undefined || other === undefined ? [] : [{ own: worth(ran.score), other }];
  });
}

export function caseName(seed: number): string {
  return `seed ${seed}`;
}

export function caseResultOf(ran: RanCase): CaseResult {
  const { seed, verdict, score, why, measurement } = ran;
  const seconds = measurement === undefined ? '' : `${(measurement.wallMs / 1000).toFixed(2)} s`;
  const message = `${verdict === 'AC' ? seconds : `${verdict}: ${why ?? ''}`}${disturbanceWords(ran)}`;
  return {
    name: caseName(seed),
    verdict: verdict === 'AC' ? 'passed' : 'failed',
    ...(score !== undefined && { value: score, unit: 'points' }),
    ...(measurement !== undefined && { durationMs: Math.round(measurement.wallMs) }),
    ...(message !== '' && { message }),
  };
}

function disturbanceWords(ran: RanCase): string {
  const { measurement, runs = 1 } = ran;
  if (measurement === undefined || (runs === 1 && !isDisturbedCase(ran))) return '';
  const share = Math.round((100 * takenMs(measurement)) / Math.max(1, measurement.wallMs));
  const taken = `others had ${share} % of its core`;
  return runs === 1 ? ` (${taken})` : ` (run ${runs} times; in the run that was disturbed least ${taken})`;
}

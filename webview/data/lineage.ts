import type { CandidateRows } from './columnStore';
import { isBetter, validOutcome, type Goal } from './rowFacts';

/** Rows from a program without a parent to the best one. */
export function bestPath(rows: CandidateRows, best: number | undefined): number[] {
  const path: number[] = [];
  let row = best === undefined ? -1 : rows.rowOf(best);
  // A parent has a lower id; anything else would be a circle.
  while (row >= 0 && (path.length === 0 || row < (path[0] ?? 0))) {
    path.unshift(row);
    const parent = rows.parents[row] ?? -1;
    row = parent < 0 ? -1 : rows.rowOf(parent);
  }
  return path;
}

/** How the valid candidates of a step stand to their parents. */
export interface StepGains {
  readonly step: number;
  /** With a valid parent. */
  readonly mutations: number;
  readonly better: number;
  readonly equal: number;
  /** By how much the best of them improved on its parent; 0 for none. */
  readonly largestGain: number;
}

export function gainsByStep(rows: CandidateRows, goal: Goal): StepGains[] {
  const steps: { step: number; mutations: number; better: number; equal: number; largestGain: number }[] = [];
  for (let row = 0; row < rows.length; row++) {
    const step = rows.steps[row] ?? -1;
    const parent = rows.parents[row] ?? -1;
    if (step < 0 || parent < 0 || rows.outcomes[row] !== validOutcome) continue;
    const parentRow = rows.rowOf(parent);
    if (parentRow < 0 || rows.outcomes[parentRow] !== validOutcome) continue;
    while (steps.length <= step)
      steps.push({ step: steps.length, mutations: 0, better: 0, equal: 0, largestGain: 0 });
    const gains = steps[step];
    if (gains === undefined) continue;
    const [value, before] = [rows.values[row] ?? Number.NaN, rows.values[parentRow] ?? Number.NaN];
    gains.mutations += 1;
    if (value === before) gains.equal += 1;
    if (!isBetter(goal, value, before)) continue;
    gains.better += 1;
    gains.largestGain = Math.max(gains.largestGain, Math.abs(value - before));
  }
  return steps.filter(({ mutations }) => mutations > 0);
}

/** Parents by how often they were built on, the most used first. */
export function mostUsed(childCounts: ReadonlyMap<number, number>, count: number): [number, number][] {
  return [...childCounts].sort(([a, usesOfA], [b, usesOfB]) => usesOfB - usesOfA || a - b).slice(0, count);
}

/** Programs that were not there before among all; `undefined` where texts are not known. */
export function newPrograms({ ids, firstWithText, length }: CandidateRows): number | undefined {
  if (firstWithText === undefined || length === 0) return undefined;
  let fresh = 0;
  for (let row = 0; row < length; row++) if (firstWithText[row] === ids[row]) fresh += 1;
  return fresh;
}

import { outcomeGroups } from '../../src/protocol/dashboardData';
import type { CandidateRows } from './columnStore';

export type Goal = 'minimize' | 'maximize';

/** What the charts need to know of all candidates together, in one pass. */
export interface RowFacts {
  /** By row: the how-many-eth of its step, from 0. */
  readonly places: Int32Array;
  /** By step, from 0. */
  readonly steps: readonly StepFacts[];
  /** Rows with a valid outcome whose step is known. */
  readonly validCount: number;
  /** Rows by parent's id. */
  readonly childCounts: ReadonlyMap<number, number>;
}

export interface StepFacts {
  readonly count: number;
  /** By outcome group. */
  readonly outcomes: Uint32Array;
  readonly bestRow: number;
  /** All evaluations, as if one after the other. */
  readonly evaluationMs: number;
}

export const runningOutcome = outcomeGroups.indexOf('running');
export const validOutcome = outcomeGroups.indexOf('valid');

export function isBetter(goal: Goal, value: number, than: number): boolean {
  return goal === 'minimize' ? value < than : value > than;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

export function rowFacts(rows: CandidateRows, goal: Goal): RowFacts {
  const places = new Int32Array(rows.length);
  const steps: Writable<StepFacts>[] = [];
  const childCounts = new Map<number, number>();
  let validCount = 0;
  let initialCount = 0;
  for (let row = 0; row < rows.length; row++) {
    const step = rows.steps[row] ?? -1;
    const parent = rows.parents[row] ?? -1;
    if (parent >= 0) childCounts.set(parent, (childCounts.get(parent) ?? 0) + 1);
    if (rows.outcomes[row] === validOutcome) validCount += 1;
    if (step < 0) {
      places[row] = initialCount++;
      continue;
    }
    while (steps.length <= step) steps.push(emptyStep());
    const facts = steps[step];
    if (facts === undefined) continue;
    places[row] = facts.count++;
    addRow(facts, rows, row, goal);
  }
  return { places, steps, childCounts, validCount };
}

function addRow(facts: Writable<StepFacts>, rows: CandidateRows, row: number, goal: Goal): void {
  const outcome = rows.outcomes[row] ?? 0;
  facts.outcomes[outcome] = (facts.outcomes[outcome] ?? 0) + 1;
  const durationMs = rows.durationsMs[row] ?? Number.NaN;
  if (durationMs > 0) facts.evaluationMs += durationMs;
  const value = rows.values[row] ?? Number.NaN;
  if (outcome !== validOutcome || Number.isNaN(value)) return;
  const best = facts.bestRow < 0 ? Number.NaN : (rows.values[facts.bestRow] ?? Number.NaN);
  if (Number.isNaN(best) || isBetter(goal, value, best)) facts.bestRow = row;
}

function emptyStep(): Writable<StepFacts> {
  return {
    count: 0,
    outcomes: new Uint32Array(outcomeGroups.length),
    bestRow: -1,
    evaluationMs: 0,
  };
}

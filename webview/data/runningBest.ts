import type { Axis } from './axis';
import type { CandidateRows } from './columnStore';
import { isBetter, validOutcome, type Goal } from './rowFacts';

/** Rows that were better than all before them along the axis, in that order. */
export function runningBest(rows: CandidateRows, axis: Axis, goal: Goal): number[] {
  const order = valid(rows);
  // By id, rows are in the order of every other axis already.
  if (axis.name === 'time') order.sort((a, b) => (rows.endedAtMs[a] ?? 0) - (rows.endedAtMs[b] ?? 0));
  const improvements: number[] = [];
  let best: number | undefined;
  for (const row of order) {
    const value = rows.values[row] ?? Number.NaN;
    if (best !== undefined && !isBetter(goal, value, best)) continue;
    best = value;
    improvements.push(row);
  }
  return improvements;
}

function valid(rows: CandidateRows): Uint32Array {
  const order = new Uint32Array(rows.length);
  let count = 0;
  for (let row = 0; row < rows.length; row++) {
    if (rows.outcomes[row] === validOutcome && !Number.isNaN(rows.values[row])) order[count++] = row;
  }
  return order.subarray(0, count);
}

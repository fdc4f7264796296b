import type { CandidateColumns } from '../../protocol/dashboardData';

/** Columns by id: row i is about candidate i, where `present[i]` is 1. */
export interface Rows {
  readonly present: Uint8Array<ArrayBuffer>;
  /** 1 for rows that changed in the update at work. */
  readonly touched: Uint8Array<ArrayBuffer>;
  readonly steps: Int32Array<ArrayBuffer>;
  readonly parents: Int32Array<ArrayBuffer>;
  readonly outcomes: Uint8Array<ArrayBuffer>;
  readonly values: Float64Array<ArrayBuffer>;
  readonly endedAtMs: Float64Array<ArrayBuffer>;
  readonly durationsMs: Float64Array<ArrayBuffer>;
  readonly promptTokens: Float64Array<ArrayBuffer>;
  readonly sampledTokens: Float64Array<ArrayBuffer>;
  readonly tokensUpTo: Float64Array<ArrayBuffer>;
  readonly usdUpTo: Float64Array<ArrayBuffer>;
  readonly accepted: Uint8Array<ArrayBuffer>;
  readonly firstWithText: Int32Array<ArrayBuffer>;
}

export function emptyRows(capacity: number): Rows {
  return {
    present: new Uint8Array(capacity),
    touched: new Uint8Array(capacity),
    steps: new Int32Array(capacity),
    parents: new Int32Array(capacity),
    outcomes: new Uint8Array(capacity),
    values: new Float64Array(capacity),
    endedAtMs: new Float64Array(capacity),
    durationsMs: new Float64Array(capacity),
    promptTokens: new Float64Array(capacity),
    sampledTokens: new Float64Array(capacity),
    tokensUpTo: new Float64Array(capacity),
    usdUpTo: new Float64Array(capacity),
    accepted: new Uint8Array(capacity),
    firstWithText: new Int32Array(capacity),
  };
}

/** The rows with place for at least `capacity` of them. */
export function grownRows(rows: Rows, capacity: number): Rows {
  const grown = emptyRows(Math.max(capacity, 2 * rows.present.length));
  for (const name of Object.keys(rows) as (keyof Rows)[]) grown[name].set(rows[name]);
  return grown;
}

/** Some rows, ids ascending. The arrays own their memory: the editor sends the whole buffer that an array lies in. */
export function compactRows(rows: Rows, ids: readonly number[]): CandidateColumns {
  const pick = <Column extends { [row: number]: number }>(from: ArrayLike<number>, to: Column): Column => {
    for (let row = 0; row < ids.length; row++) to[row] = from[ids[row] ?? 0] ?? 0;
    return to;
  };
  const { length } = ids;
  return {
    ids: Int32Array.from(ids),
    steps: pick(rows.steps, new Int32Array(length)),
    parents: pick(rows.parents, new Int32Array(length)),
    outcomes: pick(rows.outcomes, new Uint8Array(length)),
    values: pick(rows.values, new Float64Array(length)),
    endedAtMs: pick(rows.endedAtMs, new Float64Array(length)),
    durationsMs: pick(rows.durationsMs, new Float64Array(length)),
    tokensUpTo: pick(rows.tokensUpTo, new Float64Array(length)),
    usdUpTo: pick(rows.usdUpTo, new Float64Array(length)),
    accepted: pick(rows.accepted, new Uint8Array(length)),
    firstWithText: pick(rows.firstWithText, new Int32Array(length)),
  };
}

/** The first rows, all of them present. */
export function firstRows(rows: Rows, length: number): CandidateColumns {
  return {
    ids: new Int32Array(length).map((_, id) => id),
    steps: rows.steps.slice(0, length),
    parents: rows.parents.slice(0, length),
    outcomes: rows.outcomes.slice(0, length),
    values: rows.values.slice(0, length),
    endedAtMs: rows.endedAtMs.slice(0, length),
    durationsMs: rows.durationsMs.slice(0, length),
    tokensUpTo: rows.tokensUpTo.slice(0, length),
    usdUpTo: rows.usdUpTo.slice(0, length),
    accepted: rows.accepted.slice(0, length),
    firstWithText: rows.firstWithText.slice(0, length),
  };
}

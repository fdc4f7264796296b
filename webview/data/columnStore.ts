import type { CandidateColumns } from '../../src/protocol/dashboardData';

/** All candidates that are known, as columns; row i is about `ids[i]`. The arrays are as long as `length`, ids ascend. */
export interface CandidateRows extends Readonly<CandidateColumns> {
  readonly length: number;
  /** The row of a candidate; -1 for one that is not known. */
  rowOf(id: number): number;
  /** Another number means other contents. */
  readonly version: number;
}

const least = 1024;

/** Holds what was sent; taking rows that changed costs what they are, not what is held. */
export class ColumnStore {
  #columns = emptyColumns(least);
  #length = 0;
  #version = 0;
  #hasFirstWithText = false;
  #view: CandidateRows | undefined;

  take(isWhole: boolean, changed: CandidateColumns): void {
    if (isWhole) this.#length = 0;
    this.#hasFirstWithText = changed.firstWithText !== undefined;
    for (let from = 0; from < changed.ids.length; from++) {
      const id = changed.ids[from] ?? 0;
      const at = this.#placeOf(id);
      if (at === this.#length || this.#columns.ids[at] !== id) this.#open(at);
      copyRow(changed, from, this.#columns, at);
    }
    this.#version += 1;
    this.#view = undefined;
  }

  get rows(): CandidateRows {
    const length = this.#length;
    const all = this.#columns;
    this.#view ??= {
      length,
      version: this.#version,
      rowOf: (id) => {
        const at = this.#placeOf(id);
        return at < length && all.ids[at] === id ? at : -1;
      },
      ids: all.ids.subarray(0, length),
      steps: all.steps.subarray(0, length),
      parents: all.parents.subarray(0, length),
      outcomes: all.outcomes.subarray(0, length),
      values: all.values.subarray(0, length),
      endedAtMs: all.endedAtMs.subarray(0, length),
      durationsMs: all.durationsMs.subarray(0, length),
      tokensUpTo: all.tokensUpTo.subarray(0, length),
      usdUpTo: all.usdUpTo.subarray(0, length),
      accepted: all.accepted.subarray(0, length),
      ...(this.#hasFirstWithText ? { firstWithText: all.firstWithText.subarray(0, length) } : {}),
    };
    return this.#view;
  }

  /** The row with that id, or the one that it would be put in front of. */
  #placeOf(id: number): number {
    const { ids } = this.#columns;
    // Ids are dense but for candidates that are not announced yet: the row is at its id or a little before.
    if (id < this.#length && ids[id] === id) return id;
    let [low, high] = [0, this.#length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ids[middle] ?? 0) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Makes place for a row. */
  #open(at: number): void {
    if (this.#length === this.#columns.ids.length) {
      const larger = emptyColumns(2 * this.#length);
      for (const name of columnNames) larger[name].set(this.#columns[name]);
      this.#columns = larger;
    }
    if (at < this.#length) {
      for (const name of columnNames) this.#columns[name].copyWithin(at + 1, at, this.#length);
    }
    this.#length += 1;
  }
}

type AllColumns = { [Name in keyof CandidateColumns]-?: NonNullable<CandidateColumns[Name]> };
const columnNames = [
  'ids',
  'steps',
  'parents',
  'outcomes',
  'values',
  'endedAtMs',
  'durationsMs',
  'tokensUpTo',
  'usdUpTo',
  'accepted',
  'firstWithText',
] as const satisfies readonly (keyof AllColumns)[];

function emptyColumns(capacity: number): AllColumns {
  return {
    ids: new Int32Array(capacity),
    steps: new Int32Array(capacity),
    parents: new Int32Array(capacity),
    outcomes: new Uint8Array(capacity),
    values: new Float64Array(capacity),
    endedAtMs: new Float64Array(capacity),
    durationsMs: new Float64Array(capacity),
    tokensUpTo: new Float64Array(capacity),
    usdUpTo: new Float64Array(capacity),
    accepted: new Uint8Array(capacity),
    firstWithText: new Int32Array(capacity),
  };
}

function copyRow(from: CandidateColumns, row: number, to: AllColumns, at: number): void {
  for (const name of columnNames) to[name][at] = from[name]?.[row] ?? 0;
}

import * as z from 'zod';

const sequenced = z.object({ seq: z.int().min(1) });

/** What of a delivery is new, in order. */
export interface Fresh {
  readonly entries: readonly unknown[];
  /** Entries that have no sequence number; each with the number that was awaited. */
  readonly unnumbered: readonly number[];
  /** Entries from `from` to `to` should have come before the next one. What follows them is left out. */
  readonly missing?: { readonly from: number; readonly to: number };
}

/** Takes entries contiguous and once, however deliveries overlap. */
export class EntryOrder {
  #next: number;

  /** `from`: sequence number of the first entry. */
  constructor(from: number) {
    this.#next = from;
  }

  /** Number of the entry that comes next. */
  get next(): number {
    return this.#next;
  }

  take(delivered: readonly unknown[]): Fresh {
    const entries: unknown[] = [];
    const unnumbered: number[] = [];
    for (const entry of delivered) {
      const seq = sequenced.safeParse(entry).data?.seq;
      if (seq === undefined) unnumbered.push(this.#next);
      else if (seq === this.#next) {
        entries.push(entry);
        this.#next++;
      } else if (seq > this.#next) {
        return { entries, unnumbered, missing: { from: this.#next, to: seq - 1 } };
      }
    }
    return { entries, unnumbered };
  }
}

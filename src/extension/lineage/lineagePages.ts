import type { CandidateQuery } from '../../domain/lineage/candidateQuery';
import type { LineageIndex } from '../../domain/lineage/lineageIndex';

/** How candidates are laid out: below their parents, or in one list. */
export type LineageOrder = 'tree' | 'best' | 'newest';

/** Rows that are shown at once, and that `Show 50 More` adds. */
export const pageLength = 50;

/** A candidate that rows stand below; the row that is a line of descent; or the top. */
export type RowsBelow = number | 'line' | undefined;

/** What stands below one row, or at the top. */
export interface LineagePage {
  readonly ids: readonly number[];
  /** How many more there are. */
  readonly left: number;
}

/** Which part of a long lineage is shown: the first rows of each level, and those that someone asked for by name. */
export class LineagePages {
  /** Rows shown below a candidate, or at the top, where they are more than one page. */
  private readonly lengths = new Map<RowsBelow, number>();
  /** Shown wherever they stand: the way to a candidate that was revealed. */
  private readonly pinned = new Set<number>();

  page(all: readonly number[], under: RowsBelow): LineagePage {
    const length = this.lengths.get(under) ?? pageLength;
    const first = all.slice(0, length);
    const far = this.pinned.size === 0 || first.length === all.length ? [] : this.pinnedIn(all, first);
    const ids = [...first, ...far];
    return { ids, left: all.length - ids.length };
  }

  showMore(under: RowsBelow): void {
    this.lengths.set(under, (this.lengths.get(under) ?? pageLength) + pageLength);
  }

  pin(ids: readonly number[]): void {
    for (const id of ids) this.pinned.add(id);
  }

  clear(): void {
    this.lengths.clear();
    this.pinned.clear();
  }

  private pinnedIn(all: readonly number[], first: readonly number[]): number[] {
    const shown = new Set(first);
    return all.filter((id) => this.pinned.has(id) && !shown.has(id));
  }
}

/** The ids below a candidate in an order, or at the top of it. Lists, and what was searched for, have no levels. */
export function idsUnder(
  index: LineageIndex,
  order: LineageOrder,
  found: readonly number[] | undefined,
  under: number | undefined,
): readonly number[] {
  if (found !== undefined || order !== 'tree') {
    if (under !== undefined) return [];
    return found ?? (order === 'best' ? index.byBest() : index.byNewest());
  }
  return under === undefined ? index.roots() : index.childrenOf(under);
}

/** A search as the view keeps it. */
export interface LineageSearch {
  /** As it was typed. */
  readonly text: string;
  readonly query: CandidateQuery;
  /** Candidates whose programs have the words; absent while programs were not looked into. */
  readonly programs?: ReadonlySet<number>;
  /** What of the programs was looked into, where it is not all. */
  readonly note?: string;
}

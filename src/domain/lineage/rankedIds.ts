/**
 * Ids in an order that changes a little at a time. Only what was touched is sorted again, and only when someone looks: a
 * look after k changes among n ids costs O(n + k log k).
 */
export class RankedIds {
  private readonly members = new Set<number>();
  private readonly touched = new Set<number>();
  private ranked: readonly number[] = [];

  /** `compare` must give an order without ties. */
  constructor(private readonly compare: (a: number, b: number) => number) {}

  get size(): number {
    return this.members.size;
  }

  /** Adds an id, or says that what decides its place has changed. */
  touch(id: number): void {
    this.members.add(id);
    this.touched.add(id);
  }

  remove(id: number): void {
    if (this.members.delete(id)) this.touched.add(id);
  }

  has(id: number): boolean {
    return this.members.has(id);
  }

  /** All ids in order; the same array until something changes. */
  ids(): readonly number[] {
    if (this.touched.size === 0) return this.ranked;
    const fresh = [...this.touched].filter((id) => this.members.has(id)).sort(this.compare);
    const kept = this.ranked.filter((id) => !this.touched.has(id));
    this.touched.clear();
    this.ranked = merged(kept, fresh, this.compare);
    return this.ranked;
  }
}

function merged(
  a: readonly number[],
  b: readonly number[],
  compare: (a: number, b: number) => number,
): readonly number[] {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const result: number[] = [];
  let next = 0;
  for (const id of a) {
    for (let other = b[next]; other !== undefined && compare(other, id) < 0; other = b[next]) {
      result.push(other);
      next += 1;
    }
    result.push(id);
  }
  return [...result, ...b.slice(next)];
}

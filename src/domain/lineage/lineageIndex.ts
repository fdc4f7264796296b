import { isBetter, type Goal } from '../problem/problem';
import { PersistentCandidateList } from '../session/candidateList';
import type { CandidateList, CandidateRecord } from '../session/snapshot';
import { RankedIds } from './rankedIds';

interface Node {
  readonly id: number;
  /** Step and group that it was proposed in. */
  readonly group: string;
  parent: Node | undefined;
  value: number | undefined;
  /** Absent for most candidates of a long session, which are nobody's parents. */
  children: RankedIds | undefined;
  /** Steps and groups in which it was a parent. */
  chosen: Set<string> | undefined;
  descendants: number;
  /** The best valid candidate at or below it. */
  best: Node | undefined;
}

/** What a lineage says of one candidate. */
export interface LineageFacts {
  readonly parent: number | undefined;
  readonly children: number;
  readonly descendants: number;
  /** How often the search chose it as a parent: groups of candidates that came from it. */
  readonly timesChosen: number;
  /** The best valid candidate at or below it. */
  readonly bestBelow: number | undefined;
}

/**
 * Who came from whom in a session, and in what order to show them. It grows with the session: an update costs what has
 * changed, and orders are made when they are asked for. Children stand with the best line of descent first.
 */
export class LineageIndex {
  private readonly nodes = new Map<number, Node>();
  /** Children whose parent is not there yet, by its id. */
  private readonly orphans = new Map<number, Node[]>();
  private readonly rootIds = new RankedIds((a, b) => this.compareLines(a, b));
  private readonly best = new RankedIds((a, b) => this.compareValues(a, b));
  private readonly newest = new RankedIds((a, b) => b - a);
  private seen: CandidateList | undefined;

  constructor(private readonly goal: Goal) {}

  get size(): number {
    return this.nodes.size;
  }

  /** Takes in what is new since the last call; candidates never go. False if nothing is. */
  update(candidates: CandidateList): boolean {
    let isChanged = false;
    for (const record of changedCandidates(this.seen, candidates)) {
      isChanged = true;
      this.take(record);
    }
    this.seen = candidates;
    return isChanged;
  }

  /** Candidates without a parent: the initial program. */
  roots(): readonly number[] {
    return this.rootIds.ids();
  }

  childrenOf(id: number): readonly number[] {
    return this.nodes.get(id)?.children?.ids() ?? [];
  }

  /** All of them, the best first; those without a value at the end, the newest of them first. */
  byBest(): readonly number[] {
    return this.best.ids();
  }

  byNewest(): readonly number[] {
    return this.newest.ids();
  }

  facts(id: number): LineageFacts | undefined {
    const node = this.nodes.get(id);
    if (node === undefined) return undefined;
    return {
      parent: node.parent?.id,
      children: node.children?.size ?? 0,
      descendants: node.descendants,
      timesChosen: node.chosen?.size ?? 0,
      bestBelow: node.best?.id,
    };
  }

  /** From the first ancestor down to the candidate itself; empty for an unknown one. */
  pathTo(id: number): number[] {
    const path: number[] = [];
    for (let node = this.nodes.get(id); node !== undefined; node = node.parent) path.push(node.id);
    return path.reverse();
  }

  private take(record: CandidateRecord): void {
    const node = this.nodes.get(record.id) ?? this.add(record);
    const value = record.outcome?.kind === 'valid' ? record.outcome.value : undefined;
    const isWorse =
      node.value !== undefined && (value === undefined || isBetter(this.goal, node.value, value));
    node.value = value;
    this.best.touch(node.id);
    this.touchPlace(node);
    if (isWorse) this.settleUp(node);
    else if (value !== undefined) this.raise(node, node);
  }

  private add(record: CandidateRecord): Node {
    const { id } = record;
    // A journal that says otherwise is wrong, and must not make a circle.
    const parentId = record.parent !== undefined && record.parent < id ? record.parent : undefined;
    const parent = parentId === undefined ? undefined : this.nodes.get(parentId);
    const node: Node = {
      id,
      group: `${record.step}/${record.group}`,
      parent: undefined,
      value: undefined,
      children: undefined,
      chosen: undefined,
      descendants: 0,
      best: undefined,
    };
    this.nodes.set(id, node);
    this.newest.touch(id);
    if (parent !== undefined) this.attach(node, parent);
    else if (parentId !== undefined) {
      this.orphans.set(parentId, [...(this.orphans.get(parentId) ?? []), node]);
    }
    for (const orphan of this.orphans.get(id) ?? []) this.attach(orphan, node);
    this.orphans.delete(id);
    return node;
  }

  private attach(node: Node, parent: Node): void {
    this.rootIds.remove(node.id);
    node.parent = parent;
    parent.chosen ??= new Set();
    parent.chosen.add(node.group);
    parent.children ??= new RankedIds((a, b) => this.compareLines(a, b));
    for (let above: Node | undefined = parent; above !== undefined; above = above.parent) {
      above.descendants += node.descendants + 1;
    }
    this.touchPlace(node);
    if (node.best !== undefined) this.raise(parent, node.best);
  }

  /** The line of descent got better: each ancestor hears of it until one has something better below it. */
  private raise(from: Node, better: Node): void {
    for (let node: Node | undefined = from; node !== undefined; node = node.parent) {
      if (node.best !== undefined && node.best !== better && this.compareValues(node.best.id, better.id) < 0)
        return;
      node.best = better;
      this.touchPlace(node);
    }
  }

  /** A value that counted is gone, or is less than it was: each ancestor looks again. */
  private settleUp(from: Node): void {
    for (let node: Node | undefined = from; node !== undefined; node = node.parent) {
      const first = this.nodes.get(node.children?.ids()[0] ?? -1)?.best;
      const own = node.value === undefined ? undefined : node;
      const best =
        own === undefined || first === undefined
          ? (own ?? first)
          : this.compareValues(own.id, first.id) < 0
            ? own
            : first;
      node.best = best;
      this.touchPlace(node);
    }
  }

  private touchPlace(node: Node): void {
    (node.parent?.children ?? this.rootIds).touch(node.id);
  }

  private compareLines(a: number, b: number): number {
    return this.compare(this.nodes.get(a)?.best?.value, this.nodes.get(b)?.best?.value, a, b);
  }

  private compareValues(a: number, b: number): number {
    return this.compare(this.nodes.get(a)?.value, this.nodes.get(b)?.value, a, b);
  }

  /** The better value first, the earlier candidate among equals; what has none comes last, the newest first. */
  private compare(valueA: number | undefined, valueB: number | undefined, a: number, b: number): number {
    if (valueA === undefined || valueB === undefined) {
      return valueA === valueB ? b - a : valueA === undefined ? 1 : -1;
    }
    if (valueA === valueB) return a - b;
    return isBetter(this.goal, valueA, valueB) ? -1 : 1;
  }
}

/** The candidates that `before`, an earlier list of the same session, does not have, or not in the same state. */
function changedCandidates(
  before: CandidateList | undefined,
  after: CandidateList,
): Iterable<CandidateRecord> {
  if (before === undefined) return after;
  const list =
    after instanceof PersistentCandidateList
      ? after
      : [...after].reduce((all, one) => all.with(one), PersistentCandidateList.empty);
  return list.changedSince(before);
}

import { descending, puctPriorities } from './puct';

/** A candidate as the search sees it. */
export interface ArchiveEntry {
  readonly id: number;
  /** Absent for initial candidates. */
  readonly parent?: number;
  readonly step: number;
  /** The metric, turned so that higher is better; `undefined` where an initial candidate has none. */
  readonly score: number | undefined;
  /** Equal keys mean the same candidate. The empty key equals nothing. */
  readonly contentKey: string;
}

export interface ArchiveOptions {
  /**
   * What a visit is. `rollouts`: every evaluated child, as the reference code counts. `expansions`: a parent's group, as
   * the paper's text counts: between two flushes the first recorded child of a parent counts 1, its siblings nothing.
   */
  readonly visits: 'rollouts' | 'expansions';
  /** Weight c of the exploration bonus. Default 1. */
  readonly exploration?: number;
  /** Most candidates kept after a flush, the initial ones always. Default 1000. */
  readonly capacity?: number;
  /** Children kept a parent after a flush. Default 2. */
  readonly childrenPerParent?: number;
}

/** Something was recorded that does not fit what the archive knows; a fault of the caller or of the journal. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
}

interface Node {
  readonly entry: ArchiveEntry;
  readonly parent: Node | undefined;
  visits: number;
  bestChild: { readonly id: number; readonly score: number } | undefined;
}

/**
 * The candidates kept for reuse, and the choice of parents among them: PUCT as in "Learning to Discover at Test Time"
 * (arXiv 2601.16175), in the details after its published code. Nothing here is random: equal calls in equal order give
 * an equal archive.
 */
export class Archive {
  private readonly options: Required<ArchiveOptions>;
  /** Every candidate that was ever kept: lineages outlive the candidates in them. */
  private readonly nodes = new Map<number, Node>();
  /** What is in the archive now. The order decides ties. */
  private buffer: Node[] = [];
  private keys = new Set<string>();
  private totalVisits = 0;
  private expandedSinceFlush = new Set<number>();

  constructor(options: ArchiveOptions) {
    this.options = { exploration: 1, capacity: 1000, childrenPerParent: 2, ...options };
  }

  /** Candidates in the archive now. */
  get size(): number {
    return this.buffer.length;
  }

  /** The candidate if it is or ever was in the archive. */
  entry(id: number): ArchiveEntry | undefined {
    return this.nodes.get(id)?.entry;
  }

  /** Visits n of the candidate, those of its descendants included; 0 for unknown ids. */
  visitsOf(id: number): number {
    return this.nodes.get(id)?.visits ?? 0;
  }

  /** The best direct child ever recorded, kept in the archive or not; the earliest among equals. */
  bestChildOf(id: number): number | undefined {
    return this.nodes.get(id)?.bestChild?.id;
  }

  /** Initial candidates are never dropped and never compared for equality: eight equal ones are eight starting points. */
  insertInitial(entry: ArchiveEntry): void {
    if (entry.parent !== undefined) throw new ArchiveError(`initial candidate ${entry.id} has a parent`);
    this.insert(entry, undefined);
  }

  /**
   * The ids of up to `count` different parents, best first. After a choice the candidate's ancestors and descendants are out, so
   * that the groups of a step explore different lineages; hence fewer than `count` where there are too few lineages.
   */
  select(count: number): number[] {
    const chosen = new Set<Node>();
    const ancestorsOfChosen = new Set<Node>();
    for (const node of this.byPriority()) {
      if (chosen.size >= count) break;
      if (ancestorsOfChosen.has(node) || hasAncestorIn(node, chosen)) continue;
      chosen.add(node);
      for (let up = node.parent; up !== undefined && !ancestorsOfChosen.has(up); up = up.parent) {
        ancestorsOfChosen.add(up);
      }
    }
    return [...chosen].map((node) => node.entry.id);
  }

  /**
   * A child with a valid evaluation. Counts the visit, then keeps the child unless its content is in the archive already.
   * Throws `ArchiveError` for a parent that was never kept or a score that is not finite.
   */
  recordSuccess(entry: ArchiveEntry): 'inserted' | 'duplicate' {
    const { id, score } = entry;
    if (score === undefined || !Number.isFinite(score)) {
      throw new ArchiveError(`candidate ${id} was recorded as a success without a finite score`);
    }
    const parent = this.knownNode(entry.parent, `parent of candidate ${id}`);
    if (parent.bestChild === undefined || score > parent.bestChild.score) parent.bestChild = { id, score };
    this.countVisit(parent);
    if (this.keys.has(entry.contentKey)) return 'duplicate';
    this.insert(entry, parent);
    return 'inserted';
  }

  /** A child of `parent` whose evaluation failed: the visit counts, nothing is kept. */
  recordFailure(parent: number): void {
    this.countVisit(this.knownNode(parent, 'parent of a failed candidate'));
  }

  /**
   * Ends a step: keeps the best children of each parent over the whole history, then the best of all up to the capacity.
   * Visits are never trimmed.
   */
  flush(): void {
    this.expandedSinceFlush.clear();
    const initial = this.buffer.filter((node) => node.parent === undefined);
    const families = new Map<Node, Node[]>();
    for (const node of this.buffer) {
      if (node.parent === undefined) continue;
      const siblings = families.get(node.parent);
      if (siblings) siblings.push(node);
      else families.set(node.parent, [node]);
    }
    const children = [...families.values()].flatMap((siblings) =>
      siblings.sort(byScore).slice(0, this.options.childrenPerParent),
    );
    const room = Math.max(0, this.options.capacity - initial.length);
    if (children.length > room) {
      const best = new Set([...children].sort(byScore).slice(0, room));
      this.buffer = [...initial, ...children.filter((node) => best.has(node))];
    } else {
      this.buffer = [...initial, ...children];
    }
    this.keys = new Set(this.buffer.map((node) => node.entry.contentKey).filter((key) => key !== ''));
  }

  /** Highest priority first; among equals the better candidate, then the order of the buffer. */
  private byPriority(): Node[] {
    const priorities = puctPriorities(
      this.buffer.map((node) => ({
        score: node.entry.score,
        initial: node.parent === undefined,
        visits: node.visits,
        bestChildScore: node.bestChild?.score,
      })),
      this.totalVisits,
      this.options.exploration,
    );
    return this.buffer
      .map((node, index) => ({ node, priority: priorities[index] }))
      .sort((a, b) => descending(a.priority, b.priority) || byScore(a.node, b.node))
      .map(({ node }) => node);
  }

  private countVisit(parent: Node): void {
    if (this.options.visits === 'expansions') {
      if (this.expandedSinceFlush.has(parent.entry.id)) return;
      this.expandedSinceFlush.add(parent.entry.id);
    }
    this.totalVisits += 1;
    for (let node: Node | undefined = parent; node !== undefined; node = node.parent) node.visits += 1;
  }

  private insert(entry: ArchiveEntry, parent: Node | undefined): void {
    if (this.nodes.has(entry.id)) throw new ArchiveError(`candidate ${entry.id} is in the archive already`);
    const node: Node = { entry, parent, visits: 0, bestChild: undefined };
    this.nodes.set(entry.id, node);
    this.buffer.push(node);
    if (entry.contentKey !== '') this.keys.add(entry.contentKey);
  }

  private knownNode(id: number | undefined, role: string): Node {
    const node = id === undefined ? undefined : this.nodes.get(id);
    if (node === undefined) throw new ArchiveError(`${role} was never in the archive: ${id ?? 'none given'}`);
    return node;
  }
}

function byScore(a: Node, b: Node): number {
  return descending(a.entry.score, b.entry.score);
}

function hasAncestorIn(node: Node, set: ReadonlySet<Node>): boolean {
  for (let up = node.parent; up !== undefined; up = up.parent) if (set.has(up)) return true;
  return false;
}

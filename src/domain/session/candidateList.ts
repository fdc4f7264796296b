import type { CandidateList, CandidateRecord } from './snapshot';

const branching = 32;

/** Leaves (height 0) hold candidates, inner nodes hold nodes; a missing slot is a hole. */
interface Node {
  readonly slots: readonly (Node | CandidateRecord | undefined)[];
}

/**
 * An immutable list of candidates by id: a tree with 32 slots a node. A changed list shares all but one path (at most three
 * nodes up to 32,768 candidates) with the old one. Holes cost nothing, so that one strange id cannot fill the memory.
 */
export class PersistentCandidateList implements CandidateList {
  static readonly empty = new PersistentCandidateList(undefined, 0, 0);

  /** The list itself where it is one already. */
  static of(list: CandidateList): PersistentCandidateList {
    if (list instanceof PersistentCandidateList) return list;
    let copy = PersistentCandidateList.empty;
    for (const record of list) copy = copy.with(record);
    return copy;
  }

  private constructor(
    private readonly root: Node | undefined,
    private readonly height: number,
    readonly length: number,
  ) {}

  at(id: number): CandidateRecord | undefined {
    if (!(Number.isSafeInteger(id) && id >= 0 && id < capacityOf(this.height))) return undefined;
    let found: Node | CandidateRecord | undefined = this.root;
    for (let height = this.height; height >= 0; height--) {
      if (found === undefined || !isNode(found)) return undefined;
      found = found.slots[slotOf(id, height)];
    }
    return found === undefined || isNode(found) ? undefined : found;
  }

  /** The list with `record` in the place of its id. */
  with(record: CandidateRecord): PersistentCandidateList {
    const { id } = record;
    if (!Number.isSafeInteger(id) || id < 0)
      throw new RangeError(`a candidate's id is a whole number, not ${id}`);
    let { root, height } = this;
    while (id >= capacityOf(height)) {
      root = root && { slots: [root] };
      height += 1;
    }
    return new PersistentCandidateList(setIn(root, height, record), height, Math.max(this.length, id + 1));
  }

  *[Symbol.iterator](): Iterator<CandidateRecord> {
    if (this.root) yield* recordsIn(this.root);
  }

  /**
   * The candidates that are not the same objects as in `older`, by ascending id. Parts that both lists share are passed over, so that
   * little is done where little changed.
   */
  changedSince(older: CandidateList): readonly CandidateRecord[] {
    if (!(older instanceof PersistentCandidateList)) {
      return [...this].filter((record) => older.at(record.id) !== record);
    }
    let { root } = older;
    for (let { height } = older; height < this.height; height++) root = root && { slots: [root] };
    const changed: CandidateRecord[] = [];
    if (this.root) collectChanged(this.root, older.height > this.height ? undefined : root, changed);
    return changed;
  }

  /** Nodes of the tree from the left; for a test of what two lists share. */
  *nodes(): Iterable<object> {
    if (this.root) yield* nodesIn(this.root);
  }
}

function setIn(node: Node | undefined, height: number, record: CandidateRecord): Node {
  const slots = node ? [...node.slots] : [];
  const slot = slotOf(record.id, height);
  while (slots.length < slot) slots.push(undefined);
  const child = slots[slot];
  slots[slot] =
    height === 0
      ? record
      : setIn(child !== undefined && isNode(child) ? child : undefined, height - 1, record);
  return { slots };
}

function slotOf(id: number, height: number): number {
  return Math.floor(id / branching ** height) % branching;
}

function capacityOf(height: number): number {
  return branching ** (height + 1);
}

function isNode(value: Node | CandidateRecord): value is Node {
  return 'slots' in value;
}

function* recordsIn(node: Node): Iterable<CandidateRecord> {
  for (const slot of node.slots) {
    if (slot === undefined) continue;
    if (isNode(slot)) yield* recordsIn(slot);
    else yield slot;
  }
}

function collectChanged(node: Node, older: Node | undefined, changed: CandidateRecord[]): void {
  for (let index = 0; index < node.slots.length; index++) {
    const slot = node.slots[index];
    const old = older?.slots[index];
    if (slot === undefined || slot === old) continue;
    if (isNode(slot)) collectChanged(slot, old !== undefined && isNode(old) ? old : undefined, changed);
    else changed.push(slot);
  }
}

function* nodesIn(node: Node): Iterable<object> {
  yield node;
  for (const slot of node.slots) if (slot !== undefined && isNode(slot)) yield* nodesIn(slot);
}

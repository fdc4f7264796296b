/** Why requests wait, in the order of how much it matters to the user. */
export type WaitReason = 'billing-pause' | 'unreachable' | 'rate-limited' | 'waiting-for-capacity';

export type TinkerState =
  | { readonly kind: 'ready' }
  | { readonly kind: WaitReason; readonly sinceMs: number; readonly detail: string };

const byWeight: readonly WaitReason[] = [
  'billing-pause',
  'unreachable',
  'rate-limited',
  'waiting-for-capacity',
];
const ready: TinkerState = { kind: 'ready' };

/** What holds requests up now, over all that are under way; the weightiest is announced. */
export class Conditions {
  private readonly waiting = new Map<WaitReason, { count: number; sinceMs: number; detail: string }>();
  private announced: TinkerState = ready;

  constructor(
    private readonly nowMs: () => number,
    private readonly announce: (state: TinkerState) => void,
  ) {}

  get state(): TinkerState {
    return this.announced;
  }

  /** Counts one waiting request in; the returned function, called once or more, counts it out. */
  enter(reason: WaitReason, detail: string): () => void {
    const entry = this.waiting.get(reason) ?? { count: 0, sinceMs: this.nowMs(), detail };
    entry.count += 1;
    this.waiting.set(reason, entry);
    this.update();
    let entered = true;
    return () => {
      if (!entered) return;
      entered = false;
      entry.count -= 1;
      if (entry.count === 0) this.waiting.delete(reason);
      this.update();
    };
  }

  private update(): void {
    const kind = byWeight.find((reason) => this.waiting.has(reason));
    if (kind === (this.announced.kind === 'ready' ? undefined : this.announced.kind)) return;
    const entry = kind && this.waiting.get(kind);
    this.announced = kind && entry ? { kind, sinceMs: entry.sinceMs, detail: entry.detail } : ready;
    this.announce(this.announced);
  }
}

/** The one condition that a single request is in; changes are announced through `Conditions`. */
export class RequestCondition {
  private reason: WaitReason | undefined;
  private leave: () => void = () => undefined;

  constructor(private readonly conditions: Conditions) {}

  set(reason: WaitReason | undefined, detail = ''): void {
    if (reason === this.reason) return;
    const leaveOld = this.leave;
    this.reason = reason;
    this.leave = reason === undefined ? () => undefined : this.conditions.enter(reason, detail);
    leaveOld();
  }
}

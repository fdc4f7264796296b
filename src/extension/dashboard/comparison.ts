import type { SessionSnapshot } from '../../domain/session/snapshot';
import type { Overlay } from '../../protocol/dashboardData';
import type { ToDashboard } from '../../protocol/dashboardMessages';
import type { Sessions, SessionView } from '../sessions/sessions';
import { OverlaySource } from './overlays';
import { distinctTitles, sessionWords } from '../sessions/sessionNames';

/** Other sessions are drawn thinly: they need not be up to the quarter of a second. */
export const comparisonIntervalMs = 2000;

type ComparisonMessage = Extract<ToDashboard, { type: 'comparison' }>;

/** True for two sessions whose values can stand in one chart: the same problem, with the same metric. */
export function isSameProblem(a: SessionSnapshot, b: SessionSnapshot): boolean {
  const [one, other] = [a.problem, b.problem];
  if (one === undefined || other === undefined) return false;
  return (
    one.metric.name === other.metric.name &&
    one.metric.goal === other.metric.goal &&
    (one.metric.unit ?? '') === (other.metric.unit ?? '') &&
    (one.title === other.title || one.path === other.path)
  );
}

/** The sessions of this window, on whichever host, that one page can lay over its own. */
export class Comparison {
  private chosen: ReadonlySet<string> = new Set();
  private readonly sources = new Map<string, OverlaySource>();
  private sent: { sessions: string; overlays: readonly Overlay[] } | undefined;
  private lookedAtMs = Number.NEGATIVE_INFINITY;
  /** Another session may have changed since. */
  private isBehind = false;
  /** The page waits for its choice. */
  private isAsked = false;

  constructor(private readonly sessions: Pick<Sessions, 'all' | 'get'>) {}

  /** Lays these over, and no others. Those that are not known, or not of this problem, are passed over. */
  choose(sessionIds: readonly string[]): void {
    this.chosen = new Set(sessionIds);
    for (const id of [...this.sources.keys()]) if (!this.chosen.has(id)) this.sources.delete(id);
    this.isAsked = true;
  }

  /** Some session changed. True if that can change what is shown beside `view`. */
  changed(view: SessionView, changedId: string): boolean {
    const isConcerned = this.concerns(view, changedId);
    this.isBehind ||= isConcerned;
    return isConcerned;
  }

  /** Whether something waits for its time, and so will come without a further change. */
  get isWaiting(): boolean {
    return this.isBehind;
  }

  message(view: SessionView, nowMs: number, isWhole: boolean): ComparisonMessage | undefined {
    if (!isWhole && !this.isAsked) {
      if (!this.isBehind || nowMs < this.lookedAtMs + comparisonIntervalMs) return undefined;
    }
    this.isAsked = false;
    this.isBehind = false;
    this.lookedAtMs = nowMs;
    const others = this.sessions.all.filter(
      (other) => other.id !== view.id && isSameProblem(view.snapshot, other.snapshot),
    );
    const named = distinctTitles(others.map((other) => ({ other, id: other.id, ...sessionWords(other) })));
    const sessions = named.map(({ other, title, description }) => ({
      sessionId: other.id,
      title,
      description,
      best: bestOf(other.snapshot),
      evaluated: other.snapshot.evaluated,
      shown: this.chosen.has(other.id),
    }));
    const overlays = named
      .filter(({ id }) => this.chosen.has(id))
      .map(({ other, title }) => this.sourceOf(other.id).of(other, title));
    const text = JSON.stringify(sessions);
    const isSame =
      text === this.sent?.sessions &&
      overlays.length === this.sent.overlays.length &&
      overlays.every((overlay, index) => overlay === this.sent?.overlays[index]);
    if (isSame && !isWhole) return undefined;
    this.sent = { sessions: text, overlays };
    return { type: 'comparison', sessions, overlays };
  }

  private concerns(view: SessionView, changedId: string): boolean {
    const other = this.sessions.get(changedId);
    return (
      changedId !== view.id &&
      (other === undefined
        ? this.sent?.sessions.includes(changedId) === true
        : isSameProblem(view.snapshot, other.snapshot))
    );
  }

  private sourceOf(sessionId: string): OverlaySource {
    let source = this.sources.get(sessionId);
    if (source === undefined) {
      source = new OverlaySource();
      this.sources.set(sessionId, source);
    }
    return source;
  }
}

function bestOf({ best, candidates }: SessionSnapshot): number | null {
  const outcome = best === undefined ? undefined : candidates.at(best)?.outcome;
  return outcome?.kind === 'valid' ? outcome.value : null;
}

import type { CandidateDecision } from '../../domain/lineage/candidateQuery';
import { Emitter, type Closeable } from '../base/emitter';
import type { AcceptedRecord } from '../candidates/provenance/provenance';

/** What of decisions is looked at. */
export interface DecisionSource {
  /** Records of the file that a session's candidates compete with; empty where there is none. */
  recordsOf(sessionId: string): Promise<readonly AcceptedRecord[]>;
  dismissedOf(sessionId: string): readonly number[];
}

/** What the user decided on each candidate of a session, for its badge: what their file holds counts more than what was said. */
export class CandidateDecisions implements Closeable {
  private readonly known = new Map<string, ReadonlyMap<number, CandidateDecision>>();
  private readonly mentioned = new Map<string, Set<number>>();
  private readonly changes: Emitter<string>;
  /** Fires with the id of a session. */
  readonly onDidChange: Emitter<string>['event'];

  constructor(
    private readonly source: DecisionSource,
    private readonly warn: (message: string, error: unknown) => void,
  ) {
    this.changes = new Emitter((error) => warn('A listener of decisions', error));
    this.onDidChange = this.changes.event;
  }

  /** What is known so far; `refresh` finds out. */
  of(sessionId: string, candidate: number): CandidateDecision | undefined {
    return this.known.get(sessionId)?.get(candidate);
  }

  /** Candidates that something was decided on, or was before the latest change. */
  decided(sessionId: string): number[] {
    return [...(this.mentioned.get(sessionId) ?? [])];
  }

  async refresh(sessionId: string): Promise<void> {
    const before = this.known.get(sessionId);
    let after: ReadonlyMap<number, CandidateDecision>;
    try {
      after = decisionsFrom(
        sessionId,
        await this.source.recordsOf(sessionId),
        this.source.dismissedOf(sessionId),
      );
    } catch (error) {
      this.warn('The record of accepted candidates', error);
      return;
    }
    this.known.set(sessionId, after);
    const mentioned = this.mentioned.get(sessionId) ?? new Set();
    for (const candidate of after.keys()) mentioned.add(candidate);
    this.mentioned.set(sessionId, mentioned);
    const isSame = before?.size === after.size && [...after].every(([id, one]) => before.get(id) === one);
    if (!isSame) this.changes.fire(sessionId);
  }

  dispose(): void {
    this.changes.dispose();
  }
}

export function decisionsFrom(
  sessionId: string,
  records: readonly Pick<AcceptedRecord, 'session' | 'candidate' | 'fidelity'>[],
  dismissed: readonly number[],
): Map<number, CandidateDecision> {
  const decisions = new Map<number, CandidateDecision>();
  for (const candidate of dismissed) decisions.set(candidate, 'rejected');
  for (const { session, candidate, fidelity } of records) {
    if (session !== sessionId || fidelity === 'undone') continue;
    decisions.set(candidate, fidelity === 'partial' ? 'partial' : 'accepted');
  }
  return decisions;
}

import type { EvaluationOutcome } from '../../../domain/session/outcome';
import type { SessionView } from '../../sessions/sessions';
import type { RememberedEvaluation } from './rememberedEvaluations';
import { t } from '../../base/translate';

/** An evaluation that happened, and of what. */
export interface LastEvaluation {
  readonly outcome: EvaluationOutcome;
  /** `the initial program`, `c17`. */
  readonly of: string;
  /** Unix milliseconds. */
  readonly atMs: number;
}

type ProblemSession = Pick<SessionView, 'problemUri' | 'snapshot'>;

/** The newest evaluation of a problem: of its initial program by hand, or of the best candidate of a session. */
export function lastEvaluation(
  problemUri: string,
  remembered: RememberedEvaluation | undefined,
  sessions: readonly ProblemSession[],
): LastEvaluation | undefined {
  const byHand = remembered && {
    outcome: remembered.outcome,
    of: t('the initial program'),
    atMs: remembered.atMs,
  };
  const ofSessions = sessions.flatMap((session) =>
    session.problemUri === problemUri ? (bestOf(session) ?? []) : [],
  );
  return [...(byHand === undefined ? [] : [byHand]), ...ofSessions].reduce<LastEvaluation | undefined>(
    (newest, one) => (newest === undefined || one.atMs > newest.atMs ? one : newest),
    undefined,
  );
}

function bestOf({ snapshot }: ProblemSession): LastEvaluation | undefined {
  const { best, candidates } = snapshot;
  const record = best === undefined ? undefined : candidates.at(best);
  if (record?.outcome === undefined) return undefined;
  const { outcome, proposedAtMs, durationMs = 0 } = record;
  return { outcome, of: `c${record.id}`, atMs: proposedAtMs + durationMs };
}

/** The outcome of exactly this text as the problem's initial program, if it was ever evaluated; the newest. */
export function outcomeOfInitial(
  problemUri: string,
  sha256: string,
  remembered: RememberedEvaluation | undefined,
  sessions: readonly ProblemSession[],
): EvaluationOutcome | undefined {
  const byHand = remembered?.sha256 === sha256 ? [remembered] : [];
  const ofSessions = sessions.flatMap(({ problemUri: uri, snapshot }) => {
    const initial = snapshot.candidates.at(0);
    if (uri !== problemUri || initial?.sha256 !== sha256 || initial.outcome === undefined) return [];
    return [{ outcome: initial.outcome, atMs: initial.proposedAtMs }];
  });
  return [...byHand, ...ofSessions].toSorted((a, b) => b.atMs - a.atMs)[0]?.outcome;
}

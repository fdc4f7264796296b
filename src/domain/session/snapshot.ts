import type { EvaluationAccounts } from './evaluationAccounts';
import type { MachineRecord, ProblemRecord, ReusedFrom } from './events';
import type { SessionOptions } from './options';
import type { SessionNote } from './notes';
import type { EvaluationOutcome } from './outcome';
import type { ActiveClock, StepTimes } from './stepTimes';

/** A candidate as readers of a session see it. */
export interface CandidateRecord {
  readonly id: number;
  /** -1 for the initial program. */
  readonly step: number;
  readonly group: number;
  readonly member: number;
  readonly parent?: number;
  readonly sha256: string;
  readonly note?: string;
  readonly proposedAtMs: number;
  /** Absent while the evaluation runs. */
  readonly outcome?: EvaluationOutcome;
  readonly durationMs?: number;
  /** Nothing was run for it: its outcome is that of the same evaluation. */
  readonly reusedFrom?: ReusedFrom;
  /** When the outcome came, by the host's clock, Unix milliseconds. */
  readonly endedAtMs?: number;
  /** What the policy's answer took. A prompt that several candidates share is counted at one of them. */
  readonly usage?: Pick<TokenUsage, 'promptTokens' | 'sampledTokens'>;
  /** Of a candidate that was the best when its step ended. */
  readonly verification?: Verification;
}

/** What came of running a candidate again with another seed. */
export interface Verification {
  readonly verdict: 'confirmed' | 'refuted' | 'unclear';
  /** With that seed; only of a confirmed one. */
  readonly value?: number;
  readonly durationMs: number;
}

/** How the metric was distributed over the valid candidates of one step; all numbers in the metric's own unit. */
export interface StepSummary {
  readonly step: number;
  readonly proposed: number;
  readonly evaluated: number;
  readonly valid: number;
  /** Best of the step under the goal. */
  readonly best?: number;
  readonly worst?: number;
  readonly mean?: number;
  readonly median?: number;
  readonly p5?: number;
  readonly p25?: number;
  readonly p75?: number;
  readonly p95?: number;
  /** The values of the valid candidates, ascending. */
  readonly values?: readonly number[];
  /** Best of this and all earlier steps and of the initial program. */
  readonly bestSoFar?: number;
  readonly finished: boolean;
  readonly durationMs?: number;
  readonly gauges: Readonly<Record<string, number>>;
  /** Absent before anything happened in it. */
  readonly times?: StepTimes;
  /** What its candidates and its update took. */
  readonly usage?: TokenUsage;
}

export type SessionStatus =
  'preparing' | 'running' | 'pausing' | 'paused' | 'stopping' | 'finished' | 'failed';

/** Tokens that were paid for or computed. */
export interface TokenUsage {
  readonly promptTokens: number;
  readonly sampledTokens: number;
  readonly trainedTokens: number;
}

/** A node of a cluster that evaluations ran on. */
export interface NodeRecord {
  readonly node: string;
  /** See `isolationWords`. */
  readonly isolation: string;
}

/** The whole of a session, derived from its journal by `reduce` and by nothing else. */
export interface SessionSnapshot {
  /** Number of the last entry that is in it; 0 before the first. */
  readonly lastSeq: number;
  readonly lastEventAtMs?: number;
  readonly sessionId?: string;
  readonly problem?: ProblemRecord;
  readonly options?: SessionOptions;
  readonly status: SessionStatus;
  /** A sentence for people: what the session is doing, or why it ended. */
  readonly statusMessage?: string;
  readonly createdAtMs?: number;
  /** Absent before the first entry. */
  readonly clock?: ActiveClock;
  readonly hostName?: string;
  /** What evaluations ran on last, where that is the host. */
  readonly machine?: MachineRecord;
  /** What keeps its evaluations from the rest of the host: see `isolationWords`. */
  readonly isolation?: string;
  /** The nodes of a cluster from which evaluations came back, each with what isolated its last one; absent before the first. */
  readonly nodes?: readonly NodeRecord[];
  /** Runner processes so far. */
  readonly runs: number;
  /** The step in work, or the last one; -1 until the first step begins. */
  readonly step: number;
  /** Best valid candidate under the goal; the earliest among equals. */
  readonly best?: number;
  /** The one to announce: best of all whose step has ended, and so was looked at again. */
  readonly announcedBest?: number;
  readonly candidates: CandidateList;
  readonly evaluated: number;
  readonly valid: number;
  /** Runs of parents to compare their children with; absent before the first. They are not in `evaluated`. */
  readonly parentRuns?: number;
  /** What evaluations took and spared; absent before the first. */
  readonly accounts?: EvaluationAccounts;
  /** The evaluations of the initial program (step -1); absent before the first is proposed. */
  readonly initial?: StepSummary;
  /** Index = step. */
  readonly steps: readonly StepSummary[];
  /** Tokens so far. */
  readonly usage: TokenUsage;
  /** The pause that the session is in, or was in when it ended; `seq` tells it from others. */
  readonly pause?: { readonly reason: 'user' | 'error' | 'disk-full'; readonly seq: number };
  /** Of the pause: what a client can remove by itself, see `session.paused`. */
  readonly pauseCode?: string;
  /** The newest 100. */
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
  /** Notes by which a person steers, oldest first; the newest few. */
  readonly notes: readonly SessionNote[];
}

/**
 * Candidates by id; iterating goes by ascending id. Sharing structure between snapshots keeps a new one cheap at tens of
 * thousands.
 */
export interface CandidateList extends Iterable<CandidateRecord> {
  /** Highest id plus one; an id below it may be missing, as proposals come in any order. */
  readonly length: number;
  at(id: number): CandidateRecord | undefined;
}

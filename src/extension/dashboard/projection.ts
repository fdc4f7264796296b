import { isBetter } from '../../domain/problem/problem';
import type { CandidateRecord, SessionSnapshot, StepSummary } from '../../domain/session/snapshot';
import {
  candidateRowLimit,
  type CandidateRow,
  type DashboardHeader,
  type StepRow,
} from '../../protocol/dashboardMessages';
import type { SessionView } from '../sessions/sessions';
import { usageFacts } from '../sessions/usageFacts';
import { distinctWarnings } from '../sessions/warningWords';
import { connectionText, statusOf } from './sessionWords';

/** All that the page shows of a session. */
export interface DashboardProjection {
  readonly header: DashboardHeader;
  readonly steps: readonly StepRow[];
  readonly candidates: readonly CandidateRow[];
}

/** `nowMs` is Unix milliseconds of this machine; it only reaches the words about the connection. */
export function projectDashboard(view: SessionView, nowMs: number): DashboardProjection {
  return {
    header: projectHeader(view, nowMs),
    steps: view.snapshot.steps.map(projectStep),
    candidates: projectCandidates(view.snapshot),
  };
}

/** What to send to a page that shows `previous`. */
export type ProjectionDiff =
  | { readonly kind: 'same' }
  | ({ readonly kind: 'patch' } & DashboardProjection)
  /** A patch cannot take steps away: the journal was read anew. */
  | { readonly kind: 'snapshot' };

export function diffProjection(previous: DashboardProjection, next: DashboardProjection): ProjectionDiff {
  if (next.steps.length < previous.steps.length) return { kind: 'snapshot' };
  const steps = next.steps.filter((row, index) => !sameRow(row, previous.steps[index]));
  const candidatesSame =
    next.candidates.length === previous.candidates.length &&
    next.candidates.every((row, index) => sameRow(row, previous.candidates[index]));
  const headerSame = JSON.stringify(next.header) === JSON.stringify(previous.header);
  if (steps.length === 0 && candidatesSame && headerSame) return { kind: 'same' };
  return { kind: 'patch', header: next.header, steps, candidates: next.candidates };
}

/** Rows are flat but for a step's gauges: comparing their fields is enough. Both are made by one function, so their keys are the same. */
function sameRow<Row extends StepRow | CandidateRow>(a: Row, b: Row | undefined): boolean {
  if (b === undefined) return false;
  return (Object.keys(a) as (keyof Row)[]).every(
    (key) => a[key] === b[key] || (key === 'gauges' && JSON.stringify(a[key]) === JSON.stringify(b[key])),
  );
}

function projectHeader(view: SessionView, nowMs: number): DashboardHeader {
  const { snapshot } = view;
  const { problem } = snapshot;
  return {
    title: problem?.title ?? `Session ${view.id}`,
    metricName: problem?.metric.name ?? '',
    unit: problem?.metric.unit ?? '',
    goal: problem?.metric.goal ?? 'minimize',
    references: (problem?.references ?? []).map(({ label, value }) => ({ label, value })),
    ...statusOf(view),
    connection: view.connection.state,
    connectionText: connectionText(view, nowMs),
    hostLabel: view.hostLabel,
    best: bestOf(snapshot, snapshot.best),
    announcedBest: bestOf(snapshot, snapshot.announcedBest),
    initialValue: valueOf(snapshot.candidates.at(0)),
    evaluated: snapshot.evaluated,
    valid: snapshot.valid,
    lastSeq: snapshot.lastSeq,
    usage: projectUsage(snapshot),
    allowed: allowedRequests(view),
    warnings: distinctWarnings(snapshot),
  };
}

function projectUsage(snapshot: SessionSnapshot): DashboardHeader['usage'] {
  const facts = usageFacts(snapshot);
  if (facts === undefined) return null;
  const { usage, maxTokens, tokensPerSecond, cost } = facts;
  return {
    ...usage,
    maxTokens: maxTokens ?? null,
    tokensPerSecond: tokensPerSecond ?? null,
    cost: cost
      ? { usd: cost.usd, budgetUsd: cost.budgetUsd ?? null, expectedUsd: cost.expectedUsd ?? null }
      : null,
  };
}

/** Requests need a host that is heard; all but Resume, which starts the process again, need a live process. */
function allowedRequests(view: SessionView): DashboardHeader['allowed'] {
  const heard = view.connection.state === 'connected';
  const live = heard && view.connection.verdict.state === 'live';
  const isGone = heard && view.connection.verdict.state === 'exited';
  const { status } = view.snapshot;
  return {
    pause: live && status === 'running',
    resume: (live && status === 'paused') || (isGone && statusOf(view).status === 'interrupted'),
    stop: live && ['preparing', 'running', 'pausing', 'paused'].includes(status),
  };
}

function bestOf(snapshot: SessionSnapshot, id: number | undefined): DashboardHeader['best'] {
  if (id === undefined) return null;
  const value = valueOf(snapshot.candidates.at(id));
  return value === null ? null : { id, value };
}

function valueOf(candidate: CandidateRecord | undefined): number | null {
  return candidate?.outcome?.kind === 'valid' ? candidate.outcome.value : null;
}

function projectStep(step: StepSummary): StepRow {
  return {
    step: step.step,
    proposed: step.proposed,
    evaluated: step.evaluated,
    valid: step.valid,
    finished: step.finished,
    best: step.best ?? null,
    mean: step.mean ?? null,
    median: step.median ?? null,
    p5: step.p5 ?? null,
    p25: step.p25 ?? null,
    p75: step.p75 ?? null,
    p95: step.p95 ?? null,
    bestSoFar: step.bestSoFar ?? null,
    gauges: { ...step.gauges },
  };
}

const bestRowLimit = 50;

/** The newest candidates and the best ones, newest first. One pass: sessions have tens of thousands. */
function projectCandidates(snapshot: SessionSnapshot): CandidateRow[] {
  const { candidates } = snapshot;
  if (candidates.length <= candidateRowLimit) {
    return Array.from(candidates, projectCandidate).sort((a, b) => b.id - a.id);
  }
  const shown = new Map<number, CandidateRecord>();
  for (const candidate of bestCandidates(snapshot)) shown.set(candidate.id, candidate);
  for (let id = candidates.length - 1; id >= 0 && shown.size < candidateRowLimit; id--) {
    const candidate = candidates.at(id);
    if (candidate !== undefined) shown.set(id, candidate);
  }
  return [...shown.values()].sort((a, b) => b.id - a.id).map(projectCandidate);
}

function bestCandidates(snapshot: SessionSnapshot): CandidateRecord[] {
  const goal = snapshot.problem?.metric.goal ?? 'minimize';
  const best: { value: number; candidate: CandidateRecord }[] = [];
  for (const candidate of snapshot.candidates) {
    const value = valueOf(candidate);
    if (value === null) continue;
    const last = best.at(-1);
    if (best.length === bestRowLimit && last !== undefined && !isBetter(goal, value, last.value)) continue;
    // The earliest comes first among equals: it is placed behind all that are not worse.
    const place = best.findIndex((other) => isBetter(goal, value, other.value));
    best.splice(place === -1 ? best.length : place, 0, { value, candidate });
    if (best.length > bestRowLimit) best.pop();
  }
  return best.map(({ candidate }) => candidate);
}

function projectCandidate(candidate: CandidateRecord): CandidateRow {
  const { outcome } = candidate;
  return {
    id: candidate.id,
    step: candidate.step,
    parent: candidate.parent ?? null,
    state: outcome === undefined ? 'running' : outcome.kind,
    value: valueOf(candidate),
    note: noteOf(candidate),
    durationMs: candidate.durationMs ?? null,
  };
}

/** The failure, or what the policy changed and what came of a second run. */
function noteOf({ outcome, note, verification }: CandidateRecord): string {
  if (outcome?.kind === 'failed') return outcome.message;
  const again =
    verification === undefined
      ? undefined
      : verification.value === undefined
        ? 'run again, it ended by a limit'
        : `run again with another seed: ${Number(verification.value.toPrecision(8))}`;
  return [note, again].filter((part) => part !== undefined && part !== '').join('; ');
}

import { evaluationUse } from '../../domain/report/evaluationUse';
import type { SessionSnapshot } from '../../domain/session/snapshot';
import { evaluatorsBusy, stagesOf } from '../../domain/session/stepTimes';
import type { CandidateRow, DashboardHeader, StepRow } from '../../protocol/dashboardMessages';
import { sessionWords } from '../sessions/sessionNames';
import type { SessionView } from '../sessions/sessions';
import { usageFacts } from '../sessions/usageFacts';
import { distinctWarnings } from '../sessions/warningWords';
import { CandidateRows, valueOf } from './candidateRows';
import { CandidateTable, type StepTotals } from './candidateTable';
import { connectionText, statusOf } from './sessionWords';
import { t } from '../base/translate';

/** All that the page shows of a session but its columns. */
export interface DashboardProjection {
  readonly header: DashboardHeader;
  readonly steps: readonly StepRow[];
  readonly candidates: readonly CandidateRow[];
}

/** `nowMs` is Unix milliseconds of this machine; it only reaches the words about the connection. */
export function projectDashboard(view: SessionView, nowMs: number): DashboardProjection {
  const { snapshot } = view;
  const table = new CandidateTable();
  table.update(snapshot, snapshot.candidates);
  return {
    header: projectHeader(view, nowMs),
    steps: projectSteps(snapshot, table.totals()),
    candidates: new CandidateRows().update(snapshot, snapshot.candidates),
  };
}

export function projectHeader(view: SessionView, nowMs: number): DashboardHeader {
  const { snapshot } = view;
  const { problem } = snapshot;
  return {
    title: problem?.title ?? t('Session {0}', view.id),
    metricName: problem?.metric.name ?? '',
    unit: problem?.metric.unit ?? '',
    goal: problem?.metric.goal ?? 'minimize',
    references: (problem?.references ?? []).map(({ label, value }) => ({ label, value })),
    ...statusOf(view),
    connection: view.connection.state,
    connectionText: connectionText(view, nowMs),
    hostLabel: view.hostLabel,
    search: snapshot.options === undefined ? '' : sessionWords(view).title,
    best: bestOf(snapshot, snapshot.best),
    announcedBest: bestOf(snapshot, snapshot.announcedBest),
    // The initial program is run once a group, each time with another seed.
    initialValue: snapshot.initial?.best ?? null,
    evaluated: snapshot.evaluated,
    valid: snapshot.valid,
    lastSeq: snapshot.lastSeq,
    plannedSteps: snapshot.options?.steps ?? null,
    usage: projectUsage(snapshot),
    ...projectEvaluations(snapshot),
    allowed: allowedRequests(view),
    warnings: distinctWarnings(snapshot),
  };
}

function projectEvaluations(snapshot: SessionSnapshot): Pick<DashboardHeader, 'evaluations'> {
  const use = evaluationUse(snapshot);
  return use === undefined ? {} : { evaluations: { ...use, stages: [...use.stages] } };
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

const nothing: StepTotals = { proposedUpTo: 0, tokensUpTo: 0, usdUpTo: Number.NaN };

/** A row a step. */
export function projectSteps(
  snapshot: SessionSnapshot,
  totals: ReadonlyMap<number, StepTotals>,
): readonly StepRow[] {
  return snapshot.steps.map((step) => {
    const { proposedUpTo, tokensUpTo, usdUpTo } = totals.get(step.step) ?? nothing;
    const stages = stagesOf(step);
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
      gauges: step.gauges,
      rolloutsUpTo: proposedUpTo,
      endedAtMs: step.times === undefined ? null : step.times.lastAtMs - (snapshot.createdAtMs ?? 0),
      tokensUpTo,
      usdUpTo: Number.isNaN(usdUpTo) ? null : usdUpTo,
      samplingMs: stages?.samplingMs ?? null,
      evaluationMs: stages?.evaluationMs ?? null,
      trainingMs: stages?.trainingMs ?? null,
      evaluatorsBusy: evaluatorsBusy(step, snapshot.options?.concurrency) ?? null,
    };
  });
}

import { basename } from 'node:path';
import { Uri, workspace } from 'vscode';
import type { Metric } from '../../domain/problem/problem';
import { withoutAbsent } from '../../domain/withoutAbsent';
import type { MeasureSpec, StartFrom } from '../../protocol/measureSpec';
import type { HostTarget } from '../../remote/hostClient';
import { Refusal } from '../base/failures';
import type { Settings } from '../base/settings';
import { labelOf } from '../hosts/hostTargets';
import { titleOf } from '../sessions/sessionItems';
import type { SessionView } from '../sessions/sessions';
import { unsavedTexts } from '../start/openProblemTexts';
import { checkProblem, prepareSession } from '../start/problemFolder';

/** What programs are measured under, and where. */
export interface Subject {
  readonly title: string;
  readonly metric: Metric;
  readonly target: HostTarget;
  readonly hostLabel: string;
  /** The problem file, if it is here: its tests show the results. */
  readonly problem?: Uri;
  readonly spec: MeasureSpec;
  /** What a reader must know to judge the values, a sentence each. */
  readonly notes: readonly string[];
}

/** The construction that a candidate went on from, and who made it; nothing where its parent made none. */
export interface Start {
  readonly from?: StartFrom;
  readonly notes: readonly string[];
}

/** What a candidate began with in its session. */
export function startOf({ id, snapshot }: SessionView, candidate: number | undefined): Start {
  const parent = candidate === undefined ? undefined : snapshot.candidates.at(candidate)?.parent;
  const outcome = parent === undefined ? undefined : snapshot.candidates.at(parent)?.outcome;
  if (parent === undefined || outcome?.kind !== 'valid' || outcome.stateSha256 === undefined)
    return { notes: [] };
  return {
    from: { sessionId: id, sha256: outcome.stateSha256 },
    notes: [`It goes on from the construction of c${parent}, as c${candidate} did.`],
  };
}

/** The problem as the session began with it, on the session's host. */
export function subjectOfSession(session: SessionView, start: Start): Subject {
  const { snapshot, target, hostLabel, problemUri } = session;
  if (snapshot.problem === undefined) {
    throw new Refusal(`Nothing is known of session "${titleOf(session)}" yet. Reconnect to it first.`, {
      title: 'Reconnect',
      command: 'reconnectSession',
      args: [session.id],
    });
  }
  return withoutAbsent({
    title: titleOf(session),
    metric: withoutAbsent(snapshot.problem.metric),
    target,
    hostLabel,
    problem: problemUri === undefined ? undefined : Uri.parse(problemUri),
    spec: withoutAbsent({
      version: 1 as const,
      ofSession: session.id,
      overrides: {},
      startFrom: start.from,
    }),
    notes: [`The evaluator is that of session ${session.id}, as it began.`, ...start.notes],
  });
}

/** The problem as it is in the workspace now, unsaved texts included. */
export async function subjectOfProblem(
  problem: Uri,
  target: HostTarget,
  settings: Settings,
  start: Start,
): Promise<Subject> {
  const openTexts = unsavedTexts();
  const checked = await checkProblem(problem.fsPath, openTexts);
  const prepared = await prepareSession(checked, {
    displayPath: workspace.asRelativePath(problem),
    settings,
    openTexts,
    signal: new AbortController().signal,
  });
  return {
    title: checked.problem.title,
    metric: checked.problem.metric,
    target,
    hostLabel: labelOf(target),
    problem,
    spec: withoutAbsent({ ...prepared.spec, startFrom: start.from }),
    notes: [`The evaluator is that of ${basename(problem.fsPath)} as it is in the editor.`, ...start.notes],
  };
}

/** The subject with what the user agreed to. */
export function withIsolation(subject: Subject, isolation: { readonly isolation?: 'none' }): MeasureSpec {
  return { ...subject.spec, overrides: { ...subject.spec.overrides, ...isolation } };
}

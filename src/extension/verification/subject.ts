import { basename } from 'node:path';
import { Uri, workspace } from 'vscode';
import type { Metric } from '../../domain/problem/problem';
import { withoutAbsent } from '../../domain/withoutAbsent';
import type { MeasureSpec, StartFrom } from '../../protocol/measureSpec';
import type { HostTarget } from '../../remote/hostClient';
import { Refusal } from '../base/failures';
import type { Settings } from '../base/settings';
import { t } from '../base/translate';
import { labelOf } from '../hosts/hostTargets';
import { titleOf } from '../sessions/sessionNames';
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

/** What a candidate began with in its session, for itself alone or for both programs of a comparison. */
export function startOf(
  { id, snapshot }: SessionView,
  candidate: number | undefined,
  programs: 'one' | 'both' = 'one',
): Start {
  if (candidate === undefined) return { notes: [] };
  const parent = snapshot.candidates.at(candidate)?.parent;
  const outcome = parent === undefined ? undefined : snapshot.candidates.at(parent)?.outcome;
  if (parent === undefined || outcome?.kind !== 'valid' || outcome.stateSha256 === undefined)
    return { notes: [] };
  return {
    from: { sessionId: id, sha256: outcome.stateSha256 },
    notes: [
      programs === 'one'
        ? t('It goes on from the construction of c{0}, as c{1} did.', parent, candidate)
        : t('Both go on from the construction of c{0}, as c{1} did.', parent, candidate),
    ],
  };
}

/** The problem as the session began with it, on the session's host. */
export function subjectOfSession(session: SessionView, start: Start): Subject {
  const { snapshot, target, hostLabel, problemUri } = session;
  if (snapshot.problem === undefined) {
    throw new Refusal(t('Nothing is known of session "{0}" yet. Reconnect to it first.', titleOf(session)), {
      title: t('Reconnect'),
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
    notes: [t('The evaluator is that of session {0}, as it began.', session.id), ...start.notes],
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
    notes: [
      t('The evaluator is that of {0} as it is in the editor.', basename(problem.fsPath)),
      ...start.notes,
    ],
  };
}

/** The subject with what the user agreed to. */
export function withIsolation(subject: Subject, isolation: { readonly isolation?: 'none' }): MeasureSpec {
  return { ...subject.spec, overrides: { ...subject.spec.overrides, ...isolation } };
}

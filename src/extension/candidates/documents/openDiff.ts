import { commands, window, workspace, type QuickPickItem } from 'vscode';
import { isBetter } from '../../../domain/problem/problem';
import { Cancelled, Refusal } from '../../base/failures';
import { valueText } from '../../base/words';
import { commandIds } from '../../commandIds';
import { valueOf } from '../../sessions/sessionItems';
import { titleOf } from '../../sessions/sessionNames';
import type { Sessions, SessionView } from '../../sessions/sessions';
import { candidateUri } from './candidateDocuments';
import { chosenTargetOf, reviewTargetOf, targetName } from './reviewTargets';
import { userFilePlace } from './userFile';
import { whenSlow } from '../../base/progress';
import { t } from '../../base/translate';

/**
 * Opens the diff of a candidate: the user's file, or the document chosen in its place, on the left, and on the right what the candidate makes of it. Where there
 * is none here, the initial program and the candidate's own text.
 */
export async function openCandidateDiff(
  sessions: Sessions,
  session: SessionView,
  candidate: number,
  options: { readonly preserveFocus?: boolean } = {},
): Promise<void> {
  await whenSlow(t('Reading c{0}', candidate), sessions.readCandidate(session.id, candidate));
  const path = session.snapshot.problem?.candidate ?? 'candidate';
  const own = await reviewTargetOf(session);
  const view = own === undefined ? 'text' : 'review';
  const right = candidateUri({ sessionId: session.id, candidate, path, view });
  const left = own ?? candidateUri({ sessionId: session.id, candidate: 0, path, view });
  const title = diffTitle(session, candidate, own === undefined ? t('initial') : leftLabel(session));
  await commands.executeCommand('vscode.diff', left, right, title, { preview: true, ...options });
  if (own === undefined) sayOnceWhatIsMissing(session, candidate);
}

function leftLabel(session: SessionView): string {
  const chosen = chosenTargetOf(session);
  return chosen === undefined ? t('yours') : targetName(chosen);
}

/** Sessions whose missing file was spoken of: whoever looks through many candidates hears of it once. */
const saidOf = new Set<string>();

function sayOnceWhatIsMissing(session: SessionView, candidate: number): void {
  const place = userFilePlace(session);
  if (place === undefined || saidOf.has(session.id)) return;
  saidOf.add(session.id);
  const [create, another] = [t('Create File'), t('Choose Another Document…')];
  void window
    .showWarningMessage(
      t(
        '{0} is not there, so c{1} stands beside the initial program, and nothing can be accepted. Create the file, or choose an open document to accept into.',
        workspace.asRelativePath(place),
        candidate,
      ),
      create,
      another,
    )
    .then((pressed) => {
      const id = pressed === create ? commandIds.createUserFile : commandIds.reviewAgainst;
      if (pressed !== undefined) void commands.executeCommand(id, session.id, candidate);
    });
}

/** `initial.py: yours ↔ c17 (0.38123)` */
export function diffTitle(session: SessionView, candidate: number, leftLabel: string): string {
  const path = session.snapshot.problem?.candidate ?? '';
  const name = path.slice(path.lastIndexOf('/') + 1);
  return `${name}: ${leftLabel} ↔ ${candidateLabel(session, candidate)}`;
}

/** `c17 (0.38123)` */
export function candidateLabel(session: SessionView, candidate: number): string {
  const value = valueOf(session.snapshot, candidate);
  return value === undefined
    ? `c${candidate}`
    : `c${candidate} (${valueText(value, session.snapshot.problem?.metric.unit)})`;
}

export function bestOf(session: SessionView): number {
  const best = session.snapshot.best;
  if (best === undefined) {
    throw new Refusal(t('Session "{0}" has no valid candidate yet.', titleOf(session)), {
      title: t('Open Dashboard'),
      command: 'openDashboard',
      args: [session.id],
    });
  }
  return best;
}

/** Most candidates that the list offers: the best ones. */
const offeredCandidates = 500;

/** Lets the user choose among the valid candidates, best first. */
export async function pickCandidate(session: SessionView): Promise<number> {
  const goal = session.snapshot.problem?.metric.goal ?? 'minimize';
  const valid = [...session.snapshot.candidates]
    .flatMap((record) => (record.outcome?.kind === 'valid' ? [{ record, value: record.outcome.value }] : []))
    .sort((a, b) => (isBetter(goal, a.value, b.value) ? -1 : isBetter(goal, b.value, a.value) ? 1 : 0))
    .slice(0, offeredCandidates);
  if (valid.length === 0) bestOf(session);
  const items = valid.map(({ record }): QuickPickItem & { readonly candidate: number } => ({
    label: candidateLabel(session, record.id),
    description: record.step < 0 ? t('initial program') : t('step {0}', record.step + 1),
    ...(record.note !== undefined && { detail: record.note }),
    candidate: record.id,
  }));
  const chosen = await window.showQuickPick(items, {
    title: titleOf(session),
    placeHolder: t('Candidate to compare with your file'),
    matchOnDetail: true,
  });
  if (chosen === undefined) throw new Cancelled();
  return chosen.candidate;
}

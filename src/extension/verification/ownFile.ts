import { basename } from 'node:path';
import { Uri, window, workspace, type QuickPickItem } from 'vscode';
import { Cancelled, Refusal } from '../base/failures';
import { t } from '../base/translate';
import { namedUri } from '../problem/namedFiles';
import type { SessionView } from '../sessions/sessions';
import { checkProblem } from '../start/problemFolder';
import { unsavedTexts } from '../start/openProblemTexts';
import type { VerificationNeeds } from './needs';
import { startOf, type Start } from './subject';

/** A file of the user's that a problem evolves. */
export interface OwnFile {
  readonly file: Uri;
  readonly problem: Uri;
  /** The newest session of the problem that the editor knows. */
  readonly session: SessionView | undefined;
}

/** The file of a command: its argument, else the one in the editor. Throws a `Refusal` if no problem evolves it. */
export async function ownFileOf(
  needs: Pick<VerificationNeeds, 'files' | 'store'>,
  args: readonly unknown[],
): Promise<OwnFile> {
  await needs.store.ready;
  const [first, sessionId] = args;
  const named = first instanceof Uri ? first : window.activeTextEditor?.document.uri;
  const session = typeof sessionId === 'string' ? needs.store.get(sessionId) : undefined;
  if (named?.scheme === 'file' && session?.problemUri !== undefined)
    return { file: named, problem: Uri.parse(session.problemUri), session };
  const problem = named === undefined ? undefined : await problemOf(needs, named);
  if (named === undefined || problem === undefined) {
    const name = named === undefined ? t('What is in the editor') : `"${basename(named.path)}"`;
    throw new Refusal(
      t(
        "{0} is not the program of a problem in this workspace. Open the file that a problem's candidate: key names, or the problem.",
        name,
      ),
    );
  }
  const isProblem = named.path.endsWith('.discover');
  const file = isProblem ? await candidateOf(problem) : named;
  return { file, problem, session: newestSession(needs, problem) };
}

/** What a problem file evolves. */
async function candidateOf(problem: Uri): Promise<Uri> {
  const checked = await checkProblem(problem.fsPath, unsavedTexts());
  return namedUri(problem, checked.problem.candidate);
}

async function problemOf({ files }: Pick<VerificationNeeds, 'files'>, file: Uri): Promise<Uri | undefined> {
  if (file.path.endsWith('.discover')) return file;
  const problems = await files.problemsOf(file);
  if (problems.length < 2) return problems[0];
  const items = problems.map((uri): QuickPickItem & { readonly uri: Uri } => ({
    label: workspace.asRelativePath(uri),
    uri,
  }));
  const title = t('{0}: under which problem?', basename(file.path));
  const chosen = await window.showQuickPick(items, { title });
  if (chosen === undefined) throw new Cancelled();
  return chosen.uri;
}

/** Sessions are listed newest first. */
export function newestSession(
  { store }: Pick<VerificationNeeds, 'store'>,
  problem: Uri,
): SessionView | undefined {
  const uri = problem.toString();
  return store.all.find((session) => session.problemUri === uri);
}

/**
 * What the user's file goes on from: the construction of the parent of the candidate that was accepted into it, so that its value can be
 * set beside the session's.
 */
export async function startOfOwn(
  { store }: Pick<VerificationNeeds, 'store'>,
  session: SessionView | undefined,
  accepted?: number,
): Promise<Start> {
  if (session === undefined) return { notes: [] };
  return startOf(session, accepted ?? (await store.acceptedCandidate(session.id)));
}

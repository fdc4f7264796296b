import { FileSystemError, Uri, window, workspace, type QuickPickItem } from 'vscode';
import { parseProblem } from '../../domain/problem/parseProblem';
import type { ForeignEvaluator } from '../../domain/problem/problem';
import { popcornLines, provenanceLines, withHeader } from '../../domain/report/programHeader';
import { Cancelled, Refusal } from '../base/failures';
import { t } from '../base/translate';
import { userFilePlace } from '../candidates/documents/userFile';
import { titleOf } from '../sessions/sessionNames';
import type { Sessions, SessionView } from '../sessions/sessions';
import { saveFile } from './saveFile';

/** Saves the best program of a session as a file of its own, ready to hand in or to hand on. The user's own file is not touched. */
export async function exportProgram(
  session: SessionView,
  needs: { readonly sessions: Pick<Sessions, 'readCandidate'>; readonly nowMs: () => number },
): Promise<void> {
  const { snapshot } = session;
  const { best } = snapshot;
  const fileName = snapshot.problem?.candidate;
  if (best === undefined || fileName === undefined) {
    throw new Refusal(t('Session "{0}" has no valid candidate yet.', titleOf(session)));
  }
  const header = (await wantsHeader()) ? provenanceLines(snapshot, best, needs.nowMs()) : [];
  const own = await userText(session);
  const submission = await submissionLines(session, own);
  const place = userFilePlace(session);
  const base = fileName.slice(fileName.lastIndexOf('/') + 1);
  const dot = base.lastIndexOf('.');
  const [stem, ending] = dot > 0 ? [base.slice(0, dot), base.slice(dot + 1)] : [base, 'txt'];
  await saveFile({
    title: t('Export Best Program'),
    name: dot > 0 ? `${stem}-c${best}.${ending}` : `${stem}-c${best}`,
    folder: place && Uri.joinPath(place, '..'),
    kind: [t('Program'), [ending]],
    opens: 'here',
    content: async () => {
      const text = await needs.sessions.readCandidate(session.id, best);
      return [withHeader(text, base, header, submission)];
    },
  });
}

async function wantsHeader(): Promise<boolean> {
  const items: (QuickPickItem & { readonly wanted: boolean })[] = [
    {
      wanted: true,
      label: t('With where it came from'),
      detail: t('Comments at its top: session, candidate, value and date'),
    },
    { wanted: false, label: t('The program alone'), detail: t('As it was evaluated') },
  ];
  const chosen = await window.showQuickPick(items, { title: t('Export the best program how?') });
  if (chosen === undefined) throw new Cancelled();
  return chosen.wanted;
}

/** The lines that a GPU MODE submission begins with: the user's own, or asked for. Empty for other problems. */
async function submissionLines(session: SessionView, own: string | undefined): Promise<string> {
  const lines = popcornLines((own ?? '').split(/\r\n|\n/));
  if (lines.length > 0) return lines.join('\n');
  const folder = await gpuModeFolder(session);
  if (folder === undefined) return '';
  const leaderboard = await window.showInputBox({
    title: t('Submit to which leaderboard?'),
    prompt: t(
      'Its name stands in the first line of the program, for GPU MODE’s tools. Leave it empty to have none.',
    ),
    value: folder,
    validateInput: (name) => (/\s/.test(name.trim()) ? t('A leaderboard’s name has no spaces.') : undefined),
  });
  if (leaderboard === undefined) throw new Cancelled();
  const mark = /\.cu[h]?$/.test(session.snapshot.problem?.candidate ?? '') ? '//' : '#';
  return leaderboard.trim() === '' ? '' : `${mark}!POPCORN leaderboard ${leaderboard.trim()}`;
}

/** The name of the folder with the task; undefined for a problem that is none of GPU MODE's. */
async function gpuModeFolder({ problemUri }: SessionView): Promise<string | undefined> {
  if (problemUri === undefined) return undefined;
  const uri = Uri.parse(problemUri);
  const text = await readText(uri);
  const evaluator = text === undefined ? undefined : parseProblem(text).problem?.evaluator;
  if (evaluator?.kind !== 'foreign' || evaluator.format !== 'gpu-mode') return undefined;
  return lastFolder(evaluator, uri);
}

function lastFolder({ folder }: ForeignEvaluator, problem: Uri): string {
  const path = folder.startsWith('/') ? folder : Uri.joinPath(problem, '..', folder).path;
  return path.split('/').filter(Boolean).at(-1) ?? '';
}

async function userText(session: SessionView): Promise<string | undefined> {
  const place = userFilePlace(session);
  return place && readText(place);
}

/** `undefined` if there is no such file. */
async function readText(uri: Uri): Promise<string | undefined> {
  try {
    return Buffer.from(await workspace.fs.readFile(uri)).toString('utf8');
  } catch (error) {
    if (error instanceof FileSystemError) return undefined;
    throw error;
  }
}

import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Position, Uri, WorkspaceEdit, languages, window, workspace, type TextDocument } from 'vscode';
import { proposeProblem } from '../../domain/foreign/proposeProblem';
import { recogniseFolder } from '../../domain/foreign/recogniseFolder';
import type { FolderDescription } from '../../domain/foreign/foreignFolder';
import { Cancelled, Refusal } from '../base/failures';
import { withNotification } from '../base/progress';
import { problemLanguageId } from '../problem/problemDocuments';
import { lookAtFolder } from './lookAtFolder';
import { t } from '../base/translate';

const known = (): string =>
  t('GPU MODE (task.yml), AtCoder (tools/), OpenEvolve, ShinkaEvolve and KernelBench');

/**
 * Opens a folder of another tool as a problem: an unsaved problem file, complete and with comments, that names the folder and lies
 * beside it. Nothing is written into the folder, and nothing at all before the user saves. A problem file that is there already is opened.
 * First argument: the URI of the folder or of a file in it; without one, the file in the editor counts.
 */
export async function openAsProblem(args: readonly unknown[]): Promise<void> {
  const [first] = args;
  const given = first instanceof Uri ? first : (openFile() ?? (await pickFolder()));
  if (given.scheme !== 'file')
    throw new Refusal(
      t('A problem is run from a folder on disk, and {0} is not on one.', given.toString(true)),
    );
  const { folder, description } = await withNotification(t('Looking at the folder'), (_, signal) =>
    recognise(given.fsPath, signal),
  );
  const beside = join(dirname(folder), `${basename(folder)}.discover`);
  const document = await openProposal(beside, proposeProblem(description, basename(folder)));
  await window.showTextDocument(document);
}

/** The folder itself, or the nearest one above that some tool knows. */
async function recognise(
  path: string,
  signal: AbortSignal,
): Promise<{ folder: string; description: FolderDescription }> {
  const start = (await stat(path)).isDirectory() ? path : dirname(path);
  let mistakes: readonly string[] | undefined;
  let folder = start;
  for (let level = 0; level < 3; level += 1) {
    const found = recogniseFolder(await lookAtFolder(folder, signal));
    if (found.kind === 'folder') return { folder, description: found.description };
    if (found.kind === 'mistakes') mistakes ??= found.problems;
    const above = dirname(folder);
    if (above === folder) break;
    folder = above;
  }
  throw new Refusal(
    mistakes === undefined
      ? t(
          '{0} is no folder of a known tool: {1}. Write a problem file of your own with "New Problem…".',
          basename(start),
          known(),
        )
      : t('{0} cannot be opened as a problem: {1}', basename(start), mistakes.join(' ')),
  );
}

async function openProposal(path: string, text: string): Promise<TextDocument> {
  const file = Uri.file(path);
  if (await exists(path)) return workspace.openTextDocument(file);
  const document = await workspace.openTextDocument(file.with({ scheme: 'untitled' }));
  // It may be open from an earlier time, with changes of the user's.
  if (document.getText() === '') {
    const edit = new WorkspaceEdit();
    edit.insert(document.uri, new Position(0, 0), text);
    if (!(await workspace.applyEdit(edit)))
      throw new Refusal(
        t('The editor did not take the proposed problem file. Close the empty one and try again.'),
      );
  }
  return languages.setTextDocumentLanguage(document, problemLanguageId);
}

/** The file in the editor, for the command palette. */
function openFile(): Uri | undefined {
  const uri = window.activeTextEditor?.document.uri;
  return uri?.scheme === 'file' ? uri : undefined;
}

async function pickFolder(): Promise<Uri> {
  const [folder] =
    (await window.showOpenDialog({
      canSelectFiles: false,
      canSelectFolders: true,
      canSelectMany: false,
      openLabel: t('Open as Problem'),
      title: t('A folder of {0}', known()),
    })) ?? [];
  if (folder === undefined) throw new Cancelled();
  return folder;
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

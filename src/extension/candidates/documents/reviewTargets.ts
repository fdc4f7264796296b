import { NotebookCellKind, TabInputNotebook, TabInputText, window, workspace, type Uri } from 'vscode';
import { t } from '../../base/translate';
import type { SessionView } from '../../sessions/sessions';
import { isThere, userFileOf } from './userFile';

const cellScheme = 'vscode-notebook-cell';

/** By session: the documents of this window that its candidates are reviewed against in place of the problem's own file. */
const chosen = new Map<string, Uri>();

/** Reviews a session's candidates against this document as long as it is open; `undefined`: against the problem's file again. */
export function chooseReviewTarget(sessionId: string, target: Uri | undefined): void {
  if (target === undefined) chosen.delete(sessionId);
  else chosen.set(sessionId, target);
}

/** What a session's candidates are reviewed against: the document that the user chose, else the problem's file, if there is one. */
export async function reviewTargetOf(session: SessionView): Promise<Uri | undefined> {
  return chosenTargetOf(session) ?? (await userFileOf(session));
}

export function chosenTargetOf({ id }: SessionView): Uri | undefined {
  const target = chosen.get(id);
  if (target === undefined || isOpen(target)) return target;
  chosen.delete(id);
  return undefined;
}

/** Lies in no file: it is there while it is open, and nothing of it is ever written to disk. */
export function isWithoutFile({ scheme }: Uri): boolean {
  return scheme === 'untitled' || scheme === cellScheme;
}

export function isCell({ scheme }: Uri): boolean {
  return scheme === cellScheme;
}

export async function canBeOpened(target: Uri): Promise<boolean> {
  return isWithoutFile(target) ? isOpen(target) : isThere(target);
}

/** A document's name for people: a cell's has the notebook's in it. */
export function targetName(target: Uri): string {
  for (const notebook of workspace.notebookDocuments) {
    const cell = notebook.getCells().find(({ document }) => isSame(document.uri, target));
    if (cell !== undefined) return t('{0}, cell {1}', workspace.asRelativePath(notebook.uri), cell.index + 1);
  }
  return target.scheme === 'untitled' ? target.path : workspace.asRelativePath(target);
}

export interface OpenDocument {
  readonly uri: Uri;
  readonly name: string;
  readonly firstLine: string;
}

/** The documents with a tab that people type into; of a notebook, its cells of code. The one with the focus comes first. */
export function openDocuments(): OpenDocument[] {
  const uris = window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .flatMap(({ input }) => {
      if (input instanceof TabInputText) return [input.uri];
      if (!(input instanceof TabInputNotebook)) return [];
      const notebook = workspace.notebookDocuments.find(({ uri }) => isSame(uri, input.uri));
      return (
        notebook
          ?.getCells()
          .filter(({ kind }) => kind === NotebookCellKind.Code)
          .map(({ document }) => document.uri) ?? []
      );
    });
  const active = window.activeTextEditor?.document.uri;
  const isActive = (uri: Uri): boolean => active !== undefined && isSame(uri, active);
  return [...uris.filter(isActive), ...uris.filter((uri) => !isActive(uri))].flatMap((uri, index, all) => {
    const document = workspace.textDocuments.find((one) => isSame(one.uri, uri));
    const isFirst = all.findIndex((one) => isSame(one, uri)) === index;
    const isTyped = isWithoutFile(uri) || workspace.fs.isWritableFileSystem(uri.scheme) === true;
    if (document === undefined || !isFirst || !isTyped) return [];
    const firstLine =
      document
        .getText()
        .split(/\r\n|\n/)
        .find((line) => line.trim() !== '') ?? '';
    return [{ uri, name: targetName(uri), firstLine: firstLine.trim() }];
  });
}

function isOpen(target: Uri): boolean {
  return workspace.textDocuments.some(({ uri, isClosed }) => !isClosed && isSame(uri, target));
}

function isSame(one: Uri, other: Uri): boolean {
  return one.toString() === other.toString();
}

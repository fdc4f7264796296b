import { WorkspaceEdit, workspace, type Disposable, type FileWillRenameEvent } from 'vscode';
import { toEditorRange } from '../editorRanges';
import { parseProblem } from '../../../domain/problem/parseProblem';
import { textAt } from '../problemDocuments';
import { renameEdits } from './renamedFiles';

/** Problem files that are looked at; a workspace with more is no place for people. */
const mostProblems = 500;

/** Keeps what problem files name right when files are renamed or moved in the editor; the change is part of the same undo step. */
export function followRenames(log: { warn(message: string): void }): Disposable {
  return workspace.onWillRenameFiles((event) => event.waitUntil(editFor(event, log)));
}

async function editFor(
  { files, token }: FileWillRenameEvent,
  log: { warn(message: string): void },
): Promise<WorkspaceEdit> {
  const edit = new WorkspaceEdit();
  const renames = files.map(({ oldUri, newUri }) => ({ from: oldUri.path, to: newUri.path }));
  const problems = await workspace.findFiles(
    '**/*.discover',
    '**/{node_modules,.venv}/**',
    mostProblems,
    token,
  );
  for (const problem of problems) {
    try {
      const text = await textAt(problem);
      for (const { range, newText } of renameEdits(text, parseProblem(text).places, problem.path, renames)) {
        edit.replace(problem, toEditorRange(range), newText);
      }
    } catch (error) {
      // Renaming goes on: the file that cannot be read keeps what it says, and is reported when it is opened.
      log.warn(`${problem.path} was not looked at for renamed files: ${String(error)}`);
    }
  }
  return edit;
}

import { dirname } from 'node:path';
import { Uri, window, workspace, type QuickPickItem } from 'vscode';
import { Cancelled, Refusal } from '../base/failures';
import { t } from '../base/translate';

/** The problem that a command is about: its argument, else the file in the editor, else the user's choice. */
export async function chooseProblem(args: readonly unknown[]): Promise<Uri> {
  const [first] = args;
  const named = first instanceof Uri ? first : typeof first === 'string' ? Uri.parse(first) : undefined;
  const open = window.activeTextEditor?.document;
  if (named !== undefined) return onDisk(named);
  if (open !== undefined && open.languageId === 'discover') return onDisk(open.uri);
  const found = await workspace.findFiles('**/*.discover', '**/{node_modules,.venv}/**', 200);
  const [only] = found;
  if (only === undefined) {
    throw new Refusal(t('There is no problem file (*.discover) in this workspace.'), {
      title: t('Open Sample Problems'),
      command: 'openSamples',
    });
  }
  if (found.length === 1) return onDisk(only);
  const near = new Set(window.visibleTextEditors.map(({ document }) => folderOf(document.uri)));
  const items = found
    .map((uri): QuickPickItem & { readonly uri: Uri } => ({ label: workspace.asRelativePath(uri), uri }))
    // First those whose programs are in sight, in a diff too.
    .sort((a, b) => {
      const [first, second] = [near.has(folderOf(a.uri)), near.has(folderOf(b.uri))];
      if (first !== second) return first ? -1 : 1;
      return a.label < b.label ? -1 : 1;
    });
  const chosen = await window.showQuickPick(items, { title: t('Which problem?') });
  if (chosen === undefined) throw new Cancelled();
  return onDisk(chosen.uri);
}

function onDisk(uri: Uri): Uri {
  if (uri.scheme === 'file') return uri;
  if (uri.scheme === 'untitled') {
    throw new Refusal(t('Save the problem file first: what it names is looked for from its place on disk.'), {
      title: t('Save'),
      command: { id: 'workbench.action.files.save' },
    });
  }
  throw new Refusal(t('A problem is run from a folder on disk, and {0} is not on one.', uri.toString(true)));
}

/** On disk; of nothing else a problem is near. */
function folderOf(uri: Uri): string | undefined {
  return uri.scheme === 'file' ? dirname(uri.fsPath) : undefined;
}

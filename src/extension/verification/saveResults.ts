import { basename } from 'node:path';
import { Uri, window, workspace } from 'vscode';
import { Cancelled, Refusal } from '../base/failures';
import { t } from '../base/translate';
import { resultScheme } from './resultDocuments';

/** Writes a document of results into a file of the user's choice. Argument: its URI; without it the one in the editor. */
export async function saveResults(args: readonly unknown[]): Promise<void> {
  const [first] = args;
  const shown = first instanceof Uri ? first : window.activeTextEditor?.document.uri;
  if (shown?.scheme !== resultScheme)
    throw new Refusal(
      t(
        'There are no results in this editor. Re-evaluate your file, verify a candidate or compare two programs first.',
      ),
    );
  const content = await workspace.fs.readFile(shown);
  const folder = workspace.workspaceFolders?.[0]?.uri;
  const isPlaced = shown.path.lastIndexOf('/') > 0;
  const name = basename(shown.path);
  const proposed = isPlaced || folder === undefined ? Uri.file(shown.path) : Uri.joinPath(folder, name);
  const chosen = await window.showSaveDialog({
    title: t('Save Results As'),
    defaultUri: proposed,
    filters: { Markdown: ['md'] },
  });
  if (chosen === undefined) throw new Cancelled();
  await workspace.fs.writeFile(chosen, content);
  void window.showInformationMessage(t('Saved as {0}.', workspace.asRelativePath(chosen)));
}

import { Uri, window, workspace } from 'vscode';
import { stat } from 'node:fs/promises';
import { Refusal } from '../base/failures';
import { t } from '../base/translate';

const firstEntry =
  '# A host that ssh and TTT-Discover know by the name behind "Host". Take the "#" away, put in your own, and save.\n# Host gpu-1\n#   HostName gpu-1.example.com\n#   User ada\n';

/**
 * Opens the SSH configuration in the editor, with an example where it does not exist yet; nothing is written before the user saves.
 *
 * @param isReachable whether files of the machine that this program runs on can be opened in this window.
 */
export async function openSshConfig(path: string, isReachable: boolean): Promise<void> {
  if (!isReachable) {
    throw new Refusal(
      t(
        'This window is on another machine. The SSH configuration is {0} on the machine that you sit at: open it in a window there.',
        path,
      ),
    );
  }
  const file = Uri.file(path);
  if (await exists(path)) {
    await window.showTextDocument(file);
    return;
  }
  const editor = await window.showTextDocument(
    await workspace.openTextDocument(file.with({ scheme: 'untitled' })),
  );
  if (editor.document.getText() === '') {
    await editor.edit((edit) => edit.insert(editor.selection.active, firstEntry));
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return false;
    throw error;
  }
}

import { setImmediate } from 'node:timers/promises';
import { commands, env, FileSystemError, Uri, window, workspace } from 'vscode';
import { Cancelled, messageOf, Refusal } from '../base/failures';
import { whenSlow } from '../base/progress';
import { t } from '../base/translate';

export interface FileToSave {
  /** Of the dialog: what is saved. */
  readonly title: string;
  /** With its ending. */
  readonly name: string;
  /** Where the dialog begins; absent: the workspace. */
  readonly folder?: Uri | undefined;
  /** What kind of file it is, and its endings without a dot. */
  readonly kind: readonly [label: string, endings: readonly string[]];
  /** How the editor opens it: as text, or by the program that the system has for it. */
  readonly opens: 'here' | 'outside';
  /** Called once the user has said where to; pieces of text, or bytes. */
  readonly content: () => Promise<Iterable<string> | Uint8Array>;
}

/** Asks where to, writes, and says where it is. Throws `Cancelled` where the user closes the dialog. */
export async function saveFile(file: FileToSave): Promise<void> {
  const target = await window.showSaveDialog({
    title: file.title,
    defaultUri: startingPlace(file),
    filters: { [file.kind[0]]: [...file.kind[1]] },
  });
  if (target === undefined) throw new Cancelled();
  const name = target.path.slice(target.path.lastIndexOf('/') + 1);
  await whenSlow(t('Saving {0}', name), write(target, file));
  // The question stays until it is answered: the work is done.
  void offerToOpen(target, name, file.opens);
}

async function write(target: Uri, { content }: FileToSave): Promise<void> {
  const made = await content();
  const bytes = made instanceof Uint8Array ? made : await joined(made);
  try {
    await workspace.fs.writeFile(target, bytes);
  } catch (error) {
    if (!(error instanceof FileSystemError)) throw error;
    throw new Refusal(
      t('{0} could not be written: {1} Choose another place.', target.fsPath, messageOf(error)),
      undefined,
      { cause: error },
    );
  }
}

/** Lets the editor have its turn between pieces. */
async function joined(pieces: Iterable<string>): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  for (const piece of pieces) {
    parts.push(Buffer.from(piece, 'utf8'));
    await setImmediate();
  }
  return Buffer.concat(parts);
}

async function offerToOpen(target: Uri, name: string, opens: FileToSave['opens']): Promise<void> {
  const open = t('Open');
  const show = isOnThisMachine(target) ? t('Show in File Manager') : t('Show in Explorer');
  const canShow = isOnThisMachine(target) || workspace.getWorkspaceFolder(target) !== undefined;
  const chosen = await window.showInformationMessage(t('Saved {0}.', name), open, ...(canShow ? [show] : []));
  if (chosen === open) {
    if (opens === 'outside' && isOnThisMachine(target)) await env.openExternal(target);
    else await commands.executeCommand('vscode.open', target);
  }
  if (chosen === show) {
    await commands.executeCommand(isOnThisMachine(target) ? 'revealFileInOS' : 'revealInExplorer', target);
  }
}

/** In a window on another machine, files are that machine's. */
function isOnThisMachine(target: Uri): boolean {
  return target.scheme === 'file' && env.remoteName === undefined;
}

function startingPlace({ folder, name }: FileToSave): Uri {
  const place = folder ?? workspace.workspaceFolders?.[0]?.uri;
  return place === undefined ? Uri.file(name) : Uri.joinPath(place, name);
}

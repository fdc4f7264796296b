import { commands, Uri, window, workspace } from 'vscode';
import { Cancelled, Refusal } from '../base/failures';
import type { CommandHandlers } from '../commandIds';
import { openAsProblem } from '../foreign/openAsProblem';
import { problemTemplate } from './problemTemplate';

/** Commands that put problems on disk and open them. */
export function problemCommands(
  extensionUri: Uri,
  walkthroughId: string,
): Pick<CommandHandlers, 'newProblem' | 'openAsProblem' | 'openSamples' | 'openWalkthrough'> {
  return {
    newProblem: () => newProblem(),
    openAsProblem: (...args) => openAsProblem(args),
    openSamples: () => openSamples(extensionUri),
    async openWalkthrough() {
      await commands.executeCommand('workbench.action.openWalkthrough', walkthroughId, false);
    },
  };
}

async function newProblem(): Promise<void> {
  const parent = await pickFolder('Folder for the New Problem');
  const title = await window.showInputBox({
    title: 'New Problem',
    prompt: 'Name of the problem; its folder is named after it',
    value: 'My problem',
    validateInput: (value) =>
      folderNameOf(value) === '' ? 'A name with at least one letter or digit' : undefined,
  });
  if (title === undefined) throw new Cancelled();
  const folder = Uri.joinPath(parent, folderNameOf(title));
  await requireAbsent(folder);
  await workspace.fs.createDirectory(folder);
  for (const [name, text] of problemTemplate(title.trim())) {
    await workspace.fs.writeFile(Uri.joinPath(folder, name), Buffer.from(text, 'utf8'));
  }
  const document = await workspace.openTextDocument(Uri.joinPath(folder, 'problem.discover'));
  await window.showTextDocument(document);
}

/** Copies the problems of the extension to a place of the user's: the originals go with the next update. */
async function openSamples(extensionUri: Uri): Promise<void> {
  const parent = await pickFolder('Folder for the Sample Problems');
  const folder = Uri.joinPath(parent, 'ttt-discover-problems');
  if (!(await exists(folder))) await workspace.fs.copy(Uri.joinPath(extensionUri, 'problems'), folder);
  await commands.executeCommand('vscode.openFolder', folder, {
    forceNewWindow: (workspace.workspaceFolders ?? []).length > 0,
  });
}

async function pickFolder(openLabel: string): Promise<Uri> {
  const defaultUri = workspace.workspaceFolders?.[0]?.uri;
  const [folder] =
    (await window.showOpenDialog({
      canSelectFiles: false,
      canSelectFolders: true,
      canSelectMany: false,
      openLabel: `Select ${openLabel}`,
      title: openLabel,
      ...(defaultUri !== undefined && { defaultUri }),
    })) ?? [];
  if (folder === undefined) throw new Cancelled();
  return folder;
}

function folderNameOf(title: string): string {
  return title
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
}

async function requireAbsent(folder: Uri): Promise<void> {
  if (await exists(folder)) {
    throw new Refusal(`There is already something at ${folder.fsPath}. Choose another name.`);
  }
}

async function exists(uri: Uri): Promise<boolean> {
  return workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );
}

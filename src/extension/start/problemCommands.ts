import { commands, FileType, QuickPickItemKind, Uri, window, workspace, type QuickPickItem } from 'vscode';
import { parseProblem } from '../../domain/problem/parseProblem';
import { Cancelled, Refusal } from '../base/failures';
import type { CommandHandlers } from '../commandIds';
import { openAsProblem } from '../foreign/openAsProblem';
import { problemTemplate } from './problemTemplate';
import { t } from '../base/translate';

/** Commands that put problems on disk and open them. */
export function problemCommands(
  extensionUri: Uri,
  walkthroughId: string,
): Pick<CommandHandlers, 'newProblem' | 'openAsProblem' | 'openSamples' | 'openWalkthrough'> {
  return {
    newProblem: () => newProblem(extensionUri),
    openAsProblem: (...args) => openAsProblem(args),
    openSamples: () => openSamples(extensionUri),
    async openWalkthrough() {
      await commands.executeCommand('workbench.action.openWalkthrough', walkthroughId, false);
    },
  };
}

async function newProblem(extensionUri: Uri): Promise<void> {
  const beginning = await chooseBeginning(extensionUri);
  if (beginning === 'other-tool') return openAsProblem([]);
  const parent = await pickFolder(t('Folder for the New Problem'));
  const title = await window.showInputBox({
    title: t('New Problem'),
    prompt: t('Name of the problem; its folder is named after it'),
    value: t('My problem'),
    validateInput: (value) =>
      folderNameOf(value) === '' ? t('A name with at least one letter or digit') : undefined,
  });
  if (title === undefined) throw new Cancelled();
  const folder = Uri.joinPath(parent, folderNameOf(title));
  await requireAbsent(folder);
  const file = await writeProblem(beginning, folder, title.trim());
  await window.showTextDocument(await workspace.openTextDocument(file));
}

/** The problem file of what was written. */
async function writeProblem(beginning: 'small' | Uri, folder: Uri, title: string): Promise<Uri> {
  if (beginning !== 'small') {
    await workspace.fs.copy(Uri.joinPath(beginning, '..'), folder);
    return Uri.joinPath(folder, beginning.path.split('/').at(-1) ?? '');
  }
  await workspace.fs.createDirectory(folder);
  for (const [name, text] of problemTemplate(title)) {
    await workspace.fs.writeFile(Uri.joinPath(folder, name), Buffer.from(text, 'utf8'));
  }
  return Uri.joinPath(folder, 'problem.discover');
}

/** What the new problem begins as; a URI is the problem file of a sample whose folder is copied. */
async function chooseBeginning(extensionUri: Uri): Promise<'small' | 'other-tool' | Uri> {
  const samples = await sampleProblems(extensionUri);
  const chosen = await window.showQuickPick<
    QuickPickItem & { readonly beginning?: 'small' | 'other-tool' | Uri }
  >(
    [
      {
        label: t('$(file-code) A small Python program and its evaluator'),
        detail: t('Runs at once, with Python alone; meant to be changed into your own'),
        beginning: 'small',
      },
      {
        label: t('$(folder-opened) A folder that I have for another tool'),
        detail: t(
          'GPU MODE, AtCoder Heuristic Contest, OpenEvolve, ShinkaEvolve, KernelBench: opened as it is',
        ),
        beginning: 'other-tool',
      },
      { label: t('A copy of a sample problem'), kind: QuickPickItemKind.Separator },
      ...samples,
    ],
    {
      title: t('New Problem'),
      placeHolder: t('What is the new problem to begin from?'),
      matchOnDetail: true,
    },
  );
  if (chosen?.beginning === undefined) throw new Cancelled();
  return chosen.beginning;
}

async function sampleProblems(
  extensionUri: Uri,
): Promise<readonly (QuickPickItem & { readonly beginning: Uri })[]> {
  const all = Uri.joinPath(extensionUri, 'problems');
  const names = (await workspace.fs.readDirectory(all)).filter(([, type]) => type === FileType.Directory);
  const found = await Promise.all(
    names.map(async ([name]) => {
      const file = Uri.joinPath(all, name, `${name}.discover`);
      const { problem } = parseProblem(Buffer.from(await workspace.fs.readFile(file)).toString('utf8'));
      if (problem === undefined) return [];
      const { metric, candidate } = problem;
      const better = metric.goal === 'minimize' ? t('lower is better') : t('higher is better');
      return [
        {
          label: `$(beaker) ${problem.title}`,
          description: candidate.split('.').at(-1) ?? '',
          detail: `${metric.unit === undefined ? metric.name : t({ message: '{0} in {1}', comment: 'the name of a metric and its unit' }, metric.name, metric.unit)}, ${better}`,
          beginning: file,
        },
      ];
    }),
  );
  return found.flat();
}

/** Copies the problems of the extension to a place of the user's: the originals go with the next update. */
async function openSamples(extensionUri: Uri): Promise<void> {
  const parent = await pickFolder(t('Folder for the Sample Problems'));
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
      openLabel: t('Select {0}', openLabel),
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
    throw new Refusal(t('There is already something at {0}. Choose another name.', folder.fsPath));
  }
}

async function exists(uri: Uri): Promise<boolean> {
  return workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );
}

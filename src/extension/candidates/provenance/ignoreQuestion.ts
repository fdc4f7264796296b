import { FileSystemError, Uri, window, workspace } from 'vscode';
import type { WorkspaceMemory } from '../review/decisions';
import { acceptedPlace } from './acceptedFile';
import { gitRepositoryOf } from './gitRepository';
import { t } from '../../base/translate';

const askedKey = 'tttDiscover.askedAboutGitignore';
const ignoredPath = '.ttt-discover/';

/**
 * Asks whether git should see the record of what was accepted: once in a workspace, after the first acceptance in a
 * repository that does not ignore it yet. Closing the question is an answer too.
 */
export async function askWhetherToIgnore(target: Uri, memory: WorkspaceMemory): Promise<void> {
  if (memory.get(askedKey) === true) return;
  const { file } = acceptedPlace(target);
  const repository = await gitRepositoryOf(file);
  if (repository === undefined) return;
  await memory.update(askedKey, true);
  if ((await repository.checkIgnore([file.fsPath])).size > 0) return;
  const ignore = t('Add to .gitignore');
  const chosen = await window.showInformationMessage(
    t(
      '{0} records where accepted lines came from. Commit it with your file, or keep it out of git.',
      workspace.asRelativePath(file),
    ),
    t('I Will Commit It'),
    ignore,
  );
  if (chosen === ignore) await addToIgnored(Uri.joinPath(repository.rootUri, '.gitignore'));
}

async function addToIgnored(file: Uri): Promise<void> {
  const before = await contentOf(file);
  const lineEnd = before.includes('\r\n') ? '\r\n' : '\n';
  const separator = before === '' || before.endsWith('\n') ? '' : lineEnd;
  await workspace.fs.writeFile(file, Buffer.from(`${before}${separator}${ignoredPath}${lineEnd}`, 'utf8'));
}

async function contentOf(file: Uri): Promise<string> {
  try {
    return Buffer.from(await workspace.fs.readFile(file)).toString('utf8');
  } catch (error) {
    if (error instanceof FileSystemError && error.code === 'FileNotFound') return '';
    throw error;
  }
}

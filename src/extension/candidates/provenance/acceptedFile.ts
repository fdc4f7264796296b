import { FileSystemError, Uri, workspace } from 'vscode';
import { Refusal, messageOf } from '../../base/failures';
import { acceptedText, parseAccepted, type AcceptedRecord } from './provenance';
import { t } from '../../base/translate';

const fileName = 'accepted.json';
const folderName = '.ttt-discover';

export interface AcceptedPlace {
  readonly file: Uri;
  /** The path of the user's file in it, with forward slashes. */
  readonly name: string;
}

/**
 * Where the record of what was accepted into a file lies: `.ttt-discover/accepted.json` in its workspace folder, or in its
 * own folder where it is in none.
 */
export function acceptedPlace(target: Uri): AcceptedPlace {
  const folder = workspace.getWorkspaceFolder(target)?.uri ?? Uri.joinPath(target, '..');
  return {
    file: Uri.joinPath(folder, folderName, fileName),
    name: target.path.slice(folder.path.replace(/\/$/, '').length + 1),
  };
}

/** Nothing if there is no such file. Throws a `Refusal` if it is none of ours. */
export async function readAccepted({ file }: AcceptedPlace): Promise<AcceptedRecord[]> {
  let content: Uint8Array;
  try {
    content = await workspace.fs.readFile(file);
  } catch (error) {
    if (error instanceof FileSystemError && error.code === 'FileNotFound') return [];
    throw error;
  }
  try {
    return parseAccepted(Buffer.from(content).toString('utf8'));
  } catch (error) {
    throw new Refusal(
      t(
        '{0} cannot be read as a record of accepted candidates, so nothing was added to it. Mend it, or move it away: {1}',
        workspace.asRelativePath(file),
        messageOf(error),
      ),
      { title: t('Open File'), command: { id: 'vscode.open' }, args: [file] },
      { cause: error },
    );
  }
}

export async function writeAccepted(
  { file }: AcceptedPlace,
  records: readonly AcceptedRecord[],
): Promise<void> {
  await workspace.fs.createDirectory(Uri.joinPath(file, '..'));
  await workspace.fs.writeFile(file, Buffer.from(acceptedText(records), 'utf8'));
}

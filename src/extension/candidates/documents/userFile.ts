import { FileSystemError, Uri, workspace } from 'vscode';
import { namedUri } from '../../problem/namedFiles';
import type { SessionView } from '../../sessions/sessions';

/** Where the user's own file is that a session's candidates compete with, whether it is still there or not. */
export function userFilePlace(session: SessionView): Uri | undefined {
  const candidate = session.snapshot.problem?.candidate;
  if (session.problemUri === undefined || candidate === undefined) return undefined;
  return namedUri(Uri.parse(session.problemUri), candidate);
}

/** The user's own file that a session's candidates compete with, if it is on this machine. */
export async function userFileOf(session: SessionView): Promise<Uri | undefined> {
  const uri = userFilePlace(session);
  return uri !== undefined && (await isThere(uri)) ? uri : undefined;
}

export async function isThere(uri: Uri): Promise<boolean> {
  try {
    await workspace.fs.stat(uri);
    return true;
  } catch (error) {
    if (error instanceof FileSystemError) return false;
    throw error;
  }
}

import { FileSystemError, Uri, workspace } from 'vscode';
import { namedUri } from '../../problem/namedFiles';
import type { SessionView } from '../../sessions/sessions';

/** The user's own file that a session's candidates compete with, if it is on this machine. */
export async function userFileOf(session: SessionView): Promise<Uri | undefined> {
  const candidate = session.snapshot.problem?.candidate;
  if (session.problemUri === undefined || candidate === undefined) return undefined;
  const uri = namedUri(Uri.parse(session.problemUri), candidate);
  try {
    await workspace.fs.stat(uri);
    return uri;
  } catch (error) {
    if (error instanceof FileSystemError) return undefined;
    throw error;
  }
}

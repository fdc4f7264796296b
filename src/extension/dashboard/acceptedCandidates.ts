import { workspace, type Disposable } from 'vscode';
import { acceptedPlace, readAccepted } from '../candidates/provenance/acceptedFile';
import { userFilePlace } from '../candidates/documents/userFile';
import type { SessionView } from '../sessions/sessions';

/** Which candidates of a session were accepted, whole or in part. */
export interface AcceptedCandidates {
  /** Rejects with words for people if the workspace's record cannot be read. */
  of(session: SessionView): Promise<ReadonlySet<number>>;
  /** Calls back when the record may have changed. */
  onDidChange(listener: () => void): { dispose(): void };
}

/** As the workspace's own record says. */
export const acceptedOfWorkspace: AcceptedCandidates = {
  async of(session) {
    const target = userFilePlace(session);
    if (target === undefined) return new Set();
    const records = await readAccepted(acceptedPlace(target));
    return new Set(
      records
        .filter((record) => record.session === session.id && record.accepted.length > 0)
        .map((record) => record.candidate),
    );
  },
  onDidChange(listener): Disposable {
    const watcher = workspace.createFileSystemWatcher('**/.ttt-discover/accepted.json');
    watcher.onDidCreate(listener);
    watcher.onDidChange(listener);
    watcher.onDidDelete(listener);
    return watcher;
  },
};

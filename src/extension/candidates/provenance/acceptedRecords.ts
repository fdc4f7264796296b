import { Disposable, EventEmitter, workspace, type Uri } from 'vscode';
import { acceptedPlace, readAccepted, writeAccepted, type AcceptedPlace } from './acceptedFile';
import type { AcceptedRecord } from './provenance';

/** The records of what was accepted, as they are on disk. Read once until they change; written one after the other. */
export class AcceptedRecords implements Disposable {
  private readonly known = new Map<string, Promise<readonly AcceptedRecord[]>>();
  private readonly changed = new EventEmitter<void>();
  private readonly subscriptions: Disposable;
  private writes: Promise<unknown> = Promise.resolve();
  /** Some record changed, here or in another window. */
  readonly onDidChange = this.changed.event;

  constructor() {
    const watcher = workspace.createFileSystemWatcher('**/.ttt-discover/accepted.json');
    const forget = (uri: Uri): void => {
      this.known.delete(uri.toString());
      this.changed.fire();
    };
    this.subscriptions = Disposable.from(
      watcher,
      watcher.onDidChange(forget),
      watcher.onDidCreate(forget),
      watcher.onDidDelete(forget),
      this.changed,
    );
  }

  /** What was accepted into a file, oldest first. Throws a `Refusal` if the record is none of ours. */
  async of(target: Uri): Promise<readonly AcceptedRecord[]> {
    const place = acceptedPlace(target);
    return (await this.read(place)).filter((one) => one.file === place.name);
  }

  /** Writes what `change` makes of the records; nothing if it gives back the same. */
  async change(
    target: Uri,
    change: (records: readonly AcceptedRecord[], name: string) => readonly AcceptedRecord[],
  ): Promise<void> {
    const place = acceptedPlace(target);
    const written = this.writes.then(async () => {
      const before = await readAccepted(place);
      const after = change(before, place.name);
      if (after === before) return;
      await writeAccepted(place, after);
      this.known.delete(place.file.toString());
      this.changed.fire();
    });
    this.writes = written.catch(() => undefined); // who asked for it hears of it
    await written;
  }

  dispose(): void {
    this.subscriptions.dispose();
  }

  private read(place: AcceptedPlace): Promise<readonly AcceptedRecord[]> {
    // Only what lies in the workspace is watched.
    if (workspace.getWorkspaceFolder(place.file) === undefined) return readAccepted(place);
    const key = place.file.toString();
    const known = this.known.get(key) ?? readAccepted(place);
    this.known.set(key, known);
    known.catch(() => this.known.delete(key));
    return known;
  }
}

import * as z from 'zod';
import { Emitter } from '../../base/emitter';

const stored = z.object({
  /** Ids of changes that the user does not want, of whichever candidate. */
  rejected: z.array(z.string()),
  /** Candidates that were accepted, whole or in part, in order. */
  accepted: z.array(z.int().min(0)),
  /** Candidates that were rejected as a whole, in order; older versions did not remember them. */
  dismissed: z.array(z.int().min(0)).default([]),
});

type Stored = z.infer<typeof stored>;

/** What is used of the editor's `Memento`. */
export interface WorkspaceMemory {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

/** Most rejections that a session keeps; the oldest are forgotten first. */
const mostRejected = 2000;
/** Most candidates whose lines are told from the user's own. */
const mostAccepted = 5;

/**
 * What the user decided on the changes that a session's candidates propose, in the memory of this workspace. Which changes
 * were accepted is not here: that is what the document says.
 */
export class Decisions {
  private readonly changes: Emitter<string>;
  readonly onDidChange: Emitter<string>['event'];

  constructor(
    private readonly memory: WorkspaceMemory,
    onListenerError: (error: unknown) => void,
  ) {
    this.changes = new Emitter(onListenerError);
    this.onDidChange = this.changes.event;
  }

  rejected(sessionId: string): ReadonlySet<string> {
    return new Set(this.read(sessionId).rejected);
  }

  accepted(sessionId: string): readonly number[] {
    return this.read(sessionId).accepted;
  }

  async reject(sessionId: string, ids: readonly string[]): Promise<void> {
    const before = this.read(sessionId);
    const rejected = [...new Set([...before.rejected, ...ids])].slice(-mostRejected);
    await this.write(sessionId, { ...before, rejected });
  }

  async restore(sessionId: string, ids: readonly string[]): Promise<void> {
    const before = this.read(sessionId);
    await this.write(sessionId, { ...before, rejected: before.rejected.filter((id) => !ids.includes(id)) });
  }

  async addAccepted(sessionId: string, candidate: number): Promise<void> {
    const before = this.read(sessionId);
    const accepted = [...before.accepted.filter((one) => one !== candidate), candidate].slice(-mostAccepted);
    await this.write(sessionId, { ...before, accepted });
  }

  dismissed(sessionId: string): readonly number[] {
    return this.read(sessionId).dismissed;
  }

  /** Remembers, or forgets, that a candidate was rejected as a whole. */
  async setDismissed(sessionId: string, candidate: number, isDismissed: boolean): Promise<void> {
    const before = this.read(sessionId);
    const others = before.dismissed.filter((one) => one !== candidate);
    const dismissed = (isDismissed ? [...others, candidate] : others).slice(-mostRejected);
    await this.write(sessionId, { ...before, dismissed });
  }

  private read(sessionId: string): Stored {
    const parsed = stored.safeParse(this.memory.get(keyOf(sessionId)));
    return parsed.success ? parsed.data : { rejected: [], accepted: [], dismissed: [] };
  }

  private async write(sessionId: string, value: Stored): Promise<void> {
    await this.memory.update(keyOf(sessionId), value);
    this.changes.fire(sessionId);
  }
}

function keyOf(sessionId: string): string {
  return `tttDiscover.decisions.${sessionId}`;
}

import * as z from 'zod';
import { Emitter, type Closeable } from '../base/emitter';
import type { WorkspaceMemory } from '../candidates/review/decisions';
import type { Sessions, SessionView } from '../sessions/sessions';

const key = 'tttDiscover.shownSession';
const choice = z.object({ chosen: z.string(), newest: z.string() });

/**
 * The session whose candidates the view shows: the one that was chosen, until a newer one begins; without a choice the newest.
 */
export class ShownSession implements Closeable {
  private readonly changes: Emitter<undefined>;
  readonly onDidChange: Emitter<undefined>['event'];

  constructor(
    private readonly sessions: Pick<Sessions, 'all' | 'get'>,
    private readonly memory: WorkspaceMemory,
    onListenerError: (error: unknown) => void,
  ) {
    this.changes = new Emitter(onListenerError);
    this.onDidChange = this.changes.event;
  }

  get current(): SessionView | undefined {
    const [newest] = this.sessions.all;
    const stored = choice.safeParse(this.memory.get(key));
    if (!stored.success || newest === undefined || stored.data.newest !== newest.id) return newest;
    return this.sessions.get(stored.data.chosen) ?? newest;
  }

  async choose(sessionId: string): Promise<void> {
    const [newest] = this.sessions.all;
    if (newest === undefined) return;
    await this.memory.update(key, { chosen: sessionId, newest: newest.id });
    this.changes.fire(undefined);
  }

  dispose(): void {
    this.changes.dispose();
  }
}

import * as z from 'zod';
import type { Memento } from 'vscode';

const hostTarget = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('local') }),
  z.object({ kind: z.literal('ssh'), alias: z.string().min(1) }),
]);

const knownSession = z.object({
  id: z.string().min(1),
  target: hostTarget,
  title: z.string(),
  createdAtMs: z.number(),
  /** URI of the problem file that it was started from. */
  problemUri: z.string().optional(),
  /** Last candidate of it that the user took into their file. */
  acceptedCandidate: z.int().min(0).optional(),
});

/** What the editor remembers of a session besides its journal. */
export type KnownSession = z.infer<typeof knownSession>;

const prefix = 'session:';

/**
 * Sessions that this editor knows, one key each, so that windows which add sessions at the same time do not overwrite
 * each other. Entries that cannot be read are left alone and not listed.
 */
export class SessionRegistry {
  constructor(private readonly memory: Pick<Memento, 'keys' | 'get' | 'update'>) {}

  /** Newest first. */
  list(): KnownSession[] {
    return this.memory
      .keys()
      .filter((key) => key.startsWith(prefix))
      .flatMap((key) => {
        const parsed = knownSession.safeParse(this.memory.get<unknown>(key));
        return parsed.success ? [parsed.data] : [];
      })
      .sort((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? 1 : -1));
  }

  get(id: string): KnownSession | undefined {
    const parsed = knownSession.safeParse(this.memory.get<unknown>(prefix + id));
    return parsed.success ? parsed.data : undefined;
  }

  async put(session: KnownSession): Promise<void> {
    await this.memory.update(prefix + session.id, session);
  }

  async remove(id: string): Promise<void> {
    await this.memory.update(prefix + id, undefined);
  }
}

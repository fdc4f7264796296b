import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { sessionId } from '../../protocol/sessionSpec';
import { withoutAbsent } from '../../domain/withoutAbsent';
import { jsonOrUndefined } from '../../domain/json';

const hostTarget = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('local') }),
  z.object({ kind: z.literal('ssh'), alias: z.string().min(1) }),
]);

const knownSession = z.object({
  id: sessionId,
  target: hostTarget,
  title: z.string(),
  createdAtMs: z.number(),
  /** URI of the problem file that it was started from. */
  problemUri: z.string().optional(),
  /** Last candidate of it that the user took into their file. */
  acceptedCandidate: z.int().min(0).optional(),
});

/** What the editor remembers of a session besides its journal. */
export interface KnownSession extends Pick<
  z.infer<typeof knownSession>,
  'id' | 'target' | 'title' | 'createdAtMs'
> {
  readonly problemUri?: string;
  readonly acceptedCandidate?: number;
}

/**
 * Sessions that this editor knows: a file each, beside the copy of its journal, so that all windows and all browsers of
 * one machine see the same ones and never overwrite each other's. Files that cannot be read are not listed.
 */
export class SessionRegistry {
  constructor(private readonly folder: string) {}

  /** Newest first. */
  async list(): Promise<KnownSession[]> {
    const names = await orIfMissing(readdir(this.folder), []);
    const found = await Promise.all(
      names.filter((name) => sessionId.safeParse(name).success).map((id) => this.get(id)),
    );
    return found
      .filter((session) => session !== undefined)
      .sort((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? 1 : -1));
  }

  async get(id: string): Promise<KnownSession | undefined> {
    const text = await orIfMissing(readFile(this.path(id), 'utf8'), undefined);
    if (text === undefined) return undefined;
    const parsed = knownSession.safeParse(jsonOrUndefined(text));
    return parsed.success ? withoutAbsent(parsed.data) : undefined;
  }

  async put(session: KnownSession): Promise<void> {
    const path = this.path(session.id);
    await mkdir(join(this.folder, session.id), { recursive: true });
    const draft = `${path}.${randomUUID()}`;
    await writeFile(draft, JSON.stringify(session));
    await rename(draft, path);
  }

  async remove(id: string): Promise<void> {
    await rm(this.path(id), { force: true });
  }

  private path(id: string): string {
    return join(this.folder, sessionId.parse(id), 'session.json');
  }
}

async function orIfMissing<T, Otherwise>(reading: Promise<T>, otherwise: Otherwise): Promise<T | Otherwise> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      return otherwise;
    }
    throw error;
  }
}

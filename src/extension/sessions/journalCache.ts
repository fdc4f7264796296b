import { createHash, randomUUID } from 'node:crypto';
import { appendFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { jsonOrUndefined } from '../../domain/json';

const numbered = z.object({ seq: z.int().min(1) });

interface CacheFile {
  /** Last byte of the file is a newline, or the file is empty. */
  endsCleanly: boolean;
  /** The last write, so that writes of one session stay in order. */
  tail: Promise<void>;
}

/**
 * A copy of each session's journal on this machine, one JSON value a line, and of program texts by content address.
 * Any number of windows may append: lines repeat then, and a crash can leave a torn one. Reading keeps each line that
 * is the next in the sequence and drops all others; what is missing is fetched from the host again.
 */
export class JournalCache {
  private readonly files = new Map<string, CacheFile>();

  constructor(private readonly folder: string) {}

  /** Journal values from sequence number 1 without a gap; empty if there is no copy. */
  async read(sessionId: string): Promise<unknown[]> {
    let text: string;
    try {
      text = await readFile(this.journalPath(sessionId), 'utf8');
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
    this.files.set(sessionId, {
      endsCleanly: text === '' || text.endsWith('\n'),
      tail: this.files.get(sessionId)?.tail ?? Promise.resolve(),
    });
    return contiguousValues(text.split('\n'));
  }

  /** Appends values with one write. Rejects when the disk is full: the journal on the host is still whole. */
  async append(sessionId: string, values: readonly unknown[]): Promise<void> {
    if (values.length === 0) return;
    const file = this.files.get(sessionId) ?? { endsCleanly: true, tail: Promise.resolve() };
    this.files.set(sessionId, file);
    const write = file.tail.then(async () => {
      await mkdir(this.sessionFolder(sessionId), { recursive: true });
      const lines = values.map((value) => JSON.stringify(value) + '\n').join('');
      const text = file.endsCleanly ? lines : '\n' + lines;
      file.endsCleanly = false;
      await appendFile(this.journalPath(sessionId), text);
      file.endsCleanly = true;
    });
    file.tail = write.catch(() => undefined);
    await write;
  }

  /** Program text by content address, or `undefined` if it is not here or was damaged. */
  async readCandidate(sessionId: string, sha256: string): Promise<string | undefined> {
    try {
      const text = await readFile(this.candidatePath(sessionId, sha256), 'utf8');
      return sha256Of(text) === sha256 ? text : undefined;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async writeCandidate(sessionId: string, text: string): Promise<void> {
    const path = this.candidatePath(sessionId, sha256Of(text));
    await mkdir(join(this.sessionFolder(sessionId), 'candidates'), { recursive: true });
    const draft = `${path}.${randomUUID()}`;
    await writeFile(draft, text);
    await rename(draft, path);
  }

  async remove(sessionId: string): Promise<void> {
    await this.files.get(sessionId)?.tail;
    this.files.delete(sessionId);
    await rm(this.sessionFolder(sessionId), { recursive: true, force: true });
  }

  private sessionFolder(sessionId: string): string {
    if (!/^[0-9A-Za-z]+$/.test(sessionId)) throw new Error(`Not a session id: ${JSON.stringify(sessionId)}`);
    return join(this.folder, sessionId);
  }

  private journalPath(sessionId: string): string {
    return join(this.sessionFolder(sessionId), 'journal.jsonl');
  }

  private candidatePath(sessionId: string, sha256: string): string {
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new Error(`Not a SHA-256: ${JSON.stringify(sha256)}`);
    return join(this.sessionFolder(sessionId), 'candidates', sha256);
  }
}

export function sha256Of(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** The lines that continue the sequence 1, 2, 3 …, in file order; torn, repeated and early ones are dropped. */
function contiguousValues(lines: readonly string[]): unknown[] {
  const values: unknown[] = [];
  for (const line of lines) {
    const value = jsonOrUndefined(line);
    const entry = numbered.safeParse(value);
    if (entry.success && entry.data.seq === values.length + 1) values.push(value);
  }
  return values;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

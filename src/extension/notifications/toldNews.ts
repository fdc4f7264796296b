import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Which news were told: an empty file each, beside the copy of the session's journal. So a reload repeats nothing, and of
 * several windows one tells.
 */
export class ToldNews {
  private readonly known = new Set<string>();

  /** `folder`: has a folder for each session. */
  constructor(
    private readonly folder: string,
    private readonly warn: (message: string, error: unknown) => void,
  ) {}

  /** True for the first that asks, in any window, now or before a reload. */
  async claim(sessionId: string, key: string): Promise<boolean> {
    const name = `${sessionId}/${key}`;
    if (this.known.has(name)) return false;
    this.known.add(name);
    try {
      await mkdir(join(this.folder, sessionId, 'told'), { recursive: true });
      await writeFile(this.path(sessionId, key), '', { flag: 'wx' });
      return true;
    } catch (error) {
      if (isCode(error, 'EEXIST')) return false;
      // Told once in this window at least.
      this.warn('That something was told could not be kept; it may be told again after a reload', error);
      return true;
    }
  }

  async has(sessionId: string, key: string): Promise<boolean> {
    if (this.known.has(`${sessionId}/${key}`)) return true;
    try {
      await stat(this.path(sessionId, key));
      return true;
    } catch (error) {
      if (isCode(error, 'ENOENT')) return false;
      throw error;
    }
  }

  private path(sessionId: string, key: string): string {
    return join(this.folder, sessionId, 'told', key);
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

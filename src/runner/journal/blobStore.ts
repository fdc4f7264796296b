import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DiskFullError, errorCode, isDiskFull } from './diskFullError';

export function sha256Of(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** A file named by its content is missing or is not what its name says. */
export class BlobError extends Error {
  override readonly name = 'BlobError';
}

/** Files named by the SHA-256 of their content, in one folder. They never change. */
export interface BlobStore {
  /** Resolves when the content is on the disk under its name. Rejects with `DiskFullError`. */
  write(content: string | Uint8Array): Promise<string>;
  /** Rejects with `BlobError`. */
  readText(sha256: string): Promise<string>;
  /** Where the content is, whether or not it is there. */
  pathOf(sha256: string): string;
}

export function createBlobStore(folder: string): BlobStore {
  const pathOf = (sha256: string): string => join(folder, sha256);
  return {
    pathOf,
    async write(content) {
      const sha256 = sha256Of(content);
      const path = pathOf(sha256);
      if (existsSync(path)) return sha256;
      const temporary = join(folder, `.${randomUUID()}`);
      try {
        const file = await open(temporary, 'wx', 0o600);
        try {
          await file.writeFile(content);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(temporary, path);
      } catch (error) {
        await rm(temporary, { force: true });
        throw isDiskFull(error) ? new DiskFullError(path, { cause: error }) : error;
      }
      return sha256;
    },
    async readText(sha256) {
      if (!/^[0-9a-f]{64}$/.test(sha256)) throw new BlobError(`${sha256} is not a SHA-256.`);
      let content: Buffer;
      try {
        content = await readFile(pathOf(sha256));
      } catch (error) {
        if (errorCode(error) !== 'ENOENT') throw error;
        throw new BlobError(`There is no file ${pathOf(sha256)}.`, { cause: error });
      }
      if (sha256Of(content) !== sha256) {
        throw new BlobError(`${pathOf(sha256)} is damaged: its content is not what its name says.`);
      }
      return content.toString('utf8');
    },
  };
}

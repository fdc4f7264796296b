import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from './fileErrors';
import { bytesInWords } from './quantityWords';
import { isWithin } from './workFolder';

export type UntrustedFile =
  | { readonly kind: 'content'; readonly bytes: Buffer }
  | { readonly kind: 'absent' }
  /** `why` completes "The result …" or "The artifact …". */
  | { readonly kind: 'refused'; readonly why: string };

/**
 * Reads a plain file that lies, through no link, in the folder (absolute and free of links when it was made). Call it
 * when no process is left that could exchange files meanwhile.
 */
export async function readUntrustedFile(
  path: string,
  folder: string,
  mostBytes: number,
): Promise<UntrustedFile> {
  try {
    if (!isWithin(folder, await realpath(dirname(path)))) {
      return { kind: 'refused', why: 'lies outside the folder of the evaluation' };
    }
    // Without O_NONBLOCK, opening a FIFO would wait for its writer for ever.
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { size } = await file.stat().then((stat) => {
        if (!stat.isFile()) throw new NotPlainFile(stat.isDirectory() ? 'a folder' : 'not a plain file');
        return stat;
      });
      if (size > mostBytes) {
        return {
          kind: 'refused',
          why: `is larger than ${bytesInWords(mostBytes)} (it has ${bytesInWords(size)})`,
        };
      }
      return { kind: 'content', bytes: await file.readFile() };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof NotPlainFile) return { kind: 'refused', why: `is ${error.message}` };
    switch (errorCode(error)) {
      case 'ENOENT':
      case 'ENOTDIR':
        return { kind: 'absent' };
      case 'ELOOP':
      case 'EMLINK':
        return { kind: 'refused', why: 'is a symbolic link' };
      case 'ENXIO':
      case 'EACCES':
        return { kind: 'refused', why: 'cannot be opened' };
      default:
        throw error;
    }
  }
}

class NotPlainFile extends Error {}

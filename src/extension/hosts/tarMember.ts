import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { t } from '../base/translate';

const blockBytes = 512;

/**
 * Writes one plain file of a `.tar.gz` to a new file. Rejects if the archive is cut or has no such member.
 * @param isWanted by the name inside the archive, such as `node-v22.0.0-linux-x64/bin/node`.
 */
export async function extractTarMember(
  archivePath: string,
  isWanted: (name: string) => boolean,
  toPath: string,
): Promise<void> {
  const target = await open(toPath, 'wx', 0o700);
  try {
    const blocks: AsyncIterable<unknown> = createReadStream(archivePath).pipe(createGunzip());
    let pending: Buffer = Buffer.alloc(0);
    let member: { readonly wanted: boolean; leftBytes: number; paddedBytes: number } | undefined;
    for await (const chunk of blocks) {
      if (!Buffer.isBuffer(chunk)) throw new TypeError('A file gives bytes.');
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      for (;;) {
        if (member === undefined) {
          if (pending.length < blockBytes) break;
          const { name, sizeBytes, isFile } = readHeader(pending.subarray(0, blockBytes));
          pending = pending.subarray(blockBytes);
          const paddedBytes = Math.ceil(sizeBytes / blockBytes) * blockBytes;
          member = { wanted: isFile && isWanted(name), leftBytes: sizeBytes, paddedBytes };
        }
        const taken = pending.subarray(0, member.paddedBytes);
        pending = pending.subarray(taken.length);
        const content = taken.subarray(0, member.leftBytes);
        if (member.wanted && content.length > 0) await target.write(content);
        member.leftBytes -= content.length;
        member.paddedBytes -= taken.length;
        if (member.paddedBytes > 0) break;
        if (member.wanted) return;
        member = undefined;
      }
    }
    throw new Error(t('The archive does not hold the file, or is cut.'));
  } finally {
    await target.close();
  }
}

/** The header of POSIX ustar; the blocks of zeros at the end read as an empty member. */
function readHeader(block: Buffer): { name: string; sizeBytes: number; isFile: boolean } {
  const text = (start: number, end: number) => block.toString('utf8', start, end).replace(/\0.*$/s, '');
  const prefix = text(345, 500);
  const sizeBytes = parseInt(text(124, 136).trim() || '0', 8);
  if (!Number.isSafeInteger(sizeBytes)) throw new Error(t('The archive is damaged.'));
  return {
    name: prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`,
    sizeBytes,
    isFile: ['0', '\0', ''].includes(String.fromCharCode(block[156] ?? 0)),
  };
}

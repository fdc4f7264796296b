import { stat } from 'node:fs/promises';
import { mostArtifactBytes } from '../../protocol/attachRpc';
import { errorCode } from '../journal/diskFullError';
import type { BlobStore } from '../journal/blobStore';

/** An artifact is too large to be sent to a client. */
export class ArtifactTooLargeError extends Error {
  override readonly name = 'ArtifactTooLargeError';
  readonly advice = 'Let the evaluator offer a smaller file, or copy this one from the host by hand.';
}

/** The text of a file that an evaluator offered. Rejects with `BlobError` or `ArtifactTooLargeError`. */
export async function readArtifact(artifacts: BlobStore, sha256: string): Promise<string> {
  const path = artifacts.pathOf(sha256);
  const sizeBytes = await stat(path).then(
    ({ size }) => size,
    (error: unknown) => {
      // Reading says it in better words.
      if (errorCode(error) === 'ENOENT') return 0;
      throw error;
    },
  );
  if (sizeBytes > mostArtifactBytes) {
    throw new ArtifactTooLargeError(
      `${path} has ${sizeBytes} bytes; at most ${mostArtifactBytes} are sent at once.`,
    );
  }
  return artifacts.readText(sha256);
}

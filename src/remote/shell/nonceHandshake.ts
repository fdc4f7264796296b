import { PassThrough, type Readable } from 'node:stream';
import { RemoteError } from '../hostClient';

const maxNoiseBytes = 64 * 1024;
const handshakeTimeoutMs = 15_000;

/** What came instead of the nonce line, for the caller to make an error of. */
export class NoHandshake extends Error {
  constructor(readonly printed: string) {
    super('The stream ended before the handshake.');
  }
}

/**
 * Drops what login shells print before `\n@@NONCE@@\n` and gives the stream that follows it. Rejects with `NoHandshake`
 * when the stream ends first, with a `RemoteError` when there is too much noise or no answer in time.
 */
export function skipToNonce(
  source: Readable,
  nonce: string,
  timeoutMs = handshakeTimeoutMs,
): Promise<Readable> {
  const marker = Buffer.from(`\n@@${nonce}@@\n`);
  return new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0);
    const stop = () => {
      clearTimeout(timer);
      source.off('data', onData);
      source.off('end', onEnd);
      source.off('close', onEnd);
    };
    const fail = (error: Error) => {
      stop();
      reject(error);
    };
    const timer = setTimeout(
      () =>
        fail(
          new RemoteError(
            'lost',
            `The host did not answer within ${timeoutMs / 1000} s.`,
            'Check the network and the load of the host; it is tried again by itself.',
          ),
        ),
      timeoutMs,
    );
    const onData = (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk]);
      const at = seen.indexOf(marker);
      if (at !== -1) {
        stop();
        const rest = new PassThrough();
        rest.write(seen.subarray(at + marker.length));
        source.pipe(rest);
        resolve(rest);
      } else if (seen.length > maxNoiseBytes + marker.length) {
        fail(
          new RemoteError(
            'protocol',
            'The host prints more than 64 KB before the runner can answer.',
            'Look for start-up files (.bashrc, .profile) that print, and let them print in interactive shells only.',
          ),
        );
      }
    };
    const onEnd = () => fail(new NoHandshake(seen.toString('utf8')));
    source.on('data', onData);
    source.once('end', onEnd);
    source.once('close', onEnd);
  });
}

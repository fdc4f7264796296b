import { Duplex } from 'node:stream';
import { RemoteError } from '../hostClient';
import type { RemoteProcess, SocketAddress } from '../transport';

/** A socket of the host as a stream here. What is on its way to either side is bounded, as its two halves are. */
export class RemoteSocket extends Duplex {
  constructor(private readonly ends: Pick<RemoteProcess, 'stdin' | 'stdout' | 'exited' | 'kill'>) {
    super({ allowHalfOpen: true });
    const { stdout, exited } = ends;
    stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) stdout.pause();
    });
    stdout.once('end', () => {
      this.push(null);
    });
    stdout.pause();
    void exited.then(({ code }) => {
      // What was sent before a clean end is still read; a connection that broke must not pass for one that ended.
      if (code !== 0) this.destroy(brokenError());
    });
  }

  override _read(): void {
    this.ends.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.ends.stdin.write(chunk, () => done());
  }

  override _final(done: () => void): void {
    this.ends.stdin.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.ends.kill();
    done(error);
  }
}

function brokenError(): Error {
  return Object.assign(new Error('The connection to the host broke.'), { code: 'ECONNRESET' });
}

/** @param why the system's name for it, such as `ECONNREFUSED`. */
export function refusedError(address: SocketAddress, why: string): RemoteError {
  if ('port' in address) {
    return new RemoteError(
      'unreachable',
      `On the host nothing answers on port ${address.port} (${why}).`,
      'Start the server there, or choose the port that it listens on.',
    );
  }
  return new RemoteError(
    'unreachable',
    `The process of session ${address.sessionId} does not wait for an editor (${why}).`,
    'It may be just starting or ending.',
  );
}

/**
 * Frames between the two ends of a multiplexed channel: length of what follows (4 bytes), kind (1), stream number (4),
 * payload. Numbers are unsigned and big-endian.
 */
export const frameKind = {
  /** JSON `{ "script": boolean, "command": string }` */
  open: 1,
  stdin: 2,
  stdinEnd: 3,
  kill: 4,
  /** One byte: 1 for standard output, 2 for standard error; then the number of bytes that may follow. */
  outputCredit: 5,
  /** JSON `SocketAddress`: a socket in place of a process, which answers `connected` or `exit` */
  connect: 6,
  /** This end is alive. After the first one, long silence closes the sockets at the other end. */
  alive: 7,
  stdout: 11,
  stderr: 12,
  /** JSON `{ "code": number|null, "signal": string|null }`; of a socket that failed `{ …, "error": string }` */
  exit: 13,
  /** The number of bytes of standard input that may follow. */
  inputCredit: 14,
  connected: 15,
} as const;

/** Bytes of one stream that may be on the way. */
export const windowBytes = 1024 * 1024;
const headBytes = 9;
const maxFrameBytes = 4 * windowBytes;

export interface Frame {
  readonly kind: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export function frameOf(kind: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const frame = Buffer.alloc(headBytes + payload.length);
  frame.writeUInt32BE(headBytes - 4 + payload.length, 0);
  frame.writeUInt8(kind, 4);
  frame.writeUInt32BE(stream, 5);
  frame.set(payload, headBytes);
  return frame;
}

export class FrameReader {
  private pending = Buffer.alloc(0);

  /** Throws a `RangeError` for a frame that no end of ours would send. */
  *push(chunk: Uint8Array): Generator<Frame> {
    this.pending = Buffer.concat([this.pending, chunk]);
    while (this.pending.length >= headBytes) {
      const length = this.pending.readUInt32BE(0);
      if (length < headBytes - 4 || length > maxFrameBytes) throw new RangeError('Not a frame.');
      if (this.pending.length < 4 + length) return;
      const frame = this.pending.subarray(0, 4 + length);
      this.pending = this.pending.subarray(4 + length);
      yield { kind: frame.readUInt8(4), stream: frame.readUInt32BE(5), payload: frame.subarray(headBytes) };
    }
  }
}

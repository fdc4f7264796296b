/**
 * Finds what a script printed among what login shells print around it. The script's output stands between
 * `@@NONCEB PID@@\n` and `@@NONCEE CODE@@\n`; the nonce is random, so that no start-up file can print it by chance.
 */
export class MarkedOutput {
  private readonly begin: Buffer;
  private readonly end: Buffer;
  private pending = Buffer.alloc(0);
  private state: 'before' | 'inside' | 'after' = 'before';
  private noiseBytes = 0;
  private code: number | undefined;
  private shellPid: number | undefined;

  /** @param nonce hexadecimal text, fresh for each script. */
  constructor(
    nonce: string,
    private readonly maxNoiseBytes = 1024 * 1024,
  ) {
    this.begin = Buffer.from(`@@${nonce}B `);
    this.end = Buffer.from(`@@${nonce}E `);
  }

  /** Exit code of the script, once its end was seen. */
  get exitCode(): number | undefined {
    return this.code;
  }
  /** Process number of the shell that runs the script, which leads its process group. */
  get pid(): number | undefined {
    return this.shellPid;
  }
  get hasBegun(): boolean {
    return this.state !== 'before';
  }
  get hasEnded(): boolean {
    return this.state === 'after';
  }
  get hasTooMuchNoise(): boolean {
    return this.noiseBytes > this.maxNoiseBytes;
  }

  /** Takes the next bytes and returns those that belong to the script. */
  push(chunk: Uint8Array): Buffer {
    if (this.state === 'after') return Buffer.alloc(0);
    this.pending = Buffer.concat([this.pending, chunk]);
    if (this.state === 'before' && !this.skipToBegin()) return Buffer.alloc(0);
    return this.takeContent();
  }

  private skipToBegin(): boolean {
    const at = this.pending.indexOf(this.begin);
    const dropped = at === -1 ? Math.max(0, this.pending.length - this.begin.length + 1) : at;
    this.noiseBytes += dropped;
    if (at === -1) {
      this.pending = this.pending.subarray(dropped);
      return false;
    }
    this.pending = this.pending.subarray(at);
    const rest = this.pending.subarray(this.begin.length, this.begin.length + 16).toString('latin1');
    const close = /^(\d+)@@\n/.exec(rest);
    if (close === null) return false;
    this.shellPid = Number(close[1]);
    this.pending = this.pending.subarray(this.begin.length + close[0].length);
    this.state = 'inside';
    return true;
  }

  private takeContent(): Buffer {
    const at = this.pending.indexOf(this.end);
    if (at === -1) {
      // No more than what may be the marker's beginning: a line must not wait for the next one.
      const keep = commonEdge(this.pending, this.end);
      const content = this.pending.subarray(0, this.pending.length - keep);
      this.pending = this.pending.subarray(this.pending.length - keep);
      return content;
    }
    const content = this.pending.subarray(0, at);
    const tail = this.pending.subarray(at);
    const close = /^(\d{1,3})@@\n/.exec(
      tail.subarray(this.end.length, this.end.length + 8).toString('latin1'),
    );
    if (close === null) {
      this.pending = tail;
      return content;
    }
    this.code = Number(close[1]);
    this.state = 'after';
    this.pending = Buffer.alloc(0);
    return content;
  }
}

/** How many bytes at the end of `bytes` are the beginning of `marker`. */
export function commonEdge(bytes: Buffer, marker: Buffer): number {
  for (let length = Math.min(bytes.length, marker.length - 1); length > 0; length--) {
    if (bytes.subarray(bytes.length - length).equals(marker.subarray(0, length))) return length;
  }
  return 0;
}

const printBegin = (nonce: string) =>
  `printf '@@${nonce}B %d@@\\n' "$$"; printf '@@${nonce}B %d@@\\n' "$$" >&2`;
const printEnd = (nonce: string) =>
  `printf '@@${nonce}E %d@@\\n' "$ttt_code"; printf '@@${nonce}E %d@@\\n' "$ttt_code" >&2`;

/** A whole script for `sh -s`. The shell reads it on its standard input, so its commands get an empty one. */
export function markScript(script: string, nonce: string): string {
  return `${printBegin(nonce)}\n(\n${script}\n) </dev/null\nttt_code=$?\n${printEnd(nonce)}\n`;
}

/** One line of shell whose commands read the caller's standard input. */
export function markCommand(command: string, nonce: string): string {
  return `${printBegin(nonce)}; ( ${command} ); ttt_code=$?; ${printEnd(nonce)}`;
}

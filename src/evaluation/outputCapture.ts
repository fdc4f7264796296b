/** What a command printed, counted to the last byte but kept at its two ends alone. */
export interface OutputCapture {
  push(chunk: Buffer): void;
  readonly totalBytes: number;
  text(): string;
}

const headBytes = 16 * 1024;
const tailBytes = 48 * 1024;

/** Memory stays below 64 KiB whatever comes. */
export function createOutputCapture(): OutputCapture {
  const head = Buffer.alloc(headBytes);
  const ring = Buffer.alloc(tailBytes);
  let total = 0;

  return {
    push(chunk) {
      const toHead = Math.min(Math.max(headBytes - total, 0), chunk.length);
      chunk.copy(head, total, 0, toHead);
      const rest = chunk.subarray(toHead);
      // Only the last `tailBytes` of a chunk can survive in the ring.
      const skipped = Math.max(rest.length - tailBytes, 0);
      const kept = rest.subarray(skipped);
      const at = (Math.max(total - headBytes, 0) + skipped) % tailBytes;
      const beforeWrap = Math.min(tailBytes - at, kept.length);
      kept.copy(ring, at, 0, beforeWrap);
      kept.copy(ring, 0, beforeWrap);
      total += chunk.length;
    },
    get totalBytes() {
      return total;
    },
    text() {
      const first = head.subarray(0, Math.min(total, headBytes));
      const afterHead = Math.max(total - headBytes, 0);
      if (afterHead <= tailBytes) return Buffer.concat([first, ring.subarray(0, afterHead)]).toString('utf8');
      const at = afterHead % tailBytes;
      const last = Buffer.concat([ring.subarray(at), ring.subarray(0, at)]);
      const leftOut = afterHead - tailBytes;
      return `${first.toString('utf8')}\n[… ${leftOut} bytes left out …]\n${last.toString('utf8')}`;
    },
  };
}

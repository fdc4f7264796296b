import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createOutputCapture } from '../../src/evaluation/outputCapture';

function captured(chunks: readonly string[]): string {
  const capture = createOutputCapture();
  for (const chunk of chunks) capture.push(Buffer.from(chunk));
  return capture.text();
}

describe('captured output', () => {
  it('is whole while it is short, however it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 2000 }), { maxLength: 15 }), (chunks) => {
        expect(captured(chunks)).toBe(Buffer.concat(chunks.map((chunk) => Buffer.from(chunk))).toString());
      }),
    );
  });

  it('keeps its first 16 KiB and its last 48 KiB, and counts the rest', () => {
    const digits = '0123456789';
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 120_000 }), { minLength: 1, maxLength: 6 }), (sizes) => {
        const whole = digits.repeat(Math.ceil(sizes.reduce((sum, size) => sum + size, 0) / 10));
        let from = 0;
        const chunks = sizes.map((size) => whole.slice(from, (from += size)));
        const total = from;
        const text = captured(chunks);
        if (total <= 64 * 1024) expect(text).toBe(whole.slice(0, total));
        else {
          const leftOut = total - 64 * 1024;
          const tail = whole.slice(total - 48 * 1024, total);
          expect(text).toBe(`${whole.slice(0, 16 * 1024)}\n[… ${leftOut} bytes left out …]\n${tail}`);
        }
      }),
    );
  });
});

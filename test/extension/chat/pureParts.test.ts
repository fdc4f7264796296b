import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escaped } from '../../../src/extension/chat/sessionFacts';
import { unifiedDiff } from '../../../src/extension/chat/unifiedDiff';
import { candidateAndSession } from '../../../src/extension/chat/whichSession';
import { withoutImages } from '../../../src/extension/chat/withoutImages';

/** The text after a diff, from the text before it; what `patch` does. */
function patched(before: string, diff: string): string {
  const from = before.split('\n');
  const to: string[] = [];
  let at = 0;
  for (const line of diff === '' ? [] : diff.split('\n')) {
    const start = /^@@ -(\d+),/.exec(line)?.[1];
    if (start !== undefined) {
      to.push(...from.slice(at, Number(start) - 1));
      at = Number(start) - 1;
      continue;
    }
    if (line.startsWith('+')) to.push(line.slice(1));
    else {
      expect(from[at]).toBe(line.slice(1));
      if (line.startsWith(' ')) to.push(line.slice(1));
      at += 1;
    }
  }
  return [...to, ...from.slice(at)].join('\n');
}

describe('a unified diff', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', '', 'd e'), { maxLength: 40 })
    .map((lines) => lines.join('\n'));

  it('makes the one text of the other', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(patched(before, unifiedDiff(before, after))).toBe(after);
      }),
      { numRuns: 500 },
    );
  });

  it('shows three lines around what changed', () => {
    const before = Array.from({ length: 20 }, (_, index) => `line ${index}`);
    const after = before.with(10, 'new');
    expect(unifiedDiff(before.join('\n'), after.join('\n'))).toBe(
      '@@ -8,7 +8,7 @@\n line 7\n line 8\n line 9\n-line 10\n+new\n line 11\n line 12\n line 13',
    );
  });
});

describe('words about a candidate', () => {
  it('name a candidate, a session, both or neither', () => {
    expect(candidateAndSession('c17')).toEqual({ candidate: 17, session: undefined });
    expect(candidateAndSession('17 of the valley')).toEqual({ candidate: 17, session: 'the valley' });
    expect(candidateAndSession('c1 why?')).toEqual({ candidate: 1, session: 'why?' });
    expect(candidateAndSession('circle packing')).toEqual({
      candidate: undefined,
      session: 'circle packing',
    });
    expect(candidateAndSession(' ')).toEqual({ candidate: undefined, session: undefined });
  });
});

describe('text from a host', () => {
  it('is shown as it is, in one line', () => {
    expect(escaped('a [link](command:x)\n# b')).toBe('a \\[link\\]\\(command:x\\) \\# b');
  });

  it('has no image, however its stream is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('!', '[', 'x', '<', 'i', 'mg ', '](u)')), async (pieces) => {
        const said: string[] = [];
        const stream = (async function* () {
          await Promise.resolve();
          yield* pieces;
        })();
        for await (const piece of withoutImages(stream)) said.push(piece);
        expect(said.join('')).not.toMatch(/!\[|<img\b/);
      }),
      { numRuns: 500 },
    );
  });
});

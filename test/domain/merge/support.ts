import fc from 'fast-check';
import type { TextEdit } from '../../../src/domain/merge/lineEdits';
import { Lines } from '../../../src/domain/text/lines';

/** What an editor's document holds after the edits, all of which belong to the text as it is now. */
export function edited(text: string, edits: readonly TextEdit[]): string {
  const lines = new Lines(text);
  return [...edits].reverse().reduce((soFar, edit) => {
    const start = lines.offsetAt({ line: edit.startLine, character: edit.startCharacter });
    const end = lines.offsetAt({ line: edit.endLine, character: edit.endCharacter });
    return soFar.slice(0, start) + edit.newText + soFar.slice(end);
  }, text);
}

/** Few different lines, so that texts are full of repetitions. */
export const anyText = fc
  .array(fc.constantFrom('', 'a', 'b', '  c', '}', 'd'), { maxLength: 14 })
  .map((lines) => lines.join('\n'));

interface Change {
  readonly at: number;
  readonly remove: number;
  readonly lines: readonly string[];
}

const changes = (word: string): fc.Arbitrary<readonly Change[]> =>
  fc.array(
    fc.record({
      at: fc.nat(24),
      remove: fc.nat(2),
      lines: fc.array(
        fc.nat(5).map((n) => `${word}${n}`),
        { maxLength: 2 },
      ),
    }),
    { maxLength: 4 },
  );

function changed(text: string, edits: readonly Change[]): string {
  const lines = text.split('\n');
  for (const { at, remove, lines: added } of edits) {
    lines.splice(at % (lines.length + 1), remove, ...added);
  }
  return lines.join('\n');
}

/** A seed of mostly distinct lines, what the user made of it, and what a candidate made of it. */
export const editedTriple = fc
  .tuple(
    fc.array(
      fc.nat(30).map((n) => `line ${n}`),
      { maxLength: 24 },
    ),
    changes('mine '),
    changes('theirs '),
  )
  .map(([lines, mine, theirs]) => {
    const seed = lines.join('\n');
    return { seed, mine: changed(seed, mine), theirs: changed(seed, theirs) };
  });

/** Three texts that have little to do with each other, or much. */
export const anyTriple = fc.oneof(editedTriple, fc.record({ seed: anyText, mine: anyText, theirs: anyText }));

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EditError } from '../../../src/domain/extraction/answerError';
import { applyEdits } from '../../../src/domain/extraction/applyEdits';
import { editMarkers } from '../../../src/domain/extraction/editMarkers';
import { extractEdits, type Edit } from '../../../src/domain/extraction/extractEdits';

function block(search: readonly string[], replace: readonly string[]): string {
  return [editMarkers.search, ...search, editMarkers.divider, ...replace, editMarkers.replace].join('\n');
}

function edited(program: string, answer: string): string {
  return applyEdits(program, extractEdits(answer));
}

function failure(program: string, answer: string): EditError {
  try {
    edited(program, answer);
  } catch (error) {
    if (error instanceof EditError) return error;
    throw error;
  }
  throw new Error('the edits were applied');
}

const program = 'a = 1\nb = 2\nc = 3\nb2 = 2\n';

describe('edits', () => {
  it('replace, delete and lengthen lines, in any order and between any words', () => {
    const answer = `First:\n\`\`\`python\n${block(['c = 3'], [])}\n\`\`\`\nThen\n=======\n${block(['a = 1', 'b = 2'], ['a = 9', '', 'b = 8'])}`;
    expect(edited(program, answer)).toBe('a = 9\n\nb = 8\nb2 = 2\n');
  });

  it('match whole lines, not parts of them', () => {
    expect(edited('b2 = 2\nb = 2\n', block(['b = 2'], ['b = 3']))).toBe('b2 = 2\nb = 3\n');
    expect(failure(program, block(['b = '], ['c'])).problem).toBe('not-found');
  });

  it('are tolerant of CRLF in the answer and keep the ends of the program', () => {
    const answer = block(['b = 2'], ['b = 3', 'd = 4']);
    expect(edited('a = 1\r\nb = 2\r\n', answer)).toBe('a = 1\r\nb = 3\r\nd = 4\r\n');
    expect(edited(program, answer.replaceAll('\n', '\r\n'))).toBe('a = 1\nb = 3\nd = 4\nc = 3\nb2 = 2\n');
    expect(edited('a = 1\nb = 2', answer)).toBe('a = 1\nb = 3\nd = 4');
  });

  it.each([
    ['no-edits', 'just words', undefined],
    ['not-found', block(['nowhere'], ['x']), 1],
    ['not-found', `${block(['a = 1'], ['a = 2'])}\n${block(['a = 2'], ['a = 3'])}`, 2],
    ['not-found', block(['  a = 1'], ['x']), 1],
    ['empty-search', block([], ['x']), 1],
    ['empty-search', `${block(['a = 1'], ['x'])}\n${block(['', '  '], ['x'])}`, 2],
    ['overlapping', `${block(['b = 2', 'c = 3'], ['x'])}\n${block(['a = 1', 'b = 2'], ['y'])}`, 2],
    ['overlapping', `${block(['a = 1'], ['x'])}\n${block(['a = 1'], ['y'])}`, 2],
    ['unterminated', `${editMarkers.search}\na = 1\n${editMarkers.divider}\na = 2`, 1],
    ['unterminated', `${editMarkers.search}\na = 1\n${block(['b = 2'], ['x'])}`, 1],
    ['stray-marker', `${editMarkers.search}\na = 1\n${editMarkers.replace}`, 1],
    ['stray-marker', `a = 1\n${editMarkers.replace}`, 1],
    ['ambiguous-divider', block(['a = 1', editMarkers.divider, 'x'], ['y']), 1],
    ['no-change', block(['a = 1'], ['a = 1']), undefined],
  ])('fail with %s', (problem, answer, number) => {
    const error = failure(program, answer);
    expect(error.problem).toBe(problem);
    expect(error.block).toBe(number);
  });

  it('that fit more than one place fail and say where', () => {
    const error = failure('x\ny\nx\n', block(['x'], ['z']));
    expect(error.problem).toBe('found-twice');
    expect(error.message).toBe(
      'Edit 1 fits more than one place of the program (lines 1, 3). It begins with:\nx',
    );
    expect(failure('x\nx\nx\n', block(['x', 'x'], ['z'])).problem).toBe('found-twice');
  });

  it('that fail show the first three lines of the block', () => {
    const error = failure(program, block(['one', 'two', 'three', 'four'], ['x']));
    expect(error.firstLines).toEqual(['one', 'two', 'three']);
    expect(error.message).toContain('Edit 1 is not found in the program.');
  });
});

const line = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '=', '<', '`'), maxLength: 6 });
const isMarker = (text: string): boolean =>
  Object.values(editMarkers).some((marker) => marker === text.trimEnd());
const lines = fc.array(
  line.filter((text) => !isMarker(text)),
  { maxLength: 12 },
);

describe('extracted edits', () => {
  it('are those that were written', () => {
    const edit = fc.record({
      search: lines.filter((texts) => texts.some((text) => text.trim() !== '')),
      replace: lines,
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), fc.boolean(), (edits, crlf) => {
        const answer = edits.map(({ search, replace }) => block(search, replace)).join('\nwords\n');
        expect(extractEdits(crlf ? answer.replaceAll('\n', '\r\n') : answer)).toEqual(
          edits.map(({ search, replace }, index) => ({ number: index + 1, search, replace })),
        );
      }),
    );
  });

  it('are applied as splices, or fail by name', () => {
    fc.assert(
      fc.property(lines, lines, fc.nat(), fc.nat(), (texts, replace, start, length) => {
        const from = texts.length === 0 ? 0 : start % texts.length;
        const search = texts.slice(from, from + 1 + (length % 4));
        const edit: Edit = { number: 1, search: search.length > 0 ? search : ['none'], replace };
        const text = texts.map((one) => `${one}\n`).join('');
        const expected = texts.toSpliced(from, search.length, ...replace).map((one) => `${one}\n`);
        const places = texts.filter((_, at) =>
          search.every((one, offset) => texts[at + offset] === one),
        ).length;
        try {
          expect(applyEdits(text, [edit])).toBe(expected.join(''));
          expect(places).toBe(1);
        } catch (error) {
          if (!(error instanceof EditError)) throw error;
          if (error.problem === 'found-twice') expect(places).toBeGreaterThan(1);
          else if (error.problem === 'not-found') expect(texts).toHaveLength(0);
          else expect(error.problem).toBe('no-change');
        }
      }),
    );
  });
});

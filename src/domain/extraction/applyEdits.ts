import { EditError, firstLinesOf } from './answerError';
import type { Edit } from './extractEdits';

interface Line {
  readonly text: string;
  /** `\n`, `\r\n`, or nothing at the end of the program. */
  readonly end: string;
}

interface Placed {
  readonly edit: Edit;
  /** Index of the first line that goes, and of the first behind it that stays. */
  readonly from: number;
  readonly to: number;
}

/**
 * The program with all edits applied. Each search part must be whole lines that stand exactly once in the program as it was
 * given, so the order of the edits does not matter. Lines compare exactly but for LF or CRLF at their ends; new lines get the
 * ends of those that they replace.
 *
 * All or nothing: throws `EditError` if a search part is not found or found more than once, two edits touch the same line, or the
 * program would stay as it is.
 */
export function applyEdits(program: string, edits: readonly Edit[]): string {
  const lines = linesOf(program);
  const placed = edits.map((edit) => place(edit, lines)).sort((a, b) => a.from - b.from);
  for (const [index, next] of placed.entries()) {
    const previous = placed[index - 1];
    if (previous === undefined || previous.to <= next.from) continue;
    const [first, second] = [previous.edit, next.edit].sort((a, b) => a.number - b.number);
    if (first === undefined || second === undefined) continue;
    throw new EditError(
      'overlapping',
      `changes lines that edit ${first.number} changes too.`,
      second.number,
      firstLinesOf(second.search),
    );
  }
  let result = '';
  let copied = 0;
  for (const { edit, from, to } of placed) {
    result += joined(lines.slice(copied, from)) + replacement(edit, lines.slice(from, to));
    copied = to;
  }
  result += joined(lines.slice(copied));
  if (result === program) throw new EditError('no-change', 'The edits leave the program as it is.');
  return result;
}

function place(edit: Edit, lines: readonly Line[]): Placed {
  const places = placesOf(edit.search, lines);
  const [from] = places;
  if (from === undefined) {
    throw new EditError('not-found', 'is not found in the program.', edit.number, firstLinesOf(edit.search));
  }
  if (places.length > 1) {
    const at = places.map((line) => line + 1).join(', ');
    throw new EditError(
      'found-twice',
      `fits more than one place of the program (lines ${at}).`,
      edit.number,
      firstLinesOf(edit.search),
    );
  }
  return { edit, from, to: from + edit.search.length };
}

/** The first places where the lines stand, at most five. */
function placesOf(search: readonly string[], lines: readonly Line[]): readonly number[] {
  const places: number[] = [];
  for (let from = 0; from + search.length <= lines.length && places.length < 5; from++) {
    if (search.every((text, offset) => lines[from + offset]?.text === text)) places.push(from);
  }
  return places;
}

function replacement(edit: Edit, replaced: readonly Line[]): string {
  const lastEnd = replaced.at(-1)?.end ?? '';
  const innerEnd = replaced[0]?.end === '\r\n' || lastEnd === '\r\n' ? '\r\n' : '\n';
  const count = edit.replace.length;
  return edit.replace.map((text, index) => text + (index === count - 1 ? lastEnd : innerEnd)).join('');
}

function linesOf(program: string): readonly Line[] {
  const lines: Line[] = [];
  let from = 0;
  for (const end of program.matchAll(/\r\n|\n/g)) {
    lines.push({ text: program.slice(from, end.index), end: end[0] });
    from = end.index + end[0].length;
  }
  if (from < program.length) lines.push({ text: program.slice(from), end: '' });
  return lines;
}

function joined(lines: readonly Line[]): string {
  return lines.map(({ text, end }) => text + end).join('');
}

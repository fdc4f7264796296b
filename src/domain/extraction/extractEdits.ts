import { EditError, firstLinesOf } from './answerError';
import { editMarkers } from './editMarkers';

/** Lines of the program, and the lines that take their place; without line ends. */
export interface Edit {
  /** From 1, in the order of the answer. */
  readonly number: number;
  readonly search: readonly string[];
  /** None: the lines are deleted. */
  readonly replace: readonly string[];
}

/**
 * The search/replace blocks of a model's final answer, in order. What stands between them is not read; code fences around
 * them are allowed. Line ends may be LF or CRLF, and spaces may follow a marker.
 *
 * Strict: throws `EditError` if there is no block, one is not ended, a marker stands where it cannot, a block has two
 * dividers (its parts could not be told apart), or its search part is blank.
 */
export function extractEdits(answer: string): readonly Edit[] {
  const edits: Edit[] = [];
  let open: { readonly search: string[]; readonly replace: string[]; divided: boolean } | undefined;
  for (const line of answer.split(/\r\n|\n/)) {
    const number = edits.length + 1;
    switch (markerOf(line)) {
      case 'search':
        if (open !== undefined) throw unterminated(number, open.search);
        open = { search: [], replace: [], divided: false };
        break;
      case 'divider':
        // Outside a block it may be a heading's underline.
        if (open === undefined) break;
        if (open.divided) {
          throw new EditError(
            'ambiguous-divider',
            `has two lines "${editMarkers.divider}", so its parts cannot be told apart.`,
            number,
            firstLinesOf(open.search),
          );
        }
        open.divided = true;
        break;
      case 'replace':
        if (open === undefined) {
          throw new EditError(
            'stray-marker',
            `ends with "${editMarkers.replace}" without a beginning.`,
            number,
          );
        }
        if (!open.divided) {
          throw new EditError(
            'stray-marker',
            `has no line "${editMarkers.divider}" between its parts.`,
            number,
            firstLinesOf(open.search),
          );
        }
        if (open.search.every((text) => text.trim() === '')) {
          throw new EditError(
            'empty-search',
            'has a blank search part, so its place is not known.',
            number,
            firstLinesOf(open.replace),
          );
        }
        edits.push({ number, search: open.search, replace: open.replace });
        open = undefined;
        break;
      case undefined:
        if (open !== undefined) (open.divided ? open.replace : open.search).push(line);
    }
  }
  if (open !== undefined) throw unterminated(edits.length + 1, open.search);
  if (edits.length === 0) {
    throw new EditError('no-edits', `The answer has no "${editMarkers.search}" block.`);
  }
  return edits;
}

function unterminated(number: number, search: readonly string[]): EditError {
  return new EditError(
    'unterminated',
    `has no line "${editMarkers.replace}" at its end.`,
    number,
    firstLinesOf(search),
  );
}

function markerOf(line: string): keyof typeof editMarkers | undefined {
  const text = line.trimEnd();
  if (text === editMarkers.search) return 'search';
  if (text === editMarkers.divider) return 'divider';
  return text === editMarkers.replace ? 'replace' : undefined;
}

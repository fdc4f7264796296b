import type { LineRange } from './textLines';

/** Lines of a text, and what stands in their place afterwards. */
export interface LineReplacement {
  readonly range: LineRange;
  readonly lines: readonly string[];
}

/** A replacement of characters, by line and character counted from 0, with `\n` as the line end. */
export interface TextEdit {
  readonly startLine: number;
  readonly startCharacter: number;
  readonly endLine: number;
  readonly endCharacter: number;
  readonly newText: string;
}

/** The lines after all replacements, which are in order and do not overlap. */
export function replaceLines(lines: readonly string[], replacements: readonly LineReplacement[]): string[] {
  const result: string[] = [];
  let place = 0;
  for (const { range, lines: newLines } of replacements) {
    for (; place < range.start; place++) result.push(lines[place] ?? '');
    for (const line of newLines) result.push(line);
    place = range.end;
  }
  for (; place < lines.length; place++) result.push(lines[place] ?? '');
  return result.length === 0 ? [''] : result;
}

/**
 * The replacements, which are in order and do not overlap, as edits of an editor's document that has these lines. An edit
 * takes its line end from after its lines, or from before them where the text ends with them.
 */
export function editsOf(lines: readonly string[], replacements: readonly LineReplacement[]): TextEdit[] {
  return joinTouching(replacements).map(({ range, lines: newLines }) => {
    const { start, end } = range;
    if (end < lines.length) {
      return {
        startLine: start,
        startCharacter: 0,
        endLine: end,
        endCharacter: 0,
        newText: newLines.map((line) => `${line}\n`).join(''),
      };
    }
    const last = { endLine: lines.length - 1, endCharacter: lines.at(-1)?.length ?? 0 };
    if (start === 0) return { startLine: 0, startCharacter: 0, ...last, newText: newLines.join('\n') };
    return {
      startLine: start - 1,
      startCharacter: lines[start - 1]?.length ?? 0,
      ...last,
      newText: newLines.map((line) => `\n${line}`).join(''),
    };
  });
}

function joinTouching(replacements: readonly LineReplacement[]): LineReplacement[] {
  const joined: LineReplacement[] = [];
  for (const replacement of replacements) {
    const before = joined.at(-1);
    if (before?.range.end === replacement.range.start) {
      joined[joined.length - 1] = {
        range: { start: before.range.start, end: replacement.range.end },
        lines: [...before.lines, ...replacement.lines],
      };
    } else {
      joined.push(replacement);
    }
  }
  return joined;
}

import type { Lines } from '../../../domain/text/lines';
import type { Range } from '../../../domain/text/position';

/** What a fix writes in place of a range. */
export interface TextEdit {
  readonly range: Range;
  readonly newText: string;
}

export function sameRange(a: Range, b: Range): boolean {
  return (
    a.start.line === b.start.line &&
    a.start.character === b.start.character &&
    a.end.line === b.end.line &&
    a.end.character === b.end.character
  );
}

export function textIn(lines: Lines, range: Range): string {
  return lines.text.slice(lines.offsetAt(range.start), lines.offsetAt(range.end));
}

export function insertAt(lines: Lines, offset: number, newText: string): TextEdit {
  return { range: lines.range(offset, offset), newText };
}

/** The indentation of a line, blanks alone. */
export function indentOf(lines: Lines, line: number): string {
  const start = lines.offsetAt({ line, character: 0 });
  return /^[ ]*/.exec(lines.text.slice(start))?.[0] ?? '';
}

/** Where a line ends, without its line break. */
export function lineEnd(lines: Lines, line: number): number {
  const start = lines.offsetAt({ line, character: 0 });
  return start + (/^[^\r\n]*/.exec(lines.text.slice(start))?.[0].length ?? 0);
}

/**
 * Takes a key with its value out, given where its name stands: its lines, or its part of `{ … }`. Undefined where nothing sound would be
 * left: the first key of a list's item.
 */
export function removalOf(lines: Lines, key: Range): TextEdit | undefined {
  const { text } = lines;
  const from = lines.offsetAt(key.start);
  const lineStart = lines.offsetAt({ line: key.start.line, character: 0 });
  const before = text.slice(lineStart, from);
  if (/^[ ]*$/.test(before)) {
    let last = key.start.line;
    while (last + 1 < lines.count && continues(lines, last + 1, before.length)) last += 1;
    return { range: lines.range(lineStart, lines.offsetAt({ line: last + 1, character: 0 })), newText: '' };
  }
  if (/^[ ]*(- +)+$/.test(before)) return undefined;
  return flowRemoval(lines, from);
}

/** True for a line that belongs to the value of a key that is indented by so many blanks. */
function continues(lines: Lines, line: number, indent: number): boolean {
  const start = lines.offsetAt({ line, character: 0 });
  const content = lines.text.slice(start, lineEnd(lines, line));
  if (/^(---|\s*$)/.test(content)) return false;
  const own = /^[ ]*/.exec(content)?.[0].length ?? 0;
  return own > indent || (own === indent && /^[ ]*(- |-$|[}\]])/.test(content));
}

/** From a key within braces to the next comma or to the closing brace, with one of the two commas around it. */
function flowRemoval(lines: Lines, from: number): TextEdit | undefined {
  const end = flowEntryEnd(lines.text, from);
  if (end === undefined) return undefined;
  if (lines.text[end] === ',') {
    const after = /^,[ ]*/.exec(lines.text.slice(end))?.[0].length ?? 1;
    return { range: lines.range(from, end + after), newText: '' };
  }
  const before = /,?[ ]*$/.exec(lines.text.slice(0, from))?.[0] ?? '';
  const start = before.startsWith(',') ? from - before.length : from;
  const contentEnd = start + lines.text.slice(start, end).trimEnd().length;
  return { range: lines.range(start, contentEnd), newText: '' };
}

/** Where the entry of a flow that begins at an offset ends: at its comma or at the bracket that closes the flow. */
function flowEntryEnd(source: string, from: number): number | undefined {
  let depth = 0;
  let quote: string | undefined;
  for (let at = from; at < source.length; at++) {
    const character = source.charAt(at);
    if (quote !== undefined) {
      if (character === quote) quote = undefined;
    } else if ((character === '"' || character === "'") && /[:,[{\s]/.test(source.charAt(at - 1))) {
      quote = character;
    } else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') {
      if (depth === 0) return at;
      depth -= 1;
    } else if (character === ',' && depth === 0) return at;
    else if (character === '\n' && source.startsWith('---', at + 1)) return undefined;
  }
  return undefined;
}

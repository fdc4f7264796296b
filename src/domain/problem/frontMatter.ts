/** Offsets in a text; `to` is not included. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export type FrontMatter =
  | {
      readonly ok: true;
      /** The opening `---`. */
      readonly opening: Span;
      /** What lies between the two fences, each on a line of its own. */
      readonly yaml: Span;
      /** What follows the closing fence. */
      readonly body: Span;
    }
  | {
      readonly ok: false;
      readonly code: 'front-matter-missing' | 'front-matter-unclosed';
      readonly at: Span;
    };

const fence = /---[ \t]*(?:\r\n|\r|\n|$)/y;

/** Splits a problem file into its YAML front matter and its Markdown body. A byte order mark is passed over. */
export function splitFrontMatter(text: string): FrontMatter {
  const start = text.startsWith('\uFEFF') ? 1 : 0;
  fence.lastIndex = start;
  const opening = fence.exec(text);
  if (opening === null) {
    const firstLine = /[^\r\n]*/y;
    firstLine.lastIndex = start;
    const length = firstLine.exec(text)?.[0].length ?? 0;
    return { ok: false, code: 'front-matter-missing', at: { from: start, to: start + length } };
  }
  const openingSpan = { from: start, to: start + 3 };
  const yamlFrom = start + opening[0].length;
  for (let lineStart = yamlFrom; lineStart < text.length; lineStart = nextLine(text, lineStart)) {
    fence.lastIndex = lineStart;
    const closing = fence.exec(text);
    if (closing === null) continue;
    return {
      ok: true,
      opening: openingSpan,
      yaml: { from: yamlFrom, to: lineStart },
      body: { from: lineStart + closing[0].length, to: text.length },
    };
  }
  return { ok: false, code: 'front-matter-unclosed', at: openingSpan };
}

function nextLine(text: string, from: number): number {
  const lineEnd = /\r\n|\r|\n/g;
  lineEnd.lastIndex = from;
  return lineEnd.exec(text) === null ? text.length : lineEnd.lastIndex;
}

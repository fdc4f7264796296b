/** A Markdown table whose columns stand one below the other as plain text too. */
export function markdownTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  /** Columns of numbers. */
  isRight: (column: number) => boolean = () => false,
): string {
  const cells = [headings, ...rows].map((row) => headings.map((_, column) => cellText(row[column] ?? '')));
  const widths = headings.map((_, column) => Math.max(3, ...cells.map((row) => widthOf(row[column] ?? ''))));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => padded(cell, widths[column] ?? 0, isRight(column))).join(' | ')} |`;
  const rule = widths.map(
    (width, column) => '-'.repeat(width - (isRight(column) ? 1 : 0)) + (isRight(column) ? ':' : ''),
  );
  const [head = [], ...body] = cells;
  return [line(head), `| ${rule.join(' | ')} |`, ...body.map(line)].join('\n');
}

/** On one line, and without a meaning to Markdown. Underscores within words have none. */
function cellText(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[\\|*`<>[\]]/g, '\\$&');
}

function widthOf(text: string): number {
  return Array.from(text).length;
}

function padded(text: string, width: number, isRight: boolean): string {
  const blanks = ' '.repeat(Math.max(0, width - widthOf(text)));
  return isRight ? blanks + text : text + blanks;
}

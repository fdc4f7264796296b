import { textOf } from './fieldValues';
import type { Span } from './frontMatter';
import type { Field, YamlFields } from './yamlFields';

/** `title:`, or else the first heading of the statement. */
export function readTitle(
  fields: YamlFields,
  field: Field | undefined,
  statement: string,
  opening: Span,
): string | undefined {
  if (field !== undefined) return textOf(fields, field);
  const heading = firstHeading(statement);
  if (heading !== undefined) return heading;
  const message = 'The problem needs a name: add title: …, or a heading "# …" to the statement.';
  fields.error(opening, 'missing-key', message);
  return undefined;
}

/** The text of the first `#` heading outside fenced code. */
function firstHeading(statement: string): string | undefined {
  let fence: string | undefined;
  for (const line of statement.split('\n')) {
    const mark = /^ {0,3}(```+|~~~+)/.exec(line)?.[1];
    if (fence !== undefined) {
      if (mark?.startsWith(fence) === true) fence = undefined;
    } else if (mark !== undefined) fence = mark;
    else {
      const heading = headingText(line);
      if (heading !== '') return heading;
    }
  }
  return undefined;
}

/** The text of an ATX heading without its closing marks; empty if the line is none. */
function headingText(line: string): string {
  const [mark] = /^ {0,3}#{1,6}(?=[ \t])/.exec(line) ?? [];
  if (mark === undefined) return '';
  const text = line.slice(mark.length).trim();
  const words = text.split(/[ \t]+/);
  return /^#+$/.test(words.at(-1) ?? '')
    ? text.slice(0, text.length - (words.at(-1) ?? '').length).trim()
    : text;
}

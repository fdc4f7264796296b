import { textId } from '../../../domain/merge/changeIds';

/** Name of a run of lines. */
export function linesId(lines: readonly string[]): string {
  return textId(lines.join('\n'));
}

/** Name of a run of lines together with the line before and the line after; absent at the text's edges. */
export function surroundedId(
  before: string | undefined,
  run: readonly string[],
  after: string | undefined,
): string {
  return textId(JSON.stringify([before ?? null, ...run, after ?? null]));
}

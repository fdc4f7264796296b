/** A Markdown code block that its content cannot end. */
export interface Fence {
  /** The closing line, and the opening one without its language. */
  readonly marker: string;
  readonly block: string;
}

/**
 * The text as a fenced block. The fence is longer than any run of backticks in the text (and at least three), so no line of
 * the text closes it. A text without a final line end gets one.
 */
export function fenced(text: string, language: string): Fence {
  let longest = 2;
  for (const run of text.matchAll(/`+/g)) longest = Math.max(longest, run[0].length);
  const marker = '`'.repeat(longest + 1);
  const lineEnd = text === '' || /[\r\n]$/.test(text) ? '' : '\n';
  return { marker, block: `${marker}${language}\n${text}${lineEnd}${marker}` };
}

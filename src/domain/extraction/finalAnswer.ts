/**
 * The answer without the reasoning that some servers leave in front of it: what follows `</think>`, where the text begins
 * with `<think>`, or where `</think>` ends a line of its own and the chat template had written the opening tag. Empty where
 * the reasoning never ends.
 */
export function finalAnswer(text: string): string {
  const end = '</think>';
  if (/^\s*<think>/.test(text)) {
    const at = text.indexOf(end);
    return at < 0 ? '' : text.slice(at + end.length);
  }
  const lone = /^[ \t]*<\/think>[ \t]*\r?$/m.exec(text);
  return lone === null ? text : text.slice(lone.index + lone[0].length);
}

/** What accepting a candidate would do to the user's file. */
export type Acceptance =
  /** Replace the text from `start` up to `end` (offsets in the document's text) by `newText`. */
  | { readonly kind: 'edit'; readonly start: number; readonly end: number; readonly newText: string }
  | { readonly kind: 'already-accepted' }
  /** The file holds text that is neither the session's initial program nor the candidate accepted last. */
  | { readonly kind: 'changed-since' };

/**
 * Decides whether a candidate may be written over a document. It may if nothing of the user's own would be lost: the
 * document still holds one of the `bases` (the session's initial program, or the candidate accepted last). Line ends and
 * a byte order mark do not count as differences, and the document's own are kept.
 */
export function decideAcceptance(
  documentText: string,
  candidateText: string,
  bases: readonly string[],
): Acceptance {
  const current = normalized(documentText);
  if (current === normalized(candidateText)) return { kind: 'already-accepted' };
  if (!bases.some((base) => normalized(base) === current)) return { kind: 'changed-since' };
  const mark = documentText.startsWith(byteOrderMark) ? byteOrderMark : '';
  const wanted = mark + normalized(candidateText).replaceAll('\n', lineEndOf(documentText));
  return { kind: 'edit', ...smallestEdit(documentText, wanted) };
}

const byteOrderMark = '\uFEFF';

function normalized(text: string): string {
  return (text.startsWith(byteOrderMark) ? text.slice(1) : text).replaceAll('\r\n', '\n');
}

function lineEndOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

/** One replacement of whole lines that turns `from` into `to`; the lines in common at both ends stay untouched. */
function smallestEdit(from: string, to: string): { start: number; end: number; newText: string } {
  let start = 0;
  const shorter = Math.min(from.length, to.length);
  while (start < shorter && from[start] === to[start]) start += 1;
  start = start === 0 ? 0 : from.lastIndexOf('\n', start - 1) + 1;
  let same = 0;
  while (same < shorter - start && from[from.length - 1 - same] === to[to.length - 1 - same]) same += 1;
  const lineStart = from.indexOf('\n', from.length - same);
  const end = lineStart < 0 ? from.length : lineStart + 1;
  return { start, end, newText: to.slice(start, to.length - (from.length - end)) };
}

import { languageOf } from '../problem/language';
import type { SessionSnapshot } from '../session/snapshot';
import { candidateWords, valueOf } from './reportFacts';
import { valueWords } from './words';

/** Where a program came from, in one line each, without marks of a comment. */
export function provenanceLines(snapshot: SessionSnapshot, candidate: number, madeAtMs: number): string[] {
  const record = snapshot.candidates.at(candidate);
  const { problem } = snapshot;
  const value = valueOf(record);
  const metric = problem?.metric;
  return [
    `Found by TTT-Discover: ${problem?.title ?? 'a discovery session'}`,
    value === undefined || metric === undefined
      ? undefined
      : `${metric.name}: ${valueWords(value, metric.unit)} (${metric.goal === 'minimize' ? 'lower' : 'higher'} is better)`,
    `Session ${snapshot.sessionId ?? 'unknown'}, candidate ${record === undefined ? `c${candidate}` : candidateWords(record)}`,
    `Date: ${new Date(madeAtMs).toISOString().slice(0, 10)}`,
  ].flatMap((line) => (line === undefined ? [] : [oneLine(line)]));
}

/**
 * A program with lines about it at its top, as comments of its language; those of a GPU MODE submission (`#!POPCORN …`) come before
 * them, the program's own or else those of `submission`. What must be first in a file stays there. A language without comments that end with
 * their line gets none.
 */
export function withHeader(
  text: string,
  fileName: string,
  header: readonly string[],
  submission = '',
): string {
  const { id, lineComment } = languageOf(fileName);
  const mark = id === 'plaintext' ? undefined : lineComment;
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = text.split(/\r\n|\n/);
  const first = firstLines(lines);
  const own = popcornLines(lines);
  const popcorn = own.length > 0 ? own : popcornLines(submission.split(/\r\n|\n/));
  const rest = lines.slice(first.length).filter((line) => !own.includes(line));
  const comments = mark === undefined ? [] : header.map((line) => `${mark} ${line}`);
  const top = [...first, ...popcorn, ...comments];
  const gap = comments.length > 0 && rest[0] !== undefined && rest[0] !== '' ? [''] : [];
  return [...top, ...gap, ...rest].join(lineEnd);
}

/** Names the leaderboard and the GPUs to submit to; only comment lines at a file's top count. */
export function popcornLines(lines: readonly string[]): string[] {
  const found: string[] = [];
  for (const line of lines) {
    if (!/^\s*(#|\/\/|$)/.test(line)) break;
    if (/^\s*(#|\/\/)!POPCORN\b/.test(line) && !found.includes(line)) found.push(line);
  }
  return found;
}

/** What has no effect elsewhere: the interpreter of a script, and the encoding of Python's source. */
function firstLines(lines: readonly string[]): string[] {
  const first: string[] = [];
  const [one = '', two = ''] = lines;
  if (one.startsWith('#!') && !one.startsWith('#!POPCORN')) first.push(one);
  const next = first.length === 0 ? one : two;
  if (/^[ \t\f]*#.*?coding[:=][ \t]*[-\w.]+/.test(next)) first.push(next);
  return first;
}

/** A title may hold a line end, which would end the comment, or end with what takes the next line into it. */
function oneLine(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .replace(/[\s\\]+$/, '')
    .trim();
}

import { patternFromRust } from './rustPattern';

/** How a contest's tools write a score, or a user says they do. */
export interface ScorePattern {
  readonly pattern: RegExp;
}

/** pahcer's own pattern wants whole numbers; tools of older contests print decimals, signs, or a colon. */
const usual = String.raw`^\s*Score\s*[=:]\s*(?<score>[+-]?\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*$`;
export const usualScorePattern: ScorePattern = { pattern: new RegExp(usual, 'gim') };

/** pahcer's default, which says nothing that ours does not. */
const pahcerDefault = String.raw`(?m)^\s*Score\s*=\s*(?P<score>\d+)\s*$`;

/** A pattern in Rust's syntax with a group called `score`, or why it is none: one sentence. */
export function scorePatternFromRust(
  source: string,
):
  | { readonly ok: true; readonly scorePattern: ScorePattern }
  | { readonly ok: false; readonly problem: string } {
  if (source === pahcerDefault) return { ok: true, scorePattern: usualScorePattern };
  const read = patternFromRust(source);
  if (!read.ok) return { ok: false, problem: `score_regex cannot be used, ${read.problem}.` };
  if (!read.pattern.source.includes('(?<score>'))
    return { ok: false, problem: 'score_regex needs a group (?P<score>…).' };
  return { ok: true, scorePattern: { pattern: read.pattern } };
}

/** What the official tool said of one answer. */
export type ToolVerdict =
  | { readonly kind: 'score'; readonly score: number }
  /** The tool's own words, one line. */
  | { readonly kind: 'rejected'; readonly why: string }
  | { readonly kind: 'no-score' };

const mostWords = 300;

/**
 * Reads what the tool printed, standard output and error together. The last score counts, as in pahcer. A score of 0 together with other
 * words is how visualizers say that an answer is invalid; so is 0 alone where less is better.
 */
export function readToolVerdict(
  said: string,
  { pattern }: ScorePattern,
  goal: 'minimize' | 'maximize',
): ToolVerdict {
  const found = [...said.matchAll(pattern)].at(-1);
  const text = found?.groups?.['score'];
  const words = oneLine(said.replace(pattern, ''));
  const refusal = /^\s*(?:wrong answer|error|invalid|illegal|panic)/im.test(said) ? words : '';
  if (text === undefined) return words === '' ? { kind: 'no-score' } : { kind: 'rejected', why: words };
  const score = Number(text.replaceAll(',', ''));
  if (!Number.isFinite(score)) return { kind: 'no-score' };
  if (refusal !== '') return { kind: 'rejected', why: refusal };
  if (score === 0 && words !== '') return { kind: 'rejected', why: words };
  if (score === 0 && goal === 'minimize') {
    return {
      kind: 'rejected',
      why: 'the tool gives it 0, which is how it refuses an answer where less is better',
    };
  }
  return { kind: 'score', score };
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= mostWords ? line : `${line.slice(0, mostWords)}…`;
}

import type { Metrics } from './openEvolveScores';

/** Name to text. */
export type TextArtifacts = ReadonlyMap<string, string>;

const mostFeedbackCharacters = 64 * 1024;

/** For the next prompt: the numbers and words of the evaluator, then its artifacts, each no longer than OpenEvolve would show it. */
export function feedbackOf(
  metrics: Metrics,
  artifacts: TextArtifacts,
  mostArtifactCharacters: number,
): string | undefined {
  const lines = [...metrics].map(
    ([name, value]) => `${name}: ${cut(wordsOf(value), mostArtifactCharacters)}`,
  );
  const sections = [...artifacts].map(
    ([name, text]) => `### ${name}\n${cut(withoutEscapes(text).trimEnd(), mostArtifactCharacters)}`,
  );
  const feedback = [...(lines.length === 0 ? [] : [lines.join('\n')]), ...sections].join('\n\n');
  return feedback === '' ? undefined : cut(feedback, mostFeedbackCharacters);
}

function wordsOf(value: number | boolean | string | null): string {
  if (typeof value === 'number') return String(Number(value.toPrecision(8)));
  return typeof value === 'string' ? withoutEscapes(value) : String(value);
}

/** Without the codes that color a terminal. */
export function withoutEscapes(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/\u001b(?:[@-Z\\-_]|\[[0-?]*[ -/]*[@-~])/g, '');
}

function cut(text: string, mostCharacters: number): string {
  return text.length <= mostCharacters
    ? text
    : `${text.slice(0, mostCharacters)}\n[… ${text.length - mostCharacters} characters left out]`;
}

import * as z from 'zod';
import type { NotScored, Scored } from '../evaluationMethod';
import { notFiniteWord, parsePythonJson } from '../jsonText';
import type { ShinkaVerdict } from './shinkaDriver';

const mostFeedbackCharacters = 64 * 1024;
const mostErrorCharacters = 4000;

const correctFile = z.object({ correct: z.boolean(), error: z.string().nullish() });
const metricsFile = z.object({
  combined_score: z.unknown().optional(),
  public: z.record(z.string(), z.unknown()).nullish(),
  private: z.record(z.string(), z.unknown()).nullish(),
  text_feedback: z.union([z.string(), z.array(z.string())]).nullish(),
});

export type ReadResult =
  | Pick<Scored, 'kind' | 'metrics' | 'feedback'>
  | { readonly kind: 'failed'; readonly reason: NotScored['reason']; readonly message: string };

/** The outcome by `correct.json` and `metrics.json`. What is private goes to people, and never into feedback. */
export function readShinkaResult({ code, error, correct, metrics }: ShinkaVerdict): ReadResult {
  const fail = (reason: NotScored['reason'], message: string): ReadResult => ({
    kind: 'failed',
    reason,
    message,
  });
  if (error !== null) {
    const reason = error.missing === null ? 'crashed' : 'could-not-start';
    return fail(reason, `evaluate.py ended with ${error.text}.${adviceOn(error.missing)}`);
  }
  const verdict = correct === null ? undefined : parsed(correct, correctFile);
  // Some evaluation programs also exit with a code when they find a program incorrect.
  if (verdict?.correct === false) {
    const words = verdict.error?.trim();
    const told = words === undefined || words === '' ? 'evaluate.py found the program incorrect.' : words;
    return fail('invalid', told.slice(0, mostErrorCharacters));
  }
  if (code !== 0) return fail('crashed', `evaluate.py ended with exit code ${code}.`);
  if (correct === null) return fail('no-result', 'evaluate.py wrote no correct.json.');
  if (verdict === undefined) {
    return fail(
      'bad-result',
      'correct.json is not as agreed: it must be {"correct": true or false, "error": …}.',
    );
  }
  if (metrics === null) return fail('no-result', 'evaluate.py wrote no metrics.json.');
  const found = parsed(metrics, metricsFile.loose());
  if (found === undefined) {
    return fail(
      'bad-result',
      'metrics.json is not as agreed: an object with combined_score, public and private.',
    );
  }
  const score = found.combined_score;
  const word = notFiniteWord(score);
  if (word !== undefined) return fail('not-finite', `combined_score is ${word}, not a finite number.`);
  if (typeof score !== 'number') {
    return fail('bad-result', 'metrics.json has no number under combined_score.');
  }
  const { public: shown, private: hidden, text_feedback: text, ...others } = found;
  const feedback = feedbackOf(score, shown ?? {}, text);
  return {
    kind: 'scored',
    metrics: { ...numbersOf(hidden ?? {}), ...numbersOf(shown ?? {}), ...numbersOf(others) },
    feedback,
  };
}

function adviceOn(missing: string | null): string {
  if (missing === null) return '';
  return missing.startsWith('shinka')
    ? ' Of ShinkaEvolve itself only run_shinka_eval is there: add shinka-evolve to environment.packages.'
    : ` Add the package that has ${missing} to environment.packages of the problem file.`;
}

function parsed<Value>(text: string, schema: z.ZodType<Value>): Value | undefined {
  try {
    return schema.safeParse(parsePythonJson(text)).data;
  } catch {
    return undefined;
  }
}

function numbersOf(values: Readonly<Record<string, unknown>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).filter(
      (entry): entry is [string, number] => typeof entry[1] === 'number' && Number.isFinite(entry[1]),
    ),
  );
}

/** As much as ShinkaEvolve shows to its models: the score, `public`, and `text_feedback`. */
function feedbackOf(
  score: number,
  shown: Readonly<Record<string, unknown>>,
  text: string | readonly string[] | null | undefined,
): string {
  const lines = Object.entries({ combined_score: score, ...shown }).map(([name, value]) => {
    const words = notFiniteWord(value) ?? (typeof value === 'string' ? value : JSON.stringify(value));
    return words.includes('\n') ? `${name}:\n${words}` : `${name}: ${words}`;
  });
  const told = typeof text === 'string' ? text : (text ?? []).join('\n');
  return [lines.join('\n'), told.trim()]
    .filter((part) => part !== '')
    .join('\n\n')
    .slice(0, mostFeedbackCharacters);
}

import * as z from 'zod';
import { caseResult, type CaseResult, type FailureReason } from '../domain/session/outcome';
import { memberText, notFiniteWord, parsePythonJson } from './jsonText';

const mostCases = 10_000;

/** What an evaluator writes to `DISCOVER_RESULT`; see docs/evaluators.md. Unknown keys are let through. */
const resultSchema = z.object({
  valid: z.boolean(),
  // Values are looked at one by one, to name the one that is wrong.
  metrics: z.record(z.string(), z.unknown()).default({}),
  feedback: z.string().nullish(),
  state: z.unknown().optional(),
  artifacts: z.record(z.string(), z.string()).nullish(),
  cases: z.array(caseResult).max(mostCases).nullish(),
  waited_s: z.number().nonnegative().nullish(),
  blame: z.literal('host').nullish(),
});

export interface EvaluatorResult {
  readonly metrics: Readonly<Record<string, number>>;
  readonly feedback?: string;
  /** JSON text as the evaluator wrote it. */
  readonly state?: string;
  /** Name to path, as the evaluator wrote it. */
  readonly artifacts: Readonly<Record<string, string>>;
  readonly cases?: readonly CaseResult[];
  /** How long the evaluator waited for its turn. */
  readonly waitedMs?: number;
}

export type ParsedResult =
  | { readonly ok: true; readonly result: EvaluatorResult }
  | {
      readonly ok: false;
      readonly reason: FailureReason;
      readonly message: string;
      readonly waitedMs?: number;
    };

const mostFeedbackCharacters = 16 * 1024;

/** Never throws, whatever the text. */
export function parseEvaluatorResult(text: string): ParsedResult {
  let value: unknown;
  try {
    value = parsePythonJson(text);
  } catch (error) {
    return bad(`The result is not JSON: ${error instanceof Error ? error.message : String(error)}.`);
  }
  const parsed = resultSchema.safeParse(value);
  if (!parsed.success) return bad(`The result is not as agreed: ${firstIssue(parsed.error)}.`);
  const { valid, metrics, state, artifacts, cases } = parsed.data;
  const waited = typeof parsed.data.waited_s === 'number' ? { waitedMs: 1000 * parsed.data.waited_s } : {};
  const feedback = shortened(parsed.data.feedback?.trim());
  if (!valid) {
    const message = feedback ?? 'The evaluator found the candidate invalid and gave no reason.';
    // What the host could not do says nothing about the candidate.
    const reason = parsed.data.blame === 'host' ? 'could-not-start' : 'invalid';
    return { ok: false, reason, message, ...waited };
  }
  const numbers: Record<string, number> = {};
  for (const [name, metric] of Object.entries(metrics)) {
    const word = notFiniteWord(metric);
    if (word !== undefined) return notFinite(`The metric "${name}" is ${word}, not a finite number.`);
    if (typeof metric !== 'number') return bad(`The metric "${name}" is ${kindOf(metric)}, not a number.`);
    numbers[name] = metric;
  }
  const word = wordWithin(state);
  if (word !== undefined) return notFinite(`The state holds ${word}, which JSON has no word for.`);
  const stateText = state === undefined || state === null ? undefined : memberText(text, 'state');
  return {
    ok: true,
    result: {
      metrics: numbers,
      ...(feedback === undefined ? {} : { feedback }),
      ...(stateText === undefined ? {} : { state: stateText }),
      artifacts: artifacts ?? {},
      ...(cases === undefined || cases === null ? {} : { cases }),
      ...waited,
    },
  };
}

function bad(message: string): ParsedResult {
  return { ok: false, reason: 'bad-result', message };
}

function notFinite(message: string): ParsedResult {
  return { ok: false, reason: 'not-finite', message };
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return error.message;
  const place = issue.path.length === 0 ? '' : ` at "${issue.path.map(String).join('.')}"`;
  return issue.message.charAt(0).toLowerCase() + issue.message.slice(1) + place;
}

/** The first number within a value that is not finite. Walks by a list: the depth is the author's choice. */
function wordWithin(value: unknown): string | undefined {
  const left: unknown[] = [value];
  while (left.length > 0) {
    const next = left.pop();
    const word = notFiniteWord(next);
    if (word !== undefined) return word;
    if (typeof next === 'object' && next !== null) for (const inner of Object.values(next)) left.push(inner);
  }
  return undefined;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

function shortened(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  if (text.length <= mostFeedbackCharacters) return text;
  return `${text.slice(0, mostFeedbackCharacters)}\n[… ${text.length - mostFeedbackCharacters} characters left out]`;
}

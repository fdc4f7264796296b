import { failureReasons, type FailureReason } from '../session/outcome';
import type { CandidateRecord } from '../session/snapshot';

/** What a user decided on a candidate. */
export type CandidateDecision = 'accepted' | 'partial' | 'rejected';

/** `failed` stands for every reason. */
export type QueryState = 'valid' | 'failed' | 'running' | 'verified' | FailureReason | CandidateDecision;

export interface Bound {
  readonly of: 'value' | 'step';
  readonly is: '<' | '<=' | '>' | '>=' | '=';
  readonly number: number;
}

/** Which candidates someone looks for: those that keep every bound, are in one of the states, and have all the words. */
export interface CandidateQuery {
  readonly bounds: readonly Bound[];
  readonly states: readonly QueryState[];
  /** In lower case. */
  readonly words: readonly string[];
}

export const emptyQuery: CandidateQuery = { bounds: [], states: [], words: [] };

/** The words of a query that are no words to look for. */
export const queryStates: readonly QueryState[] = [
  'valid',
  'failed',
  'running',
  'verified',
  'accepted',
  'partial',
  'rejected',
  ...failureReasons,
];

/** Something in a query's text that says nothing, and what to write instead. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
}

const number = String.raw`[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?`;
const part = new RegExp(
  [
    String.raw`"(?<quoted>[^"]*)"?`,
    String.raw`(?<field>value|step)\s*(?:=?\s*(?<from>${number})\s*\.\.\s*(?<to>${number})|(?<operator><=|>=|≤|≥|<|>|=)?\s*(?<number>${number}))(?!\S)`,
    String.raw`(?<word>\S+)`,
  ].join('|'),
  'giy',
);
const operators: Readonly<Record<string, Bound['is']>> = {
  '<': '<',
  '<=': '<=',
  '≤': '<=',
  '>': '>',
  '>=': '>=',
  '≥': '>=',
  '=': '=',
};

/**
 * Reads `value < 0.4 step 10..20 valid "a phrase" words`. States are alternatives, all else must hold together. Steps count from
 * 1; the initial program is step 0. In quotation marks everything is words. Throws a `QueryError`.
 */
export function parseQuery(text: string): CandidateQuery {
  const bounds: Bound[] = [];
  const states: QueryState[] = [];
  const words: string[] = [];
  let rest = text.trim();
  while (rest !== '') {
    part.lastIndex = 0;
    const match = part.exec(rest);
    const groups = match?.groups;
    if (match === null || groups === undefined) break;
    rest = rest.slice(match[0].length).trimStart();
    const { quoted, field, from, to, operator, number: bound, word } = groups;
    if (quoted !== undefined) {
      if (quoted.trim() !== '') words.push(quoted.toLowerCase());
    } else if (field !== undefined) {
      const of = field.toLowerCase() === 'step' ? 'step' : 'value';
      if (from !== undefined && to !== undefined) {
        const [low, high] = [Number(from), Number(to)].sort((a, b) => a - b);
        bounds.push({ of, is: '>=', number: low ?? 0 }, { of, is: '<=', number: high ?? 0 });
      } else {
        bounds.push({ of, is: operators[operator ?? '='] ?? '=', number: Number(bound) });
      }
    } else if (word !== undefined) {
      takeWord(word.toLowerCase(), states, words);
    }
  }
  return { bounds, states, words };
}

function takeWord(word: string, states: QueryState[], words: string[]): void {
  if (/^(value|step)([<>=≤≥].*)?$/.test(word)) {
    const field = word.startsWith('step') ? 'step' : 'value';
    throw new QueryError(
      `Write a number after ${field}, as in "${field} < 10" or "${field} 3..8", or put the word into quotation marks.`,
    );
  }
  const state = queryStates.find((one) => one === word);
  if (state === undefined) words.push(word);
  else if (!states.includes(state)) states.push(state);
}

export function isEmptyQuery({ bounds, states, words }: CandidateQuery): boolean {
  return bounds.length + states.length + words.length === 0;
}

export interface QueryFacts {
  readonly decision: CandidateDecision | undefined;
  /** The words are in its program, as far as programs were looked into. */
  readonly isInProgram: boolean;
}

export function matchesQuery(record: CandidateRecord, query: CandidateQuery, facts: QueryFacts): boolean {
  return (
    matchesAllButWords(record, query, facts.decision) &&
    (facts.isInProgram || hasWords(record.note, query.words))
  );
}

/** Whether it is worth looking into the program for the words. */
export function matchesAllButWords(
  record: CandidateRecord,
  { bounds, states }: CandidateQuery,
  decision: CandidateDecision | undefined,
): boolean {
  return (
    bounds.every((bound) => keepsBound(record, bound)) &&
    (states.length === 0 || states.some((state) => isInState(record, state, decision)))
  );
}

/** Every word is somewhere in the text, in whatever case. */
export function hasWords(text: string | undefined, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const lower = text?.toLowerCase() ?? '';
  return words.every((word) => lower.includes(word));
}

function keepsBound(record: CandidateRecord, { of, is, number: bound }: Bound): boolean {
  const own =
    of === 'step' ? record.step + 1 : record.outcome?.kind === 'valid' ? record.outcome.value : undefined;
  if (own === undefined) return false;
  switch (is) {
    case '<':
      return own < bound;
    case '<=':
      return own <= bound;
    case '>':
      return own > bound;
    case '>=':
      return own >= bound;
    case '=':
      return own === bound;
  }
}

function isInState(
  { outcome, verification }: CandidateRecord,
  state: QueryState,
  decision: CandidateDecision | undefined,
): boolean {
  switch (state) {
    case 'valid':
    case 'failed':
      return outcome?.kind === state;
    case 'running':
      return outcome === undefined;
    case 'verified':
      return verification?.verdict === 'confirmed';
    case 'accepted':
    case 'partial':
    case 'rejected':
      return decision === state;
    default:
      return outcome?.kind === 'failed' && outcome.reason === state;
  }
}

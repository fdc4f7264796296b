import { costUsd, pricesInUse } from '../session/cost';
import { outcomeGroupOf } from '../session/outcomeGroup';
import type { CandidateRecord, SessionSnapshot } from '../session/snapshot';

type Cell = string | number | undefined;

/** What stands in a row beside the candidate's own. */
interface Sums {
  readonly tokens: number;
}

const columns: readonly (readonly [
  name: string,
  of: (candidate: CandidateRecord, snapshot: SessionSnapshot, sums: Sums) => Cell,
])[] = [
  ['session', (_, { sessionId }) => sessionId],
  ['problem', (_, { problem }) => text(problem?.title)],
  ['metric', (_, { problem }) => text(problem?.metric.name)],
  ['unit', (_, { problem }) => text(problem?.metric.unit)],
  ['goal', (_, { problem }) => problem?.metric.goal],
  ['candidate', ({ id }) => id],
  ['step', ({ step }) => step + 1],
  ['group', ({ group }) => group],
  ['member', ({ member }) => member],
  ['parent', ({ parent }) => parent],
  ['outcome', ({ outcome }) => outcomeGroupOf(outcome)],
  ['reason', ({ outcome }) => (outcome?.kind === 'failed' ? outcome.reason : undefined)],
  ['value', ({ outcome }) => (outcome?.kind === 'valid' ? outcome.value : undefined)],
  ['reward', ({ outcome }) => (outcome?.kind === 'valid' ? outcome.reward : undefined)],
  ['second_run', ({ verification }) => verification?.verdict],
  ['second_value', ({ verification }) => verification?.value],
  ['proposed_at', ({ proposedAtMs }) => dateText(proposedAtMs)],
  ['ended_at', ({ endedAtMs }) => dateText(endedAtMs)],
  ['ended_after_s', ({ endedAtMs }, { createdAtMs }) => secondsBetween(createdAtMs, endedAtMs)],
  ['duration_s', ({ durationMs }) => secondsBetween(0, durationMs)],
  ['reused_from', ({ reusedFrom }) => reusedFrom && `${reusedFrom.session} c${reusedFrom.candidate}`],
  ['prompt_tokens', ({ usage }) => usage?.promptTokens],
  ['answer_tokens', ({ usage }) => usage?.sampledTokens],
  ['tokens_so_far', (_, { options }, { tokens }) => (options?.policy === 'tunables' ? undefined : tokens)],
  ['usd', ({ usage }, snapshot) => usdOf(usage, snapshot)],
  ['sha256', ({ sha256 }) => sha256],
  ['note', ({ note, outcome }) => text(outcome?.kind === 'failed' ? outcome.message : note)],
];

/**
 * The candidates of a session as comma-separated values (RFC 4180, UTF-8): a row each, ascending by id, with the facts that a row
 * needs to be understood alone in its first columns. Steps are counted from 1; 0 is the initial program. `value` is in the metric's own unit
 * and direction. Comes in pieces, of some hundred rows.
 */
export function* candidateCsv(snapshot: SessionSnapshot): Generator<string> {
  let piece = `${columns.map(([name]) => name).join(',')}\r\n`;
  let rows = 0;
  let tokens = 0;
  for (const candidate of snapshot.candidates) {
    tokens += (candidate.usage?.promptTokens ?? 0) + (candidate.usage?.sampledTokens ?? 0);
    piece += `${columns.map(([, of]) => quoted(of(candidate, snapshot, { tokens }))).join(',')}\r\n`;
    rows += 1;
    if (rows % 500 !== 0) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

function usdOf(usage: CandidateRecord['usage'], { options }: SessionSnapshot): number | undefined {
  const prices = pricesInUse(options?.model);
  if (usage === undefined || prices === undefined) return undefined;
  return Number(costUsd({ ...usage, trainedTokens: 0 }, prices).toPrecision(6));
}

function secondsBetween(fromMs: number | undefined, toMs: number | undefined): number | undefined {
  return fromMs === undefined || toMs === undefined ? undefined : Math.round(toMs - fromMs) / 1000;
}

function dateText(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

/**
 * Words that a candidate, an evaluator or a problem wrote. Programs that calculate with tables take a text that begins like this as a
 * formula, and run it.
 */
function text(words: string | undefined): string | undefined {
  return words !== undefined && /^[=+\-@\t\r]/.test(words) ? `'${words}` : words;
}

function quoted(cell: Cell): string {
  if (cell === undefined) return '';
  const words = String(cell);
  return /[",\r\n]/.test(words) ? `"${words.replaceAll('"', '""')}"` : words;
}

import type { ModelSettings, TokenPrices } from './modelSettings';
import type { SessionOptions } from './options';
import { knownPrices } from './priceTable';
import type { TokenUsage } from './snapshot';

export { knownPrices, pricesReadOn } from './priceTable';

/** US dollars for tokens at prices per million. */
export function costUsd(usage: TokenUsage, prices: TokenPrices): number {
  const { promptTokens, sampledTokens, trainedTokens } = usage;
  return (promptTokens * prices.prompt + sampledTokens * prices.sample + trainedTokens * prices.train) / 1e6;
}

/** The prices that a session counts with: the user's, else what is known. Undefined: no cost is counted. */
export function pricesInUse(
  model: Pick<ModelSettings, 'server' | 'model' | 'prices'> | undefined,
): TokenPrices | undefined {
  return model && (model.prices ?? knownPrices(model.server, model.model));
}

/** An amount that is not known yet. */
export interface Guess {
  readonly lowest: number;
  readonly likely: number;
  readonly highest: number;
}

export interface EstimateFacts {
  /** Of one prompt. */
  readonly promptTokens: Guess;
  /** Of one answer, reasoning included. */
  readonly sampledTokensPerCandidate: Guess;
  /** Of one evaluation; absent if not known. */
  readonly evaluationMs?: Guess;
  /** Each group's parent is run once more, to compare its children with (`stopEarly`). */
  readonly runsParents?: boolean;
}

export type SessionBudget = 'evaluations' | 'tokens' | 'cost' | 'time';

/** What a session takes if its guesses are right. */
export interface SessionForecast {
  readonly candidates: number;
  /** Of parents, to compare their children with; at most, as groups may have the same parent. */
  readonly parentRuns: number;
  readonly usage: TokenUsage;
  /** Absent if no prices are known. */
  readonly costUsd?: number;
  /** Wall time of the evaluations alone; sampling and training may add to it. Absent if the time of one is not known. */
  readonly evaluationMs?: number;
  /** The budget that ends the session before its last step, and to which the numbers are cut. */
  readonly endedBy?: SessionBudget;
}

export interface SessionEstimate {
  readonly lowest: SessionForecast;
  readonly likely: SessionForecast;
  readonly highest: SessionForecast;
  readonly prices?: TokenPrices;
}

/** As the policy `tinker` has it; the domain does not know policies. */
const defaultSamplesPerRequest = 8;

const guesses = ['lowest', 'likely', 'highest'] as const;

/**
 * What a session will take, before it begins: all its steps, or up to the budget that ends it. `patience` is left out: nobody knows
 * when nothing better is found. What is under way when a budget is reached is finished, so tokens and money may go over it by that much.
 */
export function estimate(options: SessionOptions, facts: EstimateFacts): SessionEstimate {
  const prices = pricesInUse(options.model);
  const forecasts = guesses.map((guess) => forecast(options, facts, guess, prices));
  const [lowest, likely, highest] = forecasts;
  if (!lowest || !likely || !highest) throw new Error('every guess has a forecast');
  return { lowest, likely, highest, ...(prices && { prices }) };
}

/**
 * Least and most of an amount over the three forecasts. Where a budget ends the session, few tokens for each candidate make for many candidates, and the
 * forecast called lowest may have the most of all.
 */
export function boundsOf(
  { lowest, likely, highest }: SessionEstimate,
  amountOf: (forecast: SessionForecast) => number,
): readonly [least: number, most: number] {
  const amounts = [lowest, likely, highest].map(amountOf);
  return [Math.min(...amounts), Math.max(...amounts)];
}

function forecast(
  options: SessionOptions,
  facts: EstimateFacts,
  guess: keyof Guess,
  prices: TokenPrices | undefined,
): SessionForecast {
  const { groups, concurrency, maxEvaluations, maxTokens, maxCostUsd, maxTimeMs } = options;
  const evaluationMs = facts.evaluationMs?.[guess];
  const planned = options.steps * groups * options.groupSize;
  const each = usageOfCandidate(options, facts, guess);
  const tokensEach = each.promptTokens + each.sampledTokens + each.trainedTokens;
  const usdEach = prices && costUsd(each, prices);
  const msEach = evaluationMs === undefined ? undefined : evaluationMs / concurrency;
  const groupSize = facts.runsParents === true ? options.groupSize : Infinity;
  const parentRunsFor = (candidates: number): number => Math.ceil(candidates / groupSize);
  /** Candidates for which so many evaluations are enough. */
  const candidatesOf = (evaluations: number): number =>
    Number.isFinite(evaluations) ? Math.floor(evaluations) / (1 + 1 / groupSize) : evaluations;
  // The initial program is evaluated once a group.
  const affordable: readonly (readonly [SessionBudget, number])[] = [
    ['evaluations', candidatesOf((maxEvaluations ?? Infinity) - groups)],
    ['tokens', (maxTokens ?? Infinity) / tokensEach],
    ['cost', (maxCostUsd ?? Infinity) / (usdEach ?? 0)],
    ['time', candidatesOf((maxTimeMs ?? Infinity) / (msEach ?? 0) - groups)],
  ];
  let candidates = planned;
  let endedBy: SessionBudget | undefined;
  for (const [budget, most] of affordable) {
    // NaN is 0 / 0: nothing is taken, so nothing ends.
    if (!(most < candidates)) continue;
    candidates = Math.max(0, Math.floor(most));
    endedBy = budget;
  }
  const usage = {
    promptTokens: Math.round(candidates * each.promptTokens),
    sampledTokens: Math.round(candidates * each.sampledTokens),
    trainedTokens: Math.round(candidates * each.trainedTokens),
  };
  const parentRuns = parentRunsFor(candidates);
  return {
    candidates,
    parentRuns,
    usage,
    ...(prices && { costUsd: costUsd(usage, prices) }),
    ...(msEach !== undefined && { evaluationMs: (candidates + parentRuns + groups) * msEach }),
    ...(endedBy && { endedBy }),
  };
}

/** Tokens of one candidate on average; not whole, where candidates share a prompt. */
function usageOfCandidate(
  { policy, method, groupSize, model }: SessionOptions,
  facts: EstimateFacts,
  guess: keyof Guess,
): TokenUsage {
  if (policy === 'tunables') return { promptTokens: 0, sampledTokens: 0, trainedTokens: 0 };
  const prompt = facts.promptTokens[guess];
  const sampled = facts.sampledTokensPerCandidate[guess];
  if (policy === 'openai') return { promptTokens: prompt, sampledTokens: sampled, trainedTokens: 0 };
  // Each request reads the prompt once for all its samples.
  const samplesPerRequest = Math.min(groupSize, model?.samplesPerRequest ?? defaultSamplesPerRequest);
  const promptShare = (prompt * Math.ceil(groupSize / samplesPerRequest)) / groupSize;
  if (method !== 'ttt-discover')
    return { promptTokens: promptShare, sampledTokens: sampled, trainedTokens: 0 };
  // The KL penalty, which is off unless asked for, reads prompt and answer once more, under the base model.
  const scored = (model?.klCoefficient ?? 0) > 0 ? prompt + sampled : 0;
  return { promptTokens: promptShare + scored, sampledTokens: sampled, trainedTokens: prompt + sampled };
}

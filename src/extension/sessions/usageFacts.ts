import { costUsd, pricesInUse } from '../../domain/session/cost';
import type { SessionSnapshot, TokenUsage } from '../../domain/session/snapshot';
import { countText, usdText } from '../base/words';
import { t } from '../base/translate';

/** What a session with a language model has taken so far. */
export interface UsageFacts {
  readonly usage: TokenUsage;
  readonly tokens: number;
  /** The session's limit of tokens. */
  readonly maxTokens?: number;
  /** Sampled tokens a second of the last finished step. */
  readonly tokensPerSecond?: number;
  /** Absent where no prices are known: nothing is counted then. */
  readonly cost?: CostFacts;
}

/** US dollars. */
export interface CostFacts {
  readonly usd: number;
  readonly budgetUsd?: number;
  /** At the end, if all steps cost what those so far did on average; never above the budget. Absent before the first is done. */
  readonly expectedUsd?: number;
}

/** `undefined` for a session without a language model. */
export function usageFacts(snapshot: SessionSnapshot): UsageFacts | undefined {
  const { options, usage } = snapshot;
  if (options === undefined || options.policy === 'tunables') return undefined;
  const tokensPerSecond = snapshot.steps.findLast((step) => step.finished)?.gauges['tokensPerSecond'];
  const cost = costFacts(snapshot);
  return {
    usage,
    tokens: usage.promptTokens + usage.sampledTokens + usage.trainedTokens,
    ...(options.maxTokens !== undefined && { maxTokens: options.maxTokens }),
    ...(tokensPerSecond !== undefined && { tokensPerSecond }),
    ...(cost !== undefined && { cost }),
  };
}

function costFacts(snapshot: SessionSnapshot): CostFacts | undefined {
  const { options, usage } = snapshot;
  const prices = pricesInUse(options?.model);
  if (options === undefined || prices === undefined) return undefined;
  const usd = costUsd(usage, prices);
  const budgetUsd = options.maxCostUsd;
  const done = stepsDone(snapshot);
  const isOver = snapshot.status === 'finished' || snapshot.status === 'failed';
  const expected = done === 0 || isOver ? undefined : Math.max(usd, (usd / done) * options.steps);
  return {
    usd,
    ...(budgetUsd !== undefined && { budgetUsd }),
    ...(expected !== undefined && { expectedUsd: Math.min(expected, Math.max(usd, budgetUsd ?? Infinity)) }),
  };
}

/** Finished steps, and the part of the open ones whose tokens are already counted; 0 before the first is finished. */
function stepsDone({ steps, options }: SessionSnapshot): number {
  const finished = steps.filter((step) => step.finished).length;
  if (finished === 0 || options === undefined) return 0;
  const planned = options.groups * options.groupSize;
  const open = steps.filter((step) => !step.finished).reduce((sum, step) => sum + step.proposed, 0);
  return finished + open / planned;
}

/** `1.2 million tokens (800,000 prompt, 400,000 sampled)`, and how many a second. */
export function tokensText({ tokens, usage, tokensPerSecond, maxTokens }: UsageFacts): string {
  const parts = [
    t('{0} prompt', countText(usage.promptTokens)),
    t('{0} sampled', countText(usage.sampledTokens)),
    usage.trainedTokens > 0 ? t('{0} trained', countText(usage.trainedTokens)) : undefined,
  ].filter((part) => part !== undefined);
  const all =
    maxTokens === undefined
      ? t('{0} tokens ({1})', countText(tokens), parts.join(', '))
      : t('{0} of {1} tokens ({2})', countText(tokens), countText(maxTokens), parts.join(', '));
  return tokensPerSecond === undefined ? all : `${all}, ${t('{0} a second', countText(tokensPerSecond))}`;
}

/** `$1.20 of $5.00, about $4.10 at the end`. */
export function costText({ usd, budgetUsd, expectedUsd }: CostFacts): string {
  const spent =
    budgetUsd === undefined
      ? usdText(usd)
      : t(
          { message: '{0} of {1}', comment: 'an amount, and the most that it may become' },
          usdText(usd),
          usdText(budgetUsd),
        );
  return expectedUsd === undefined ? spent : `${spent}, ${t('about {0} at the end', usdText(expectedUsd))}`;
}

import type { UsageRow } from '../../src/protocol/dashboardMessages';
import { formatCompact, formatCount, formatUsd } from './format';
import { t } from './texts';

/** A fact of the header: its short form, and what it says at length. */
export interface Figure {
  readonly term: string;
  readonly text: string;
  /** For the pointer and for screen readers. */
  readonly detail: string;
}

/** Tokens, their speed and their cost. */
export function usageFigures(usage: UsageRow | null): Figure[] {
  if (usage === null) return [];
  const { promptTokens, sampledTokens, trainedTokens, maxTokens, tokensPerSecond, cost } = usage;
  const all = promptTokens + sampledTokens + trainedTokens;
  const counts = [
    maxTokens === null
      ? t('{0} tokens so far', formatCount(all))
      : t('{0} tokens so far of at most {1}', formatCount(all), formatCount(maxTokens)),
    t('{0} in prompts', formatCount(promptTokens)),
    t('{0} sampled', formatCount(sampledTokens)),
    ...(trainedTokens > 0 ? [t('{0} trained', formatCount(trainedTokens))] : []),
  ];
  const figures = [
    {
      term: t('tokens'),
      text:
        maxTokens === null
          ? formatCompact(all)
          : t(
              { message: '{0} of {1}', comment: 'an amount, and the most that it may become' },
              formatCompact(all),
              formatCompact(maxTokens),
            ),
      detail: counts.join(', '),
    },
  ];
  if (tokensPerSecond !== null) {
    figures.push({
      term: t('tokens/s'),
      text: formatCompact(tokensPerSecond),
      detail: t('{0} sampled tokens a second in the last finished step', formatCompact(tokensPerSecond)),
    });
  }
  if (cost !== null) figures.push(...costFigures(cost));
  return figures;
}

function costFigures({ usd, budgetUsd, expectedUsd }: NonNullable<UsageRow['cost']>): Figure[] {
  const figures = [
    {
      term: t('cost'),
      text:
        budgetUsd === null
          ? formatUsd(usd)
          : t(
              { message: '{0} of {1}', comment: 'an amount, and the most that it may become' },
              formatUsd(usd),
              formatUsd(budgetUsd),
            ),
      detail:
        budgetUsd === null
          ? t('{0} so far by the prices of the model; no budget is set', formatUsd(usd))
          : t(
              '{0} so far by the prices of the model; the session ends at {1}',
              formatUsd(usd),
              formatUsd(budgetUsd),
            ),
    },
  ];
  if (expectedUsd !== null) {
    figures.push({
      term: t('at the end'),
      text: t('about {0}', formatUsd(expectedUsd)),
      detail: t(
        'About {0} at the end, if the steps to come cost what those so far did on average',
        formatUsd(expectedUsd),
      ),
    });
  }
  return figures;
}

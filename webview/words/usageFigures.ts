import type { UsageRow } from '../../src/protocol/dashboardMessages';
import { formatCompact, formatCount, formatUsd } from './format';

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
  const trained = trainedTokens > 0 ? `, ${formatCount(trainedTokens)} trained` : '';
  const limit = maxTokens === null ? '' : ` of at most ${formatCount(maxTokens)}`;
  const figures = [
    {
      term: 'tokens',
      text: maxTokens === null ? formatCompact(all) : `${formatCompact(all)} of ${formatCompact(maxTokens)}`,
      detail: `${formatCount(all)} tokens so far${limit}: ${formatCount(promptTokens)} in prompts, ${formatCount(sampledTokens)} sampled${trained}`,
    },
  ];
  if (tokensPerSecond !== null) {
    figures.push({
      term: 'tokens/s',
      text: formatCompact(tokensPerSecond),
      detail: `${formatCompact(tokensPerSecond)} sampled tokens a second in the last finished step`,
    });
  }
  if (cost !== null) figures.push(...costFigures(cost));
  return figures;
}

function costFigures({ usd, budgetUsd, expectedUsd }: NonNullable<UsageRow['cost']>): Figure[] {
  const budget = budgetUsd === null ? '' : ` of ${formatUsd(budgetUsd)}`;
  const figures = [
    {
      term: 'cost',
      text: `${formatUsd(usd)}${budget}`,
      detail:
        budgetUsd === null
          ? `${formatUsd(usd)} so far by the prices of the model; there is no limit of money`
          : `${formatUsd(usd)} so far by the prices of the model; the session ends at ${formatUsd(budgetUsd)}`,
    },
  ];
  if (expectedUsd !== null) {
    figures.push({
      term: 'at the end',
      text: `about ${formatUsd(expectedUsd)}`,
      detail: `About ${formatUsd(expectedUsd)} at the end, if the steps to come cost what those so far did on average`,
    });
  }
  return figures;
}

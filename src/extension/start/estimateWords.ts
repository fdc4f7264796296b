import { boundsOf, type SessionEstimate } from '../../domain/session/cost';
import type { TokenUsage } from '../../domain/session/snapshot';
import { countText, usdText } from '../base/words';
import { t } from '../base/translate';

/** `about $4.20 ($1.10 to $61)`; absent where no prices are known. */
export function costWords(estimate: SessionEstimate): string | undefined {
  const { costUsd } = estimate.likely;
  if (costUsd === undefined) return undefined;
  const bounds = boundsOf(estimate, (forecast) => forecast.costUsd ?? 0);
  const [least, most] = [usdText(bounds[0]), usdText(bounds[1])];
  return least === most
    ? t('about {0}', usdText(costUsd))
    : t('about {0} ({1} to {2})', usdText(costUsd), least, most);
}

/** `about 12.5 million tokens (3.1 million to 90 million)`. */
export function tokenWords(estimate: SessionEstimate): string {
  const likely = countText(sumOf(estimate.likely.usage));
  const bounds = boundsOf(estimate, ({ usage }) => sumOf(usage));
  const [least, most] = [countText(bounds[0]), countText(bounds[1])];
  return least === most
    ? t('about {0} tokens', likely)
    : t('about {0} tokens ({1} to {2})', likely, least, most);
}

/** `25,600 candidates, about 12.5 million tokens (…), about $4.20 (…)`, and which budget ends it early. */
export function estimateWords(estimate: SessionEstimate): string {
  const { likely } = estimate;
  return [
    t('{0} candidates', likely.candidates.toLocaleString('en-US')),
    likely.endedBy === undefined ? undefined : endWords(likely.endedBy),
    tokenWords(estimate),
    costWords(estimate),
  ]
    .filter((part) => part !== undefined)
    .join(', ');
}

function endWords(endedBy: NonNullable<SessionEstimate['likely']['endedBy']>): string {
  switch (endedBy) {
    case 'evaluations':
      return t('ended by the evaluation limit');
    case 'tokens':
      return t('ended by the token limit');
    case 'cost':
      return t('ended by the cost limit');
    case 'time':
      return t('ended by the time limit');
  }
}

function sumOf({ promptTokens, sampledTokens, trainedTokens }: TokenUsage): number {
  return promptTokens + sampledTokens + trainedTokens;
}

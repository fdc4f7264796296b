import {
  isEmptyQuery,
  matchesAllButWords,
  matchesQuery,
  parseQuery,
  type CandidateDecision,
} from '../../domain/lineage/candidateQuery';
import type { LineageIndex } from '../../domain/lineage/lineageIndex';
import type { CandidateList } from '../../domain/session/snapshot';
import { valueOf } from '../sessions/sessionItems';
import { candidatesText, valueText } from '../base/words';
import { t } from '../base/translate';
import type { LineageSearch } from './lineagePages';

export interface Searched {
  readonly index: LineageIndex;
  readonly candidates: CandidateList;
  readonly decisionOf: (candidate: number) => CandidateDecision | undefined;
}

/** The search that a text means; `undefined` for one that leaves nothing out. Throws a `QueryError`. */
export function searchOf(text: string): LineageSearch | undefined {
  const query = parseQuery(text);
  return isEmptyQuery(query) ? undefined : { text: text.trim(), query };
}

/** The ids that a search finds, in the order given. */
export function foundIds(
  ids: readonly number[],
  search: LineageSearch,
  { candidates, decisionOf }: Searched,
): number[] {
  const programs = search.programs;
  return ids.filter((id) => {
    const record = candidates.at(id);
    return (
      record !== undefined &&
      matchesQuery(record, search.query, {
        decision: decisionOf(id),
        isInProgram: programs?.has(id) ?? false,
      })
    );
  });
}

/** The candidates whose programs are worth a look for the words, the best first. */
export function idsToLookInto(search: LineageSearch, { index, candidates, decisionOf }: Searched): number[] {
  return index.byBest().filter((id) => {
    const record = candidates.at(id);
    return record !== undefined && matchesAllButWords(record, search.query, decisionOf(id));
  });
}

/** What could be added to a search, with how many candidates it would find by itself. */
export interface SearchSuggestion {
  readonly words: string;
  readonly meaning: string;
}

/** Suggestions that this session has something for. */
export function suggestionsFor(searched: Searched, unit: string | undefined): SearchSuggestion[] {
  const { index, candidates, decisionOf } = searched;
  const counts = new Map<string, number>();
  const count = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);
  let lastStep = 0;
  for (const record of candidates) {
    lastStep = Math.max(lastStep, record.step + 1);
    count(record.outcome?.kind ?? 'running');
    if (record.outcome?.kind === 'failed') count(record.outcome.reason);
    if (record.verification?.verdict === 'confirmed') count('verified');
    const decision = decisionOf(record.id);
    if (decision !== undefined) count(decision);
  }
  const suggestions: SearchSuggestion[] = [];
  const tenth = valueOf({ candidates }, index.byBest()[9]);
  const best = valueOf({ candidates }, index.byBest()[0]);
  if (tenth !== undefined && best !== undefined && tenth !== best) {
    const is = best < tenth ? '<=' : '>=';
    suggestions.push({
      words: `value ${is} ${tenth}`,
      meaning: t('as good as the tenth best, {0}', valueText(tenth, unit)),
    });
  }
  if (lastStep > 1) {
    const from = Math.max(1, lastStep - 4);
    suggestions.push({ words: `step ${from}..${lastStep}`, meaning: t('the latest steps') });
  }
  for (const [words, number] of [...counts].sort((a, b) => b[1] - a[1])) {
    suggestions.push({ words, meaning: candidatesText(number) });
  }
  return suggestions;
}

/** `“simulated” and “annealing”` */
export function quotedText(words: readonly string[]): string {
  return words.map((word) => `“${word}”`).reduce((all, word) => t('{0} and {1}', all, word));
}

import { QuickPickItemKind, window, type QuickPickItem } from 'vscode';
import { QueryError } from '../../domain/lineage/candidateQuery';
import { Cancelled } from '../base/failures';
import { t } from '../base/translate';
import { countText } from '../base/words';
import { foundIds, quotedText, searchOf, suggestionsFor, type Searched } from './candidateSearch';
import type { LineageSearch } from './lineagePages';
import { mostPrograms } from './searchPrograms';

export interface AskedSearch {
  /** Absent: show all again. */
  readonly search: LineageSearch | undefined;
  /** Look for the words in programs too. */
  readonly inPrograms: boolean;
}

interface SearchItem extends QuickPickItem {
  readonly answer?: AskedSearch;
  /** Added to what was typed. */
  readonly words?: string;
}

/** Asks what to look for. While something is typed, the first row says how many candidates it finds. */
export function askSearch(
  searched: Searched,
  unit: string | undefined,
  before: string,
): Promise<AskedSearch> {
  const suggestions = suggestionsFor(searched, unit).map(({ words, meaning }): SearchItem => ({
    label: words,
    description: meaning,
    words,
    alwaysShow: true,
  }));
  return new Promise((resolve, reject) => {
    const box = window.createQuickPick<SearchItem>();
    box.title = t('Search Candidates');
    box.placeholder = t('For example: value < 0.4 step 10..20 valid "simulated annealing"');
    box.value = before;
    const show = (): void => {
      box.items = [
        ...answersFor(searched, box.value),
        { label: t('Add to the search'), kind: QuickPickItemKind.Separator },
        ...suggestions,
      ];
    };
    box.onDidChangeValue(show);
    box.onDidAccept(() => {
      const chosen = box.activeItems[0];
      if (chosen?.words !== undefined) {
        box.value = `${box.value.trim()} ${chosen.words} `.trimStart();
        show();
      } else if (chosen?.answer !== undefined) {
        resolve(chosen.answer);
        box.hide();
      }
    });
    box.onDidHide(() => {
      reject(new Cancelled()); // nothing, where something was chosen
      box.dispose();
    });
    show();
    box.show();
  });
}

function answersFor(searched: Searched, text: string): SearchItem[] {
  try {
    const search = searchOf(text);
    if (search === undefined) {
      return [
        {
          label: t('Show all candidates'),
          alwaysShow: true,
          answer: { search: undefined, inPrograms: false },
        },
      ];
    }
    const count = foundIds(searched.index.byBest(), search, searched).length;
    const items: SearchItem[] = [
      {
        label: count === 1 ? t('Show 1 candidate') : t('Show {0} candidates', countText(count)),
        description: search.text,
        alwaysShow: true,
        answer: { search, inPrograms: false },
      },
    ];
    if (search.query.words.length > 0) {
      items.push({
        label: t('Look into the programs too'),
        description: t('for {0}', quotedText(search.query.words)),
        detail: t('Reads up to {0} programs, the best first', mostPrograms),
        alwaysShow: true,
        answer: { search, inPrograms: true },
      });
    }
    return items;
  } catch (error) {
    if (error instanceof QueryError) return [{ label: error.message, alwaysShow: true }];
    throw error;
  }
}

import { QuickPickItemKind, window, type QuickPickItem } from 'vscode';
import { QueryError } from '../../domain/lineage/candidateQuery';
import { Cancelled } from '../base/failures';
import { t } from '../base/translate';
import { countText } from '../base/words';
import { candidateLabel } from '../candidates/documents/openDiff';
import type { SessionView } from '../sessions/sessions';
import { stepText } from './candidateRows';
import { foundIds, searchOf, type Searched } from './candidateSearch';

/** Most candidates that the list offers at once. */
const offeredCandidates = 100;

interface CandidateItem extends QuickPickItem {
  readonly candidate?: number;
}

/** Lets the user choose any candidate of a session: the best ones are offered, others are found by number or by a search. */
export function chooseCandidate(
  session: SessionView,
  searched: Searched,
  title: string,
  first: readonly CandidateItem[] = [],
): Promise<number> {
  return new Promise((resolve, reject) => {
    const box = window.createQuickPick<CandidateItem>();
    box.title = title;
    box.placeholder = t('A number as in c17, words of a note, or a search such as: value < 0.4 step 3..8');
    const show = (): void => {
      box.items =
        box.value.trim() === ''
          ? [...first, ...itemsFor(session, searched, '')]
          : itemsFor(session, searched, box.value);
    };
    box.onDidChangeValue(show);
    box.onDidAccept(() => {
      const candidate = box.activeItems[0]?.candidate;
      if (candidate === undefined) return;
      resolve(candidate);
      box.hide();
    });
    box.onDidHide(() => {
      reject(new Cancelled()); // nothing, where one was chosen
      box.dispose();
    });
    show();
    box.show();
  });
}

/** What a text offers: the candidate with that number, then what a search for it finds, the best first. */
function itemsFor(session: SessionView, searched: Searched, text: string): CandidateItem[] {
  const numbered = /^\s*c?(\d+)\s*$/i.exec(text)?.[1];
  const named = numbered === undefined ? undefined : searched.candidates.at(Number(numbered));
  const items = named === undefined ? [] : [itemOf(session, named.id)];
  try {
    const search = searchOf(text);
    const all = searched.index.byBest();
    const found = search === undefined ? all : foundIds(all, search, searched);
    items.push(
      ...found
        .slice(0, offeredCandidates)
        .filter((id) => id !== named?.id)
        .map((id) => itemOf(session, id)),
    );
    if (found.length > offeredCandidates) {
      items.push({
        label: t('{0} more: type to narrow it down', countText(found.length - offeredCandidates)),
        kind: QuickPickItemKind.Separator,
      });
    }
    if (items.length === 0) items.push({ label: t('No candidate is found by this'), alwaysShow: true });
    return items;
  } catch (error) {
    if (error instanceof QueryError) return [...items, { label: error.message, alwaysShow: true }];
    throw error;
  }
}

export function itemOf(session: SessionView, candidate: number, role?: string): CandidateItem {
  const record = session.snapshot.candidates.at(candidate);
  const label = candidateLabel(session, candidate);
  return {
    label: role === undefined ? label : `${role}: ${label}`,
    description: record === undefined ? '' : stepText(record),
    ...(record?.note !== undefined && { detail: record.note }),
    alwaysShow: true,
    candidate,
  };
}

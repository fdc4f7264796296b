import { commands, window, QuickPickItemKind } from 'vscode';
import { hasWords } from '../../domain/lineage/candidateQuery';
import { LineageIndex } from '../../domain/lineage/lineageIndex';
import { Cancelled, messageOf, Refusal } from '../base/failures';
import { withNotification } from '../base/progress';
import { t } from '../base/translate';
import { countText } from '../base/words';
import { candidateFromArguments } from '../candidates/documents/candidateArguments';
import { bestOf, openCandidateDiff } from '../candidates/documents/openDiff';
import { placeOfActiveTab } from '../candidates/review/reviewedPlace';
import type { CommandHandlers } from '../commandIds';
import { sessionFromArguments, type SessionChooser } from '../sessions/chooseSession';
import type { SessionStore } from '../sessions/sessionStore';
import type { SessionView } from '../sessions/sessions';
import { askSearch } from './askSearch';
import { idsToLookInto, quotedText, type Searched } from './candidateSearch';
import type { CandidatesView } from './candidatesView';
import { chooseCandidate, itemOf } from './chooseCandidate';
import { lineageSteps, openComparison, openLineage } from './lineageDiffs';
import type { LineageOrder, LineageSearch } from './lineagePages';
import type { LineageTab } from './lineageTab';
import { searchPrograms } from './searchPrograms';
import type { ShownSession } from './shownSession';

type LineageCommand =
  | 'showCandidates'
  | 'searchCandidates'
  | 'clearCandidateSearch'
  | 'listCandidatesAsTree'
  | 'listCandidatesByBest'
  | 'listCandidatesByNewest'
  | 'showMoreCandidates'
  | 'revealBestCandidate'
  | 'revealCandidate'
  | 'openLineage'
  | 'openLongerLineage'
  | 'compareCandidateWith';

export interface LineageCommandNeeds {
  readonly store: SessionStore;
  readonly chooser: SessionChooser;
  readonly shown: ShownSession;
  readonly view: CandidatesView;
  readonly tab: LineageTab;
  readonly keepOrder: (order: LineageOrder) => PromiseLike<void>;
  readonly warn: (message: string, error: unknown) => void;
}

/** Commands on who came from whom. Arguments: a row of the Candidates view; a session and a candidate; or a candidate's URI. */
export function lineageCommands(needs: LineageCommandNeeds): Pick<CommandHandlers, LineageCommand> {
  const { store, chooser, shown, view, tab, warn } = needs;

  /** The candidate that is meant: named, or of the diff that is looked at, or chosen from a list. */
  async function candidateOf(
    args: readonly unknown[],
    title: string,
  ): Promise<{ session: SessionView; candidate: number }> {
    const place = sessionFromArguments(args) === undefined ? placeOfActiveTab() : undefined;
    const named = place === undefined ? args : [place.sessionId, place.candidate];
    const session = await chooser.choose(named, title, hasCandidates);
    const candidate =
      candidateFromArguments(named) ?? (await chooseCandidate(session, searchedOf(session), title));
    return { session, candidate };
  }

  /** What the view knows of its own session; of others it is made for the moment. */
  function searchedOf(session: SessionView): Searched {
    const ofView = view.model.searched;
    if (ofView !== undefined && view.model.shown?.id === session.id) return ofView;
    const index = new LineageIndex(session.snapshot.problem?.metric.goal ?? 'minimize');
    index.update(session.snapshot.candidates);
    return { index, candidates: session.snapshot.candidates, decisionOf: () => undefined };
  }

  async function setOrder(order: LineageOrder): Promise<void> {
    view.setOrder(order);
    await needs.keepOrder(order);
  }

  async function showSession(session: SessionView): Promise<void> {
    await shown.choose(session.id);
    await commands.executeCommand('tttDiscover.candidates.focus');
  }

  async function reveal(session: SessionView, candidate: number): Promise<void> {
    await showSession(session);
    if (await view.reveal(candidate)) return;
    view.setSearch(undefined);
    if (!(await view.reveal(candidate)))
      throw new Refusal(t('c{0} is not in its session’s list.', candidate));
  }

  async function inPrograms(
    search: LineageSearch,
    session: SessionView,
    searched: Searched,
  ): Promise<LineageSearch> {
    const { words } = search.query;
    const wanted = idsToLookInto(search, searched).flatMap((id) => {
      const record = searched.candidates.at(id);
      return record === undefined || hasWords(record.note, words) ? [] : [{ id, sha256: record.sha256 }];
    });
    const title = t('Looking into programs for {0}', quotedText(words));
    const { found, looked, unread, failure } = await withNotification(title, (report, signal) =>
      searchPrograms({
        candidates: wanted,
        words,
        read: (candidate) => store.readCandidate(session.id, candidate),
        onProgress: (done, of) =>
          report(
            t(
              { message: '{0} of {1}', comment: 'how many are done, and all' },
              countText(done),
              countText(of),
            ),
            done / of,
          ),
        signal,
      }),
    );
    if (failure !== undefined) warn('A program could not be read for a search', failure);
    if (looked === 0 && unread > 0) {
      throw new Refusal(t('No program could be read: {0}', messageOf(failure)));
    }
    const left = wanted.length - looked;
    const note =
      left === 0
        ? t('All programs were looked into.')
        : t(
            'Programs of {0} candidates were looked into, of {1} not: narrow the search by value or step to reach them.',
            countText(looked),
            countText(left),
          );
    return { ...search, programs: found, note };
  }

  return {
    async showCandidates(...args) {
      await showSession(await chooser.choose(args, t('Show the candidates of which session?')));
    },

    async searchCandidates() {
      await store.ready;
      view.draw();
      const session =
        shown.current ?? (await chooser.choose([], t('Search the candidates of which session?')));
      const before = view.model.search;
      const searched = searchedOf(session);
      const unit = session.snapshot.problem?.metric.unit;
      const asked = await askSearch(searched, unit, before?.text ?? '');
      const { search } = asked;
      view.setSearch(
        search !== undefined && asked.inPrograms ? await inPrograms(search, session, searched) : search,
      );
      await commands.executeCommand('tttDiscover.candidates.focus');
    },

    clearCandidateSearch: () => view.setSearch(undefined),
    listCandidatesAsTree: () => setOrder('tree'),
    listCandidatesByBest: () => setOrder('best'),
    listCandidatesByNewest: () => setOrder('newest'),
    showMoreCandidates: (under) =>
      view.showMore(typeof under === 'number' || under === 'line' ? under : undefined),

    async revealBestCandidate(...args) {
      await store.ready;
      const named = sessionFromArguments(args);
      const session =
        (named === undefined ? shown.current : store.get(named)) ?? (await chooser.choose(args, ''));
      await reveal(session, bestOf(session));
    },

    async revealCandidate(...args) {
      const { session, candidate } = await candidateOf(args, t('Show which candidate in the view?'));
      await reveal(session, candidate);
    },

    async openLineage(...args) {
      const { session, candidate } = await candidateOf(args, t('Open the lineage of which candidate?'));
      tab.shows(await openLineage(session, searchedOf(session).index.pathTo(candidate), lineageSteps));
    },

    async openLongerLineage() {
      const before = tab.active;
      const session = before === undefined ? undefined : store.get(before.sessionId);
      if (before === undefined || session === undefined) {
        throw new Refusal(t('Open the lineage of a candidate first.'), {
          title: t('Open Lineage'),
          command: 'openLineage',
        });
      }
      const path = searchedOf(session).index.pathTo(before.candidate);
      tab.shows(await openLineage(session, path, before.steps + lineageSteps));
    },

    async compareCandidateWith(...args) {
      const { session, candidate } = await candidateOf(args, t('Compare which candidate?'));
      const searched = searchedOf(session);
      const other = await chooseOther(session, searched, candidate);
      if (other === 'own-file') await openCandidateDiff(store, session, candidate);
      else await openComparison(store, session, other, candidate);
    },
  };
}

const hasCandidates = (session: SessionView): boolean => session.snapshot.candidates.length > 0;

async function chooseOther(
  session: SessionView,
  searched: Searched,
  candidate: number,
): Promise<number | 'own-file'> {
  const { best } = session.snapshot;
  const parent = searched.index.facts(candidate)?.parent;
  const [initial] = searched.index.pathTo(candidate);
  const roles = [
    [t('Parent'), parent],
    [t('Initial program'), initial === parent ? undefined : initial],
    [t({ message: 'Best', comment: 'the best candidate' }), best === parent ? undefined : best],
  ] as const;
  const named = roles.flatMap(([role, id]) =>
    id === undefined || id === candidate ? [] : [itemOf(session, id, role)],
  );
  const another = t('Another candidate…');
  const items = [
    ...named,
    { label: t('Your file'), description: t('with Accept and Reject for each change') },
    { label: '', kind: QuickPickItemKind.Separator },
    { label: another },
  ];
  const chosen = await window.showQuickPick(items, { title: t('Compare c{0} with', candidate) });
  if (chosen === undefined) throw new Cancelled();
  if (chosen.label === another) return chooseCandidate(session, searched, t('Compare c{0} with', candidate));
  return 'candidate' in chosen && typeof chosen.candidate === 'number' ? chosen.candidate : 'own-file';
}

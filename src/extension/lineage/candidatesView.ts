import {
  EventEmitter,
  FileDecoration,
  ThemeColor,
  ThemeIcon,
  TreeItem,
  TreeItemCollapsibleState,
  Uri,
  window,
  type FileDecorationProvider,
  type TreeDataProvider,
  type TreeView,
} from 'vscode';
import type { CandidateDecision } from '../../domain/lineage/candidateQuery';
import type { Closeable } from '../base/emitter';
import type { ContextKeys } from '../base/contextKeys';
import { t } from '../base/translate';
import { countText } from '../base/words';
import { commandIds } from '../commandIds';
import type { Sessions } from '../sessions/sessions';
import type { CandidateDecisions } from './candidateDecisions';
import { decisionText } from './candidateRows';
import {
  CandidatesModel,
  type CandidateElement,
  type LineageElement,
  type LineElement,
} from './candidatesModel';
import { DrawnRows } from './drawnRows';
import { pageLength, type LineageOrder, type LineageSearch, type RowsBelow } from './lineagePages';
import type { ShownSession } from './shownSession';

/** At most this often is the view drawn again while candidates come in. */
const redrawIntervalMs = 1000;

/** Rows have an address of their own, by which the editor asks for their badge. */
const rowScheme = 'ttt-discover-candidate';

const badges: Readonly<Record<CandidateDecision, readonly [badge: string, color: string | undefined]>> = {
  accepted: ['A', 'testing.iconPassed'],
  partial: ['P', undefined],
  rejected: ['R', undefined],
};

export interface CandidatesViewNeeds {
  readonly sessions: Sessions;
  readonly shown: ShownSession;
  readonly decisions: CandidateDecisions;
  readonly contextKeys: ContextKeys;
  readonly order: LineageOrder;
}

/** The candidates of one session, below their parents or in a list. Only what is looked at is made. */
export class CandidatesView implements TreeDataProvider<LineageElement>, FileDecorationProvider, Closeable {
  readonly model: CandidatesModel;
  private readonly changed = new EventEmitter<LineageElement | LineageElement[] | undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly badgesChanged = new EventEmitter<Uri[]>();
  readonly onDidChangeFileDecorations = this.badgesChanged.event;
  private readonly view: TreeView<LineageElement>;
  private readonly subscriptions: readonly Closeable[];
  private readonly timer: NodeJS.Timeout;
  private readonly drawn = new DrawnRows<LineageElement>();
  private isStale = true;

  constructor(private readonly needs: CandidatesViewNeeds) {
    const { sessions, shown, decisions } = needs;
    this.model = new CandidatesModel((session, candidate) => decisions.of(session, candidate));
    this.model.order = needs.order;
    this.view = window.createTreeView('tttDiscover.candidates', { treeDataProvider: this });
    this.subscriptions = [
      this.view,
      this.changed,
      this.badgesChanged,
      window.registerFileDecorationProvider(this),
      sessions.onDidChange(() => (this.isStale = true)),
      shown.onDidChange(() => this.draw(true)),
      decisions.onDidChange((sessionId) => this.decided(sessionId)),
      this.view.onDidChangeVisibility(() => this.draw()),
    ];
    this.timer = setInterval(() => {
      if (this.isStale) this.draw();
    }, redrawIntervalMs);
    this.tellKeys();
  }

  getChildren(element?: LineageElement): LineageElement[] {
    // The editor may ask before the first change is heard of.
    if (element === undefined) this.update();
    const children = this.model.children(element);
    this.drawn.hasChildren(element, children);
    return children;
  }

  getParent(element: LineageElement): LineageElement | undefined {
    return this.model.parentOf(element);
  }

  getTreeItem(element: LineageElement): TreeItem {
    const item = this.itemOf(element);
    this.drawn.looks(element, looksOf(item));
    return item;
  }

  private itemOf(element: LineageElement): TreeItem {
    if ('left' in element) return moreItem(element);
    return 'lineTo' in element ? this.lineItem(element) : this.candidateItem(element);
  }

  provideFileDecoration(uri: Uri): FileDecoration | undefined {
    if (uri.scheme !== rowScheme) return undefined;
    const [, sessionId = '', candidate] = uri.path.split('/');
    const decision = this.needs.decisions.of(sessionId, Number(candidate));
    if (decision === undefined) return undefined;
    const [badge, color] = badges[decision];
    return new FileDecoration(
      badge,
      decisionText(decision),
      color === undefined ? undefined : new ThemeColor(color),
    );
  }

  setOrder(order: LineageOrder): void {
    this.model.order = order;
    this.draw(true);
  }

  setSearch(search: LineageSearch | undefined): void {
    this.model.search = search;
    this.draw(true);
  }

  showMore(under: RowsBelow): void {
    this.model.showMore(under);
    this.changed.fire(undefined);
  }

  /** Selects a candidate's row and scrolls to it; false if the search leaves it out. */
  async reveal(candidate: number): Promise<boolean> {
    this.update();
    const element = this.model.reveal(candidate);
    if (element === undefined) return false;
    this.changed.fire(undefined);
    await this.view.reveal(element, { select: true, focus: true });
    return true;
  }

  /** Draws what has changed since, or all of it. */
  draw(isAll = false): void {
    this.isStale = false;
    this.tellKeys();
    // Nothing is made for a view that nobody sees: it is asked for once it is seen.
    const isNews = this.view.visible && this.update();
    if (isAll) {
      this.drawn.clear();
      this.changed.fire(undefined);
    } else if (isNews) {
      const rows = this.drawn.changed(
        (element) => this.model.children(element),
        (element) => looksOf(this.itemOf(element)),
      );
      if (rows === 'all') this.changed.fire(undefined);
      else if (rows.length > 0) this.changed.fire(rows);
    }
  }

  dispose(): void {
    clearInterval(this.timer);
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private update(): boolean {
    const session = this.needs.shown.current;
    const isOther = session?.id !== this.model.shown?.id;
    const isNews = this.model.update(session);
    if (isOther && session !== undefined) void this.needs.decisions.refresh(session.id);
    const { model, view } = this;
    view.description = model.description;
    // Where nothing is found the view's own words say what to do: a message would hide them.
    view.message = model.isNothingFound ? '' : (model.message ?? '');
    this.tellKeys();
    return isNews;
  }

  private tellKeys(): void {
    const { contextKeys, shown } = this.needs;
    contextKeys.set('tttDiscover.hasCandidates', (shown.current?.snapshot.candidates.length ?? 0) > 0);
    contextKeys.set('tttDiscover.isCandidateSearch', this.model.search !== undefined);
    contextKeys.set('tttDiscover.isCandidateTree', this.model.order === 'tree');
  }

  private decided(sessionId: string): void {
    if (sessionId !== this.model.shown?.id) return;
    this.model.decided();
    this.draw(true);
    this.badgesChanged.fire(this.needs.decisions.decided(sessionId).map((id) => rowUri(sessionId, id)));
  }

  private lineItem(element: LineElement): TreeItem {
    const line = this.model.lineOf(element);
    const end = line.at(-1);
    const steps = line.length - 1;
    const count = steps === 1 ? t('one step') : t('{0} steps', countText(steps));
    const isBest = this.model.shown?.snapshot.best === end;
    const item = new TreeItem(
      isBest ? t('Line of the best') : t('Line of c{0}', end ?? ''),
      TreeItemCollapsibleState.Collapsed,
    );
    item.id = `${element.sessionId}/line/${element.lineTo}`;
    item.description = isBest ? `c${end} · ${count}` : count;
    item.tooltip = t('From c{0} back to what the session began with, {1}', end ?? '', count);
    item.iconPath = new ThemeIcon('git-commit');
    item.accessibilityInformation = { label: item.tooltip };
    return item;
  }

  private candidateItem(element: CandidateElement): TreeItem {
    const { sessionId, candidate } = element;
    const row = this.model.row(candidate, element.isInLine);
    const item = new TreeItem(row?.label ?? `c${candidate}`);
    if (row === undefined) return item;
    item.id = `${sessionId}/${element.isInLine === true ? 'line/' : ''}c${candidate}`;
    item.resourceUri = rowUri(sessionId, candidate);
    item.description = row.description;
    item.tooltip = row.tooltip;
    item.iconPath = new ThemeIcon(row.icon, row.color === undefined ? undefined : new ThemeColor(row.color));
    item.contextValue = row.contextValue;
    item.accessibilityInformation = { label: row.accessibleLabel };
    if (element.isInLine !== true && this.model.hasChildren(candidate))
      item.collapsibleState = TreeItemCollapsibleState.Collapsed;
    item.command = { command: commandIds.openDiff, title: t('Open Diff'), arguments: [element] };
    return item;
  }
}

function moreItem({ sessionId, under, left }: Extract<LineageElement, { left: number }>): TreeItem {
  const next = Math.min(pageLength, left);
  const item = new TreeItem(t('Show {0} More', next));
  item.id = `${sessionId}/${under ?? 'top'}/more`;
  item.description = t('{0} not shown', countText(left));
  item.iconPath = new ThemeIcon('ellipsis');
  item.accessibilityInformation = { label: t('Show {0} more candidates, {1} are not shown', next, left) };
  item.command = { command: commandIds.showMoreCandidates, title: t('Show More'), arguments: [under] };
  return item;
}

/** All of a row that may change while it is shown. */
function looksOf(item: TreeItem): string {
  return JSON.stringify([
    item.label,
    item.description,
    item.contextValue,
    item.collapsibleState,
    item.iconPath,
  ]);
}

function rowUri(sessionId: string, candidate: number): Uri {
  return Uri.from({ scheme: rowScheme, path: `/${sessionId}/${candidate}` });
}

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
import { countText } from '../base/words';
import { commandIds } from '../commandIds';
import type { Sessions } from '../sessions/sessions';
import type { CandidateDecisions } from './candidateDecisions';
import { decisionText } from './candidateRows';
import { CandidatesModel, type LineageElement } from './candidatesModel';
import { pageLength, type LineageOrder, type LineageSearch } from './lineagePages';
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
  private readonly changed = new EventEmitter<LineageElement | undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly badgesChanged = new EventEmitter<Uri[]>();
  readonly onDidChangeFileDecorations = this.badgesChanged.event;
  private readonly view: TreeView<LineageElement>;
  private readonly subscriptions: readonly Closeable[];
  private readonly timer: NodeJS.Timeout;
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
  }

  getChildren(element?: LineageElement): LineageElement[] {
    // The editor may ask before the first change is heard of.
    if (element === undefined) this.update();
    return this.model.children(element);
  }

  getParent(element: LineageElement): LineageElement | undefined {
    return this.model.parentOf(element);
  }

  getTreeItem(element: LineageElement): TreeItem {
    return 'left' in element ? moreItem(element) : this.candidateItem(element);
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

  showMore(under: number | undefined): void {
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
    const isNews = this.update();
    if (this.view.visible && (isAll || isNews)) this.changed.fire(undefined);
  }

  dispose(): void {
    clearInterval(this.timer);
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private update(): boolean {
    this.isStale = false;
    const session = this.needs.shown.current;
    const isOther = session?.id !== this.model.shown?.id;
    const isNews = this.model.update(session);
    if (isOther && session !== undefined) void this.needs.decisions.refresh(session.id);
    const { model, view } = this;
    view.description = model.description;
    view.message = model.message ?? '';
    this.needs.contextKeys.set(
      'tttDiscover.hasCandidates',
      session !== undefined && session.snapshot.candidates.length > 0,
    );
    this.needs.contextKeys.set('tttDiscover.isCandidateSearch', model.search !== undefined);
    this.needs.contextKeys.set('tttDiscover.isCandidateTree', model.order === 'tree');
    return isNews;
  }

  private decided(sessionId: string): void {
    if (sessionId !== this.model.shown?.id) return;
    this.model.decided();
    this.draw(true);
    this.badgesChanged.fire(
      [...this.model.shown.snapshot.candidates]
        .filter(({ id }) => this.drawnBadges.has(id) || this.needs.decisions.of(sessionId, id) !== undefined)
        .map(({ id }) => rowUri(sessionId, id)),
    );
  }

  private readonly drawnBadges = new Set<number>();

  private candidateItem(element: Extract<LineageElement, { candidate: number }>): TreeItem {
    const { sessionId, candidate } = element;
    const row = this.model.row(candidate);
    const item = new TreeItem(row?.label ?? `c${candidate}`);
    if (row === undefined) return item;
    if (this.needs.decisions.of(sessionId, candidate) !== undefined) this.drawnBadges.add(candidate);
    item.id = `${sessionId}/${candidate}`;
    item.resourceUri = rowUri(sessionId, candidate);
    item.description = row.description;
    item.tooltip = row.tooltip;
    item.iconPath = new ThemeIcon(row.icon, row.color === undefined ? undefined : new ThemeColor(row.color));
    item.contextValue = row.contextValue;
    item.accessibilityInformation = { label: row.accessibleLabel };
    if (this.model.hasChildren(candidate)) item.collapsibleState = TreeItemCollapsibleState.Collapsed;
    item.command = { command: commandIds.openDiff, title: 'Open Diff', arguments: [element] };
    return item;
  }
}

function moreItem({ sessionId, under, left }: Extract<LineageElement, { left: number }>): TreeItem {
  const next = Math.min(pageLength, left);
  const item = new TreeItem(`Show ${next} More`);
  item.id = `${sessionId}/${under ?? 'top'}/more`;
  item.description = `${countText(left)} not shown`;
  item.iconPath = new ThemeIcon('ellipsis');
  item.accessibilityInformation = { label: `Show ${next} more candidates, ${left} are not shown` };
  item.command = { command: commandIds.showMoreCandidates, title: 'Show More', arguments: [under] };
  return item;
}

function rowUri(sessionId: string, candidate: number): Uri {
  return Uri.from({ scheme: rowScheme, path: `/${sessionId}/${candidate}` });
}

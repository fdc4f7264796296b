import {
  EventEmitter,
  FileDecoration,
  ThemeColor,
  ThemeIcon,
  TreeItem,
  Uri,
  window,
  type FileDecorationProvider,
  type TreeDataProvider,
  type TreeView,
} from 'vscode';
import type { Closeable } from '../base/emitter';
import { commandIds } from '../commandIds';
import { isEnded, sessionItem } from './sessionItems';
import type { Sessions } from './sessions';
import { t } from '../base/translate';

/** A row of the Sessions view; menus pass it to commands. */
export interface SessionElement {
  readonly sessionId: string;
}

/** Ages in the rows count in seconds. */
const refreshIntervalMs = 1000;

/** Rows have an address of their own, by which the editor asks for their badge. */
const rowScheme = 'ttt-discover-session';

/** All sessions, newest first. Redrawn once a second while it is shown and something is going on. */
export class SessionsView implements TreeDataProvider<SessionElement>, FileDecorationProvider, Closeable {
  private readonly changed = new EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly badgesChanged = new EventEmitter<undefined>();
  readonly onDidChangeFileDecorations = this.badgesChanged.event;
  private readonly view: TreeView<SessionElement>;
  private readonly subscriptions: readonly Closeable[];
  private readonly timer: NodeJS.Timeout;
  private isStale = false;

  constructor(
    private readonly sessions: Sessions,
    private readonly nowMs: () => number,
  ) {
    this.view = window.createTreeView('tttDiscover.sessions', { treeDataProvider: this });
    this.subscriptions = [
      this.view,
      this.changed,
      this.badgesChanged,
      window.registerFileDecorationProvider(this),
      sessions.onDidChange((id) => this.changedSession(id)),
      this.view.onDidChangeVisibility(() => this.draw()),
    ];
    this.timer = setInterval(() => {
      if (this.isStale || this.sessions.all.some((session) => !isEnded(session.snapshot))) this.draw();
    }, refreshIntervalMs);
  }

  getChildren(element?: SessionElement): SessionElement[] {
    return element === undefined ? this.sessions.all.map((session) => ({ sessionId: session.id })) : [];
  }

  getTreeItem(element: SessionElement): TreeItem {
    const session = this.sessions.get(element.sessionId);
    if (session === undefined) return new TreeItem(element.sessionId);
    const row = sessionItem(session, this.nowMs(), this.sessions.all);
    const item = new TreeItem(row.label);
    item.id = row.id;
    item.resourceUri = Uri.from({ scheme: rowScheme, path: `/${row.id}` });
    item.description = row.description;
    item.tooltip = row.tooltip;
    item.iconPath = new ThemeIcon(row.icon, row.color === undefined ? undefined : new ThemeColor(row.color));
    item.contextValue = row.contextValue;
    item.accessibilityInformation = { label: row.accessibleLabel };
    item.command = {
      command: commandIds.openDashboard,
      title: t('Open Dashboard'),
      arguments: [element],
    };
    return item;
  }

  provideFileDecoration({ scheme, path }: Uri): FileDecoration | undefined {
    if (scheme !== rowScheme) return undefined;
    const session = this.sessions.get(path.slice(1));
    const badge = session === undefined ? undefined : sessionItem(session, this.nowMs()).badge;
    if (badge === undefined) return undefined;
    return new FileDecoration(badge.text, badge.tooltip, new ThemeColor('list.warningForeground'));
  }

  dispose(): void {
    clearInterval(this.timer);
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  /** A session that came or went shows at once; what it does shows with the next tick. */
  private changedSession(id: string): void {
    const isNew = !this.drawnIds.has(id);
    const isGone = this.sessions.get(id) === undefined;
    if (isNew || isGone) this.draw();
    else this.isStale = true;
  }

  /** Asked for again only where one changed: the editor would ask for every file that it shows. */
  private drawBadges(): void {
    const badges = this.sessions.all
      .map((session) => `${session.id} ${sessionItem(session, 0).badge?.tooltip ?? ''}`)
      .join('\n');
    if (badges === this.drawnBadges) return;
    this.drawnBadges = badges;
    this.badgesChanged.fire(undefined);
  }

  private drawnBadges = '';
  private drawnIds: ReadonlySet<string> = new Set();

  private draw(): void {
    this.drawnIds = new Set(this.sessions.all.map((session) => session.id));
    if (!this.view.visible) return;
    this.isStale = false;
    this.changed.fire(undefined);
    this.drawBadges();
  }
}

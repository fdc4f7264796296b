import {
  EventEmitter,
  ThemeColor,
  ThemeIcon,
  TreeItem,
  window,
  type TreeDataProvider,
  type TreeView,
} from 'vscode';
import type { Closeable } from '../base/emitter';
import { commandIds } from '../commandIds';
import { isEnded, sessionItem } from './sessionItems';
import type { Sessions } from './sessions';

/** A row of the Sessions view; menus pass it to commands. */
export interface SessionElement {
  readonly sessionId: string;
}

/** Ages in the rows count in seconds. */
const refreshIntervalMs = 1000;

/** All sessions, newest first. Redrawn once a second while it is shown and something is going on. */
export class SessionsView implements TreeDataProvider<SessionElement>, Closeable {
  private readonly changed = new EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
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
    const row = sessionItem(session, this.nowMs());
    const item = new TreeItem(row.label);
    item.id = row.id;
    item.description = row.description;
    item.tooltip = row.tooltip;
    item.iconPath = new ThemeIcon(row.icon, row.color === undefined ? undefined : new ThemeColor(row.color));
    item.contextValue = row.contextValue;
    item.accessibilityInformation = { label: row.accessibleLabel };
    item.command = {
      command: commandIds.openDashboard,
      title: 'Open Dashboard',
      arguments: [element],
    };
    return item;
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

  private drawnIds: ReadonlySet<string> = new Set();

  private draw(): void {
    this.drawnIds = new Set(this.sessions.all.map((session) => session.id));
    if (!this.view.visible) return;
    this.isStale = false;
    this.changed.fire(undefined);
  }
}

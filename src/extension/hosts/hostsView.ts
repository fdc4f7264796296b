import { EventEmitter, ThemeIcon, TreeItem, window, type TreeDataProvider, type TreeView } from 'vscode';
import type { Closeable } from '../base/emitter';
import { hostKeyOf, type HostTarget } from '../../remote/hostClient';
import type { HostConnections } from './hostConnections';
import { hostItem } from './hostItems';
import type { SelectedHost } from './selectedHost';

/** A row of the Hosts view; menus pass it to commands. */
export interface HostElement {
  readonly hostKey: string;
  readonly target: HostTarget;
}

/** This machine, then the hosts of the SSH configuration. */
export class HostsView implements TreeDataProvider<HostElement>, Closeable {
  private readonly changed = new EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly view: TreeView<HostElement>;
  private readonly subscriptions: readonly Closeable[];

  constructor(
    private readonly connections: HostConnections,
    private readonly selected: SelectedHost,
    private readonly listTargets: () => Promise<readonly HostTarget[]>,
  ) {
    this.view = window.createTreeView('tttDiscover.hosts', { treeDataProvider: this });
    this.subscriptions = [
      this.view,
      this.changed,
      connections.onDidChange(() => this.refresh()),
      selected.onDidChange(() => this.refresh()),
    ];
  }

  refresh(): void {
    this.changed.fire(undefined);
  }

  async getChildren(element?: HostElement): Promise<HostElement[]> {
    if (element !== undefined) return [];
    return (await this.listTargets()).map((target) => ({ hostKey: hostKeyOf(target), target }));
  }

  getTreeItem(element: HostElement): TreeItem {
    const selected = this.selected.get();
    const row = hostItem(
      element.target,
      this.connections.stateOf(element.hostKey),
      selected !== undefined && hostKeyOf(selected) === element.hostKey,
    );
    const item = new TreeItem(row.label);
    item.id = row.hostKey;
    item.description = row.description;
    item.tooltip = row.tooltip;
    item.iconPath = new ThemeIcon(row.icon);
    item.contextValue = row.contextValue;
    item.accessibilityInformation = { label: row.accessibleLabel };
    return item;
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }
}

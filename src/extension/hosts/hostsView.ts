import {
  EventEmitter,
  ThemeIcon,
  TreeItem,
  TreeItemCollapsibleState,
  window,
  type TreeDataProvider,
  type TreeView,
} from 'vscode';
import type { Closeable } from '../base/emitter';
import { commandIds } from '../commandIds';
import { hostKeyOf, type HostTarget } from '../../remote/hostClient';
import { ConfigWatcher } from './configWatcher';
import type { HostConnections } from './hostConnections';
import { forwardItem } from './forward/forwardItems';
import type { PortForward, PortForwards } from './forward/portForwards';
import { hostItem, noticeItem, type HostItem } from './hostItems';
import type { HostList, HostNotice } from './hostList';
import type { SelectedHost } from './selectedHost';
import type { WindowPlace } from './windowPlace';
import { t } from '../base/translate';

/** A row of the Hosts view; menus pass it to commands, which read `hostKey` or `forwardId`. */
export type HostElement =
  | { readonly hostKey: string; readonly target: HostTarget }
  | { readonly forwardId: string; readonly forward: PortForward }
  | { readonly notice: HostNotice };

/** This machine, then the hosts of the SSH configuration, each with its forwarded ports; what to do where there are none. Follows the files of the configuration. */
export class HostsView implements TreeDataProvider<HostElement>, Closeable {
  private readonly changed = new EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly view: TreeView<HostElement>;
  private readonly watcher: ConfigWatcher;
  private readonly subscriptions: readonly Closeable[];

  constructor(
    private readonly needs: {
      readonly connections: HostConnections;
      readonly selected: SelectedHost;
      readonly place: WindowPlace;
      readonly forwards: Pick<PortForwards, 'on' | 'onDidChange'>;
      readonly list: () => Promise<HostList>;
      /** The files of the configuration cannot be followed. */
      readonly onTrouble: (folder: string, error: unknown) => void;
    },
  ) {
    this.watcher = new ConfigWatcher(() => this.refresh(), needs.onTrouble);
    this.view = window.createTreeView('tttDiscover.hosts', { treeDataProvider: this });
    this.subscriptions = [
      this.view,
      this.changed,
      this.watcher,
      needs.connections.onDidChange(() => this.refresh()),
      needs.selected.onDidChange(() => this.refresh()),
      needs.forwards.onDidChange(() => this.refresh()),
    ];
  }

  refresh(): void {
    this.changed.fire(undefined);
  }

  async getChildren(element?: HostElement): Promise<HostElement[]> {
    if (element !== undefined) {
      const forwards = 'hostKey' in element ? this.needs.forwards.on(element.hostKey) : [];
      return forwards.map((forward) => ({ forwardId: forward.id, forward }));
    }
    const { targets, notice, places } = await this.needs.list();
    this.watcher.watch(places);
    return [
      ...targets.map((target) => ({ hostKey: hostKeyOf(target), target })),
      ...(notice === undefined ? [] : [{ notice }]),
    ];
  }

  getTreeItem(element: HostElement): TreeItem {
    const row = this.rowOf(element);
    const item = new TreeItem(row.label);
    item.id = idOf(element);
    // Forwarded ports are to be seen as long as there are some.
    if ('hostKey' in element && this.needs.forwards.on(element.hostKey).length > 0) {
      item.id += ' with ports';
      item.collapsibleState = TreeItemCollapsibleState.Expanded;
    }
    item.description = row.description;
    item.tooltip = row.tooltip;
    item.iconPath = new ThemeIcon(row.icon);
    item.contextValue = row.contextValue;
    item.accessibilityInformation = { label: row.accessibleLabel };
    if ('notice' in element) {
      item.command = { command: commandIds.openSshConfig, title: t('Open SSH Configuration') };
    }
    return item;
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private rowOf(element: HostElement): HostItem {
    if ('notice' in element) return noticeItem(element.notice);
    return 'forward' in element ? forwardItem(element.forward) : this.hostRow(element);
  }

  private hostRow({ hostKey, target }: { readonly hostKey: string; readonly target: HostTarget }) {
    const { connections, selected, place } = this.needs;
    const current = selected.get();
    const isSelected = current !== undefined && hostKeyOf(current) === hostKey;
    return hostItem(target, connections.stateOf(hostKey), isSelected, place);
  }
}

function idOf(element: HostElement): string {
  if ('notice' in element) return 'notice';
  return 'forwardId' in element ? element.forwardId : element.hostKey;
}

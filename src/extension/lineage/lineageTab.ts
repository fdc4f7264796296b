import { Disposable, window } from 'vscode';
import type { ContextKeys } from '../base/contextKeys';
import type { ShownLineage } from './lineageDiffs';

/** Lineages that were opened, newest last: as many as are remembered. */
const mostRemembered = 20;

/** Which lineage the active tab shows. Tabs of several diffs say no more of themselves than their title. */
export class LineageTab implements Disposable {
  private readonly opened: ShownLineage[] = [];
  private readonly subscriptions: Disposable;

  constructor(private readonly contextKeys: ContextKeys) {
    this.subscriptions = Disposable.from(
      window.tabGroups.onDidChangeTabs(() => this.tellKeys()),
      window.tabGroups.onDidChangeTabGroups(() => this.tellKeys()),
    );
  }

  shows(lineage: ShownLineage): void {
    this.opened.push(lineage);
    this.opened.splice(0, this.opened.length - mostRemembered);
    this.tellKeys();
  }

  get active(): ShownLineage | undefined {
    const label = window.tabGroups.activeTabGroup.activeTab?.label;
    // The editor adds how many diffs there are.
    return this.opened.findLast(({ title }) => label === title || label?.startsWith(`${title} (`) === true);
  }

  dispose(): void {
    this.subscriptions.dispose();
  }

  private tellKeys(): void {
    this.contextKeys.set('tttDiscover.hasMoreLineage', this.active?.hasMore === true);
  }
}

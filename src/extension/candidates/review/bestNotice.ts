import { Disposable, StatusBarAlignment, TabInputTextDiff, window, type StatusBarItem } from 'vscode';
import type { ContextKeys } from '../../base/contextKeys';
import { commandIds } from '../../commandIds';
import type { Sessions } from '../../sessions/sessions';
import { betterCandidate } from './betterCandidate';
import { candidateAddressOf } from '../documents/candidateUri';
import { candidateLabel } from '../documents/openDiff';
import type { Reviews } from './reviews';
import { t } from '../../base/translate';

/**
 * Tells a reviewer, in the status bar and with a button, that a better candidate has come since they opened this one. The
 * text under them stays: switching is theirs to do.
 */
export class BestNotice implements Disposable {
  private readonly item: StatusBarItem;
  private readonly subscriptions: Disposable;

  constructor(
    private readonly sessions: Sessions,
    private readonly reviews: Reviews,
    private readonly contextKeys: ContextKeys,
  ) {
    this.item = window.createStatusBarItem('tttDiscover.best', StatusBarAlignment.Left, 9);
    this.item.name = t('TTT-Discover Better Candidate');
    const sessionChanges = sessions.onDidChange(() => this.draw());
    this.subscriptions = Disposable.from(
      this.item,
      new Disposable(() => sessionChanges.dispose()),
      window.tabGroups.onDidChangeTabs(() => this.draw()),
      window.tabGroups.onDidChangeTabGroups(() => this.draw()),
      reviews.onDidChange(() => this.draw()),
    );
  }

  dispose(): void {
    this.subscriptions.dispose();
  }

  private draw(): void {
    const news = this.news();
    this.contextKeys.set('tttDiscover.hasBetterCandidate', news !== undefined);
    if (news === undefined) {
      this.item.hide();
      return;
    }
    this.item.text = `$(arrow-up) ${t('Best is now {0} · Switch', news.label)}`;
    this.item.tooltip = t('Compare {0} with your file in place of c{1}', news.label, news.candidate);
    this.item.accessibilityInformation = {
      label: t('Best is now {0}. Switch to it.', news.label),
      role: 'button',
    };
    this.item.command = { command: commandIds.switchToBest, title: t('Switch'), arguments: [news.sessionId] };
    this.item.show();
  }

  private news(): { sessionId: string; candidate: number; label: string } | undefined {
    const input = window.tabGroups.activeTabGroup.activeTab?.input;
    const address = input instanceof TabInputTextDiff ? candidateAddressOf(input.modified) : undefined;
    if (address?.view !== 'review') return undefined;
    const { sessionId, candidate } = address;
    const review = this.reviews.get(address);
    const session = this.sessions.get(sessionId);
    if (review === undefined || session === undefined) return undefined;
    const best = betterCandidate(session.snapshot, candidate, review.context.bestAtStart);
    if (best === undefined) return undefined;
    return { sessionId, candidate, label: candidateLabel(session, best) };
  }
}

import type { Closeable } from '../base/emitter';
import type { NotificationLevel } from '../base/settings';
import { t } from '../base/translate';
import type { CommandName } from '../commandIds';
import { isEnded } from '../sessions/sessionItems';
import type { Sessions, SessionView } from '../sessions/sessions';
import { newsOf, type News } from './news';
import type { ToldNews } from './toldNews';

const muted = 'muted';

export interface NotifierNeeds {
  readonly sessions: Pick<Sessions, 'get' | 'onDidChange'> & {
    /** Whether all that the host has is here. */
    isCurrent(id: string): boolean;
  };
  readonly told: Pick<ToldNews, 'claim' | 'has'>;
  readonly level: () => NotificationLevel;
  readonly nowMs: () => number;
  /** Shows a message that steals no focus; resolves with the button that was pressed. */
  readonly show: (
    severity: News['severity'],
    text: string,
    buttons: readonly string[],
  ) => PromiseLike<string | undefined>;
  readonly run: (command: CommandName, sessionId: string) => void;
  readonly onError: (what: string, error: unknown) => void;
}

/** Tells each piece of news once, and nothing of sessions that the user does not want to hear of. */
export class Notifier implements Closeable {
  private readonly subscription: Closeable;
  /** News of a session are told one after the other: the first may mute the rest. */
  private readonly tails = new Map<string, Promise<void>>();

  constructor(private readonly needs: NotifierNeeds) {
    this.subscription = needs.sessions.onDidChange((id) => this.look(id));
  }

  dispose(): void {
    this.subscription.dispose();
  }

  private look(id: string): void {
    const view = this.needs.sessions.get(id);
    // Before all entries are here it may look paused that has long been resumed.
    if (view === undefined || !(isEnded(view.snapshot) || this.needs.sessions.isCurrent(id))) return;
    const news = newsOf(view, this.needs.nowMs());
    if (news.length === 0) return;
    const tail = (this.tails.get(id) ?? Promise.resolve()).then(() => this.tell(view, news));
    this.tails.set(
      id,
      tail.catch((error: unknown) => this.needs.onError(`news of ${id}`, error)),
    );
  }

  private async tell(view: SessionView, all: readonly News[]): Promise<void> {
    const { told, level } = this.needs;
    const fresh: News[] = [];
    for (const news of all) if (await told.claim(view.id, news.key)) fresh.push(news);
    const wanted = level();
    if (wanted === 'none' || fresh.length === 0 || (await told.has(view.id, muted))) return;
    const shown = fresh.filter((news) => wanted === 'all' || news.level === 'important');
    // Of several references that were beaten at once the hardest says it all.
    const [hardest] = shown.filter(({ key }) => key.startsWith('reference-'));
    for (const news of shown) {
      if (news.key.startsWith('reference-') && news !== hardest) continue;
      this.show(view.id, news);
    }
  }

  private show(id: string, { severity, text, button }: News): void {
    const mute = t("Don't Show for This Session");
    Promise.resolve(this.needs.show(severity, text, [button.title, mute]))
      .then(async (pressed) => {
        if (pressed === button.title) this.needs.run(button.command, id);
        if (pressed === mute) await this.needs.told.claim(id, muted);
      })
      .catch((error: unknown) => this.needs.onError(`news of ${id}`, error));
  }
}

import { StatusBarAlignment, ThemeColor, window, type StatusBarItem } from 'vscode';
import type { Closeable } from '../base/emitter';
import { t } from '../base/translate';
import { commandIds } from '../commandIds';
import type { Sessions } from './sessions';
import { statusBarWords } from './statusBarWords';

/** The sessions at work, in the status bar; nothing where none is. */
export class SessionStatusBar implements Closeable {
  private readonly item: StatusBarItem;
  private readonly subscription: Closeable;

  constructor(private readonly sessions: Pick<Sessions, 'all' | 'onDidChange'>) {
    this.item = window.createStatusBarItem('tttDiscover.session', StatusBarAlignment.Left, 10);
    this.item.name = t('TTT-Discover Session');
    this.subscription = sessions.onDidChange(() => this.draw());
    this.draw();
  }

  dispose(): void {
    this.subscription.dispose();
    this.item.dispose();
  }

  private draw(): void {
    const words = statusBarWords(this.sessions.all);
    if (words === undefined) {
      this.item.hide();
      return;
    }
    this.item.text = words.text;
    this.item.tooltip = words.tooltip;
    this.item.backgroundColor = words.needsUser
      ? new ThemeColor('statusBarItem.warningBackground')
      : undefined;
    this.item.command = {
      command: commandIds.openDashboard,
      title: t('Open Dashboard'),
      arguments: words.sessionId === undefined ? [] : [words.sessionId],
    };
    this.item.accessibilityInformation = { label: words.accessibleLabel, role: 'button' };
    this.item.show();
  }
}

import { window, type Memento } from 'vscode';
import type { HostTarget } from '../../remote/hostClient';
import { Cancelled } from '../base/failures';
import type { Remembered } from './forgetHost';
import { t } from '../base/translate';

const memoryKey = 'tttDiscover.secondLogin';

/**
 * A window on a host is logged in there already. Where this program runs on the user's machine, its own connection to that host is another login,
 * with another password and code: it is made only after the user was told, once a workspace.
 */
export class SecondLogin {
  constructor(
    private readonly memory: Pick<Memento, 'get' | 'update'>,
    /** The host that the window is on. */
    private readonly ownAlias: string | undefined,
  ) {}

  /** Throws `Cancelled` where the user does not want to. */
  async confirm(target: HostTarget): Promise<void> {
    if (!this.isOwn(target) || this.isConfirmed()) return;
    const logIn = t('Log In Again');
    const chosen = await window.showWarningMessage(
      t('This window is on {0} already. Log in there a second time?', target.alias),
      {
        modal: true,
        detail: t(
          'TTT-Discover runs on the machine that you sit at and cannot use the connection of this window. Its own login may ask for a password or a code again. Installed on the host of the window, it needs none: use "Install in SSH" in the Extensions view.',
        ),
      },
      logIn,
    );
    if (chosen !== logIn) throw new Cancelled();
    await this.memory.update(memoryKey, target.alias);
  }

  rememberedOf(target: HostTarget): Remembered[] {
    if (!this.isOwn(target) || !this.isConfirmed()) return [];
    return [
      {
        what: t('that it is logged in to besides this window'),
        forget: async () => {
          await this.memory.update(memoryKey, undefined);
        },
      },
    ];
  }

  private isOwn(target: HostTarget): target is Extract<HostTarget, { kind: 'ssh' }> {
    return target.kind === 'ssh' && target.alias === this.ownAlias;
  }

  private isConfirmed(): boolean {
    return this.memory.get<unknown>(memoryKey) === this.ownAlias;
  }
}

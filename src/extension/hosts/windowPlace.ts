import * as z from 'zod';
import { t } from '../base/translate';

/** Where the window, the extension and the terminals are. */
export interface WindowPlace {
  /** What the machine is called that this program runs on: in a row, and in the middle of a sentence. */
  readonly localLabel: string;
  readonly localName: string;
  /** Beside the label in lists. */
  readonly localNote?: string;
  readonly localTooltip: string;
  /**
   * The host of the SSH configuration that the window is on, while this program runs elsewhere: a connection to it is a second login. Only
   * where the window's address tells it.
   */
  readonly ownAlias?: string;
  /** Terminals of the window are of the machine that this program runs on. */
  readonly hasTerminal: boolean;
}

const kinds: Readonly<Record<string, () => string>> = {
  'ssh-remote': () => t('over SSH'),
  wsl: () => t('in WSL'),
  'dev-container': () => t('in a container'),
  'attached-container': () => t('in a container'),
  codespaces: () => t('in a codespace'),
  tunnel: () => t('through a tunnel'),
};

/**
 * @param window `remoteName` and the authority of its folder, such as `ssh-remote+gpu-1`, as the editor gives them; `isOnWindowsMachine`: the
 *   extension runs on the side of the window's folder (`ExtensionKind.Workspace`).
 */
export function windowPlace(window: {
  readonly remoteName: string | undefined;
  readonly authority: string | undefined;
  readonly isOnWindowsMachine: boolean;
}): WindowPlace {
  const { remoteName, authority, isOnWindowsMachine } = window;
  if (remoteName === undefined) {
    return {
      localLabel: t('This machine'),
      localName: t('this machine'),
      localTooltip: t('The machine that this editor runs on.'),
      hasTerminal: true,
    };
  }
  if (!isOnWindowsMachine) {
    const alias = aliasOf(remoteName, authority);
    return {
      localLabel: t('This machine'),
      localName: t('this machine'),
      localNote: t("not the window's host"),
      localTooltip: t(
        'The machine that you sit at. The folder of this window is on another one; TTT-Discover is installed here and uses the keys and the SSH configuration of this machine.',
      ),
      ...(alias === undefined ? {} : { ownAlias: alias }),
      hasTerminal: false,
    };
  }
  // A page that a server gives to a browser: the only machine that it knows is the server's own.
  if (/[.:]|^localhost$/.test(remoteName)) {
    return {
      localLabel: t('This machine'),
      localName: t('this machine'),
      localNote: t("this window's host"),
      localTooltip: t('The machine that serves this window to your browser. No login is needed.'),
      hasTerminal: true,
    };
  }
  const alias = aliasOf(remoteName, authority);
  const how = kinds[remoteName]?.() ?? t('through {0}', remoteName);
  return {
    localLabel: t("This window's host"),
    localName: t("this window's host"),
    localNote: alias ?? how,
    localTooltip: t(
      'The machine that this window is on ({0}). Sessions there need no second login. Other hosts are reached from it, with the keys and the SSH configuration that it has.',
      alias === undefined ? how : `${how}, ${alias}`,
    ),
    hasTerminal: true,
  };
}

const encodedHost = z.object({ hostName: z.string().min(1) });

/** `ssh-remote+NAME`, where capitals are `\x48` and the like, or the name is in JSON written as hexadecimal digits. */
function aliasOf(remoteName: string, authority: string | undefined): string | undefined {
  if (remoteName !== 'ssh-remote' || authority?.startsWith('ssh-remote+') !== true) return undefined;
  const name = authority.slice('ssh-remote+'.length);
  if (/^7b(?:[0-9a-f]{2})+$/.test(name)) {
    try {
      return encodedHost.parse(JSON.parse(Buffer.from(name, 'hex').toString('utf8'))).hostName;
    } catch {
      // A name of such digits, then.
    }
  }
  const decoded = name.replace(/\\x([0-9a-f]{2})/gi, (_whole, code: string) =>
    String.fromCharCode(parseInt(code, 16)),
  );
  return decoded === '' ? undefined : decoded;
}

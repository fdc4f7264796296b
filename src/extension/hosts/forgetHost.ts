import { window } from 'vscode';
import { forgetHostKey, pinnedHostNames } from '../../remote/hostKeys/knownHostsStore';
import type { HostTarget } from '../../remote/hostClient';
import { Cancelled, Refusal } from '../base/failures';
import { labelOf } from './hostTargets';
import { t } from '../base/translate';

/** Something that this editor remembers of a host. */
export interface Remembered {
  /** For the question: `the key of https://api.openai.com may go there`. */
  readonly what: string;
  forget(): Promise<void>;
}

export interface ForgetContext {
  readonly knownHostsPath: string;
  /** The name under which the key of an alias is pinned. */
  readonly pinNameOf: (alias: string) => Promise<string>;
  /** Choices of the user, besides the trusted host key. */
  readonly choicesOf: (target: HostTarget) => readonly Remembered[];
  /** Closes the connection, which rests on what is forgotten. */
  readonly disconnect: (target: HostTarget) => Promise<void>;
}

/** Asks, and forgets all that this editor remembers of a host: its trusted key and the user's choices. */
export async function forgetHost(context: ForgetContext, target: HostTarget): Promise<void> {
  const name = labelOf(target);
  const pinName = target.kind === 'ssh' ? await context.pinNameOf(target.alias) : undefined;
  const pinned = (await pinnedHostNames(context.knownHostsPath)).includes(pinName ?? '')
    ? pinName
    : undefined;
  const things = [
    ...(pinned === undefined ? [] : [trustedKey(context.knownHostsPath, pinned)]),
    ...context.choicesOf(target),
  ];
  if (things.length === 0) {
    throw new Refusal(
      t(
        'This editor remembers nothing of {0}. Keys in your own known_hosts file are yours: remove those with ssh-keygen -R.',
        name,
      ),
    );
  }
  await confirm(
    t('Forget {0}?', name),
    things,
    t(
      'Its connection is closed. Sessions, what lies on the host, your SSH configuration and your own known_hosts file stay.',
    ),
  );
  if (pinned !== undefined) await typeName(pinned);
  await context.disconnect(target);
  for (const thing of things) await thing.forget();
  void window.showInformationMessage(
    t('Forgot of {0}: {1}.', name, things.map(({ what }) => what).join('; ')),
  );
}

/** For a key whose host is in no list any more, such as a jump host's. */
export async function forgetTrustedKey(
  context: Pick<ForgetContext, 'knownHostsPath'>,
  pinned: string,
): Promise<void> {
  const key = trustedKey(context.knownHostsPath, pinned);
  await typeName(pinned);
  await key.forget();
  void window.showInformationMessage(t('Forgot {0}.', key.what));
}

function trustedKey(path: string, name: string): Remembered {
  return {
    what: t('the trusted host key of {0}', name),
    forget: async () => {
      await forgetHostKey(path, name);
    },
  };
}

async function confirm(title: string, things: readonly Remembered[], stays: string): Promise<void> {
  const detail = [t('What is forgotten:'), ...things.map(({ what }) => `• ${what}`), '', stays].join('\n');
  const forget = t('Forget');
  const chosen = await window.showWarningMessage(title, { modal: true, detail }, forget);
  if (chosen !== forget) throw new Cancelled();
}

/** A changed host key may be an attack, so that none is forgotten by a click on what looks like a way on. */
async function typeName(name: string): Promise<void> {
  const typed = await window.showInputBox({
    title: t('Forget the trusted key of {0}?', name),
    prompt: t(
      'Type {0} to forget its key. The next connection asks whether to trust the key that the host shows then.',
      name,
    ),
    ignoreFocusOut: true,
    validateInput: (text) => (text === '' || name.startsWith(text) ? undefined : t('Type {0}', name)),
  });
  if (typed !== name) throw new Cancelled();
}

import { env, l10n, window } from 'vscode';
import type { HostPrompts } from '../../remote/hostClient';

/** The questions of a connection, as dialogs. */
export const editorPrompts: HostPrompts = {
  async trustHostKey({ name, alias, keyType, fingerprint }) {
    const trust = l10n.t('Trust and Connect');
    const copy = l10n.t('Copy Fingerprint');
    for (;;) {
      const chosen = await window.showWarningMessage(
        l10n.t('The host key of "{0}" is not known yet.', alias),
        {
          modal: true,
          detail: l10n.t(
            "{0}\n{1} key, fingerprint:\n{2}\n\nCompare it with the one that the host's administrator gave you. A trusted key is remembered; a different one is refused later.",
            name,
            keyType,
            fingerprint,
          ),
        },
        trust,
        copy,
      );
      if (chosen !== copy) return chosen === trust;
      await env.clipboard.writeText(fingerprint);
    }
  },
  async passphrase({ keyPath, attempt }) {
    return window.showInputBox({
      title: l10n.t('Passphrase of an SSH key'),
      prompt:
        attempt > 1
          ? l10n.t('That passphrase did not open {0}. Try again.', keyPath)
          : l10n.t('Passphrase of {0}', keyPath),
      password: true,
      ignoreFocusOut: true,
    });
  },
};

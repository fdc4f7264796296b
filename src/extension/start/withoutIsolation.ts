import { window } from 'vscode';
import { RemoteError, type HostTarget } from '../../remote/hostClient';
import { Cancelled } from '../base/failures';
import { labelOf } from '../hosts/hostTargets';
import { t } from '../base/translate';

/** Hosts whose user agreed in this window, by label. */
const agreed = new Set<string>();

/**
 * Does the work, and where the host refuses because it cannot isolate programs, asks whether they may run all the same; then once more with
 * `isolation: 'none'`. One answer holds for the host as long as the window is open. Throws `Cancelled` where the user does not agree.
 */
export async function askingForIsolation<T>(
  target: HostTarget,
  work: (overrides: { readonly isolation?: 'none' }) => Promise<T>,
): Promise<T> {
  try {
    return await work({});
  } catch (error) {
    if (!(error instanceof RemoteError && error.code === 'not-isolated')) throw error;
    const host = labelOf(target);
    if (!agreed.has(host)) {
      const goOn = t('Run Without Isolation');
      const danger = t(
        'Programs that a model writes would run on {0} with all rights of your account: they could read and change your files and keys there, and use its network. With bubblewrap installed on the host they cannot; Check Host says what is in the way.',
        host,
      );
      const detail = `${error.message}\n\n${danger}`;
      const question = t('Run programs on {0} without isolation?', host);
      const chosen = await window.showWarningMessage(question, { modal: true, detail }, goOn);
      if (chosen !== goOn) throw new Cancelled();
      agreed.add(host);
    }
    return work({ isolation: 'none' });
  }
}

import { isReachedFromEditor } from '../../domain/session/modelSettings';
import type { SessionSnapshot } from '../../domain/session/snapshot';
import { t } from '../base/translate';

/** True if the session paused for want of a key that its model server takes. */
export function waitsForKey({ status, pauseCode }: SessionSnapshot): boolean {
  return status === 'paused' && pauseCode === 'needs-key';
}

/** What a paused session waits for, in words; `undefined` where it is nothing that a client can give by itself. */
export function waitingText({ status, pauseCode, options }: SessionSnapshot): string | undefined {
  if (status !== 'paused') return undefined;
  switch (pauseCode) {
    case 'needs-key':
      return t("waits for the model server's key");
    case 'needs-endpoint':
      return isReachedFromEditor(options?.model)
        ? t('waits for an editor that reaches its model server')
        : t("waits for the editor's language model");
    default:
      return undefined;
  }
}

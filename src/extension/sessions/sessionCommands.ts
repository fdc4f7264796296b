import { window } from 'vscode';
import { Cancelled } from '../base/failures';
import { whenSlow } from '../base/progress';
import { t } from '../base/translate';
import type { CommandHandlers } from '../commandIds';
import type { SessionChooser } from './chooseSession';
import { isEnded } from './sessionItems';
import { distinctTitleOf, titleOf } from './sessionNames';
import type { SessionStore } from './sessionStore';
import type { SessionView } from './sessions';

/** Commands on whole sessions. First argument: a session id or a row of the Sessions view. */
export function sessionCommands(
  store: SessionStore,
  chooser: SessionChooser,
  openDashboard: (sessionId: string) => void,
  /** With what opens its model server, where its process has none. */
  resume: (sessionId: string, waitFor: (request: Promise<void>) => Promise<void>) => Promise<void>,
): Pick<
  CommandHandlers,
  | 'openDashboard'
  | 'pauseSession'
  | 'resumeSession'
  | 'stopSession'
  | 'reconnectSession'
  | 'removeSession'
  | 'refreshSessions'
> {
  return {
    async openDashboard(...args) {
      openDashboard((await chooser.choose(args, t('Open the dashboard of which session?'))).id);
    },
    async pauseSession(...args) {
      const session = await chooser.choose(args, t('Pause which session?'), isActive);
      await whenSlow(t('Pausing session "{0}"', titleOf(session)), store.pause(session.id));
    },
    async resumeSession(...args) {
      const session = await chooser.choose(args, t('Resume which session?'), isActive);
      await resume(session.id, (request) => whenSlow(t('Resuming session "{0}"', titleOf(session)), request));
    },
    async stopSession(...args) {
      await stopSession(store, await chooser.choose(args, t('Stop which session?'), isActive));
    },
    async reconnectSession(...args) {
      const session = await chooser.choose(args, t('Reconnect to which session?'), isActive);
      await store.reconnect(session.id);
    },
    async removeSession(...args) {
      await removeSession(store, await chooser.choose(args, t('Remove which session from the list?')));
    },
    async refreshSessions() {
      await store.refresh();
    },
  };
}

const isActive = (session: SessionView): boolean => !isEnded(session.snapshot);

/** Asks once, because a session cannot go on after its end. */
export async function stopSession(store: SessionStore, session: SessionView): Promise<void> {
  const now = t('Stop Now');
  const afterStep = t('Stop After This Step');
  const chosen = await window.showWarningMessage(
    t('Stop session "{0}"?', distinctTitleOf(session, store.all)),
    {
      modal: true,
      detail: t(
        'Its candidates and its journal are kept; it cannot be resumed. "Stop Now" ends the running evaluations, "Stop After This Step" waits for them and for the training update.',
      ),
    },
    now,
    afterStep,
  );
  if (chosen === undefined) throw new Cancelled();
  await whenSlow(
    t('Stopping session "{0}"', titleOf(session)),
    store.stop(session.id, { now: chosen === now }),
  );
}

async function removeSession(store: SessionStore, session: SessionView): Promise<void> {
  const remove = t('Remove from List');
  const chosen = await window.showWarningMessage(
    t('Remove session "{0}" from the list?', distinctTitleOf(session, store.all)),
    {
      modal: true,
      detail: isEnded(session.snapshot)
        ? t('The copy of its journal on this machine is deleted. What is on its host stays there.')
        : t(
            'The copy of its journal on this machine is deleted. The session itself goes on at {0}: stop it first if you do not want that.',
            session.hostLabel,
          ),
    },
    remove,
  );
  if (chosen !== remove) throw new Cancelled();
  await store.remove(session.id);
}

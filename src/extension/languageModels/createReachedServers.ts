import { window, type ExtensionContext, type LogOutputChannel } from 'vscode';
import { linkModel } from '../../remote/forward/modelLink';
import { hostKeyOf } from '../../remote/hostClient';
import type { FailureReporter } from '../base/failureReporter';
import { Refusal } from '../base/failures';
import type { HostConnections } from '../hosts/hostConnections';
import { labelOf } from '../hosts/hostTargets';
import { editorKeyQuestions } from '../models/keyQuestions';
import type { ModelServerKeys } from '../models/modelServerKeys';
import type { SessionStore } from '../sessions/sessionStore';
import { ReachedServers } from './reachedServers';
import { t } from '../base/translate';

/** Sessions whose model server this machine reaches, with the editor's own words for what only the user can decide. */
export function createReachedServers(needs: {
  readonly context: ExtensionContext;
  readonly connections: HostConnections;
  readonly store: SessionStore;
  readonly keys: ModelServerKeys;
  readonly failures: FailureReporter;
  readonly log: LogOutputChannel;
}): ReachedServers {
  const { context, connections, store, keys, failures, log } = needs;
  return new ReachedServers({
    sessions: store,
    open: ({ id, target }, { server, key, onReady }) =>
      linkModel({
        async connect() {
          // A connection is made on the user's word, or by who follows a session.
          if (connections.stateOf(hostKeyOf(target)).state !== 'connected') {
            throw new Refusal(t('There is no connection to {0}.', labelOf(target)));
          }
          const client = await connections.connect(target, new AbortController().signal);
          return client.connectTo({ modelOfSession: id });
        },
        server,
        key,
        onReady,
        log: (message) => log.info(message),
      }),
    keys,
    onDidChangeKeys: context.secrets.onDidChange,
    questions: editorKeyQuestions,
    async mayReach(title, hostLabel, server) {
      const allow = t('Allow');
      const question = t(
        'Session "{0}" on {1} wants to send requests to {2} through this editor, with your key of it if you have one. It reaches no other address and does not see the key.',
        title,
        hostLabel,
        server,
      );
      return (await window.showWarningMessage(question, allow)) === allow;
    },
    memory: context.globalState,
    onError: (what, error) => failures.report(what, error),
    log: (message) => log.info(message),
  });
}

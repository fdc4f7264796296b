import type { ExtensionContext, LogOutputChannel } from 'vscode';
import type { Closeable } from '../base/emitter';
import { stackOf } from '../base/failures';
import type { FailureReporter } from '../base/failureReporter';
import type { CommandHandlers } from '../commandIds';
import type { SessionStore } from '../sessions/sessionStore';
import { editorKeyQuestions } from './keyQuestions';
import { modelCommands } from './modelCommands';
import { ModelServerKeys } from './modelServerKeys';
import { SessionKeys } from './sessionKeys';

export interface ModelKeys extends Closeable {
  readonly keys: ModelServerKeys;
  readonly sessions: SessionKeys;
  readonly commands: Pick<CommandHandlers, 'setModelServerKey' | 'forgetModelServerKey'>;
}

/** Keys of model servers: kept in the editor's secret storage, handed to the sessions that need them. */
export function createModelKeys(needs: {
  readonly context: ExtensionContext;
  readonly store: SessionStore;
  readonly failures: FailureReporter;
  readonly log: LogOutputChannel;
}): ModelKeys {
  const { context, store, failures, log } = needs;
  const keys = new ModelServerKeys(context.secrets, context.globalState);
  const sessions = new SessionKeys({
    keys,
    onDidChangeKeys: context.secrets.onDidChange,
    questions: editorKeyQuestions,
    sessions: store,
    onError: (what, error) => failures.report(what, error),
    log(message, error) {
      if (error === undefined) log.info(message);
      else log.warn(`${message}: ${stackOf(error)}`);
    },
  });
  return {
    keys,
    sessions,
    commands: modelCommands(keys, sessions, store),
    dispose: () => sessions.dispose(),
  };
}

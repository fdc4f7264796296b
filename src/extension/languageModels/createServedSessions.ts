import { lm, window, type ExtensionContext, type LogOutputChannel } from 'vscode';
import { stackOf } from '../base/failures';
import type { FailureReporter } from '../base/failureReporter';
import type { SessionStore } from '../sessions/sessionStore';
import type { EditorModels } from './models';
import { ServedSessions } from './servedSessions';
import { t } from '../base/translate';

/** Sessions that use a model of this editor, with the editor's own words for what only the user can decide. */
export function createServedSessions(needs: {
  readonly context: ExtensionContext;
  readonly models: EditorModels;
  readonly store: SessionStore;
  readonly failures: FailureReporter;
  readonly log: LogOutputChannel;
}): ServedSessions {
  const { context, models, store, failures, log } = needs;
  return new ServedSessions({
    models,
    onDidChangeModels: lm.onDidChangeChatModels,
    sessions: store,
    provide: (id, secrets) => store.provideSecrets(id, secrets),
    resume: (id, secrets) => store.resume(id, secrets),
    windowMemory: context.workspaceState,
    async mayUse(title, model) {
      const allow = t('Use {0}', model.label);
      const question = t('"{0}" waits for the language model {1} of this editor.', title, model.label);
      return (await window.showInformationMessage(question, allow)) === allow;
    },
    tell: (message) => void window.showWarningMessage(message),
    onError: (what, error) => failures.report(what, error),
    log(message, error) {
      if (error === undefined) log.info(message);
      else log.warn(`${message}: ${stackOf(error)}`);
    },
    nowMs: Date.now,
  });
}

import type { SessionSecrets } from '../../protocol/sessionSecrets';
import { t } from '../base/translate';
import type { ServedSessions } from '../languageModels/servedSessions';
import type { SessionStore } from '../sessions/sessionStore';
import { onHost, type OnHostContext } from './onHost';
import { asksEditorModel, plannedOptions } from './plannedSession';
import type { Job } from './problemJob';
import type { Attempt } from './startAttempts';

export interface DiscoveryContext extends OnHostContext {
  readonly store: SessionStore;
  readonly openDashboard: (sessionId: string) => void;
  /** Serves a model of this editor to the session that is started. */
  readonly served: Pick<ServedSessions, 'admit' | 'release'>;
}

/** Starts the session, keeps it in the list, and shows it. `key`: what opens a model server that is none of this editor's. */
export async function startDiscovery(
  context: DiscoveryContext,
  job: Job,
  key: SessionSecrets | undefined,
  attempt: Attempt,
): Promise<void> {
  const { spec, initialText } = job.prepared;
  const { problem } = job.checked;
  const { policy, model } = plannedOptions(problem, spec.overrides);
  const { sessionId } = spec;
  const modelName = asksEditorModel({ policy, model }) ? model?.model : undefined;
  // Made once: a start that is tried again may have reached the host before.
  let secrets = key;
  let isStarted = false;
  try {
    await onHost(
      context,
      job.target,
      t('Starting {0}', problem.title),
      async (client, report, signal) => {
        if (modelName !== undefined && secrets === undefined) {
          report(t('asking {0} for a word', modelName));
          secrets = await context.served.admit({ sessionId, title: problem.title, modelName }, signal);
        }
        return client.start(secrets === undefined ? spec : { ...spec, secrets }, report, signal);
      },
      attempt,
    );
    isStarted = true;
  } finally {
    if (modelName !== undefined && !isStarted) context.served.release(sessionId);
  }
  await context.store.add(
    {
      id: spec.sessionId,
      target: job.target,
      title: job.checked.problem.title,
      createdAtMs: Date.now(),
      problemUri: job.uri.toString(),
    },
    initialText,
  );
  context.openDashboard(spec.sessionId);
}

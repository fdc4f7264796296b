import './base/editorTranslations';
import * as vscode from 'vscode';
import { window, type ExtensionContext } from 'vscode';
import { FailureReporter } from './base/failureReporter';
import { stackOf } from './base/failures';
import { ContextKeys } from './base/contextKeys';
import { currentSettings } from './base/currentSettings';
import { createChat } from './chat/createChat';
import { createCandidates } from './candidates/createCandidates';
import { registerCommands } from './commands';
import { acceptedOfWorkspace } from './dashboard/acceptedCandidates';
import { BestViews } from './dashboard/bestView';
import { registerDashboard } from './dashboard/dashboard';
import { createExports } from './export/exportCommands';
import { createHosts } from './hosts/hosts';
import { createReachedServers } from './languageModels/createReachedServers';
import { createServedSessions } from './languageModels/createServedSessions';
import { vscodeModels } from './languageModels/vscodeModels';
import { createModelKeys } from './models/createModelKeys';
import { RememberedEvaluations } from './problem/evaluations/rememberedEvaluations';
import { registerProblemLanguage } from './problem/problemLanguage';
import { previewPromptOf } from './problem/prompt/previewCommand';
import { SessionChooser } from './sessions/chooseSession';
import { sessionCommands } from './sessions/sessionCommands';
import { createNotifications } from './notifications/createNotifications';
import { createSessions } from './sessions/createSessions';
import { steerCommands } from './sessions/steerCommands';
import { problemCommands } from './start/problemCommands';
import { startCommands } from './start/startCommands';
import { createVerification } from './verification/createVerification';

/** The composition root: every service and what it needs. Nothing is read, run or connected before it is asked for. */
export function activate(context: ExtensionContext): void {
  const log = window.createOutputChannel('TTT-Discover', { log: true });
  const failures = new FailureReporter(log);
  const hosts = createHosts({ context, failures, sessionTargets: () => sessions.store.targets() });
  const sessions = createSessions({
    context,
    log,
    failures,
    hosts: hosts.connections,
    contextKeys: new ContextKeys(),
  });
  const chooser = new SessionChooser(sessions.store, Date.now);
  const models = vscodeModels(context.languageModelAccessInformation);
  const evaluations = new RememberedEvaluations(context.workspaceState, Date.now);
  const served = createServedSessions({ context, models, store: sessions.store, failures, log });
  const modelKeys = createModelKeys({ context, store: sessions.store, failures, log });
  const reached = createReachedServers({
    context,
    connections: hosts.connections,
    store: sessions.store,
    keys: modelKeys.keys,
    failures,
    log,
  });
  const candidates = createCandidates({ context, store: sessions.store, chooser, failures, log });
  const exports = createExports({
    sessions: sessions.store,
    chooser,
    nowMs: Date.now,
    warn: (message, error) => log.warn(`${message}: ${stackOf(error)}`),
  });
  const dashboard = registerDashboard({
    extensionUri: context.extensionUri,
    sessions: sessions.store,
    bestView: (sessionId, changed) =>
      new BestViews({
        readArtifact: (sha256) => sessions.store.readArtifact(sessionId, sha256),
        onChange: changed,
        warn: (message) => log.warn(message),
      }),
    actions: {
      openDiff: (...args) => failures.guard('openDiff', async () => candidates.commands.openDiff(...args)),
      openBestDiff: (...args) =>
        failures.guard('openBestDiff', async () => candidates.commands.openBestDiff(...args)),
      accept: (...args) => failures.guard('accept', async () => candidates.commands.acceptCandidate(...args)),
      verify: (...args) =>
        failures.guard('verify', async () => verification.commands.verifyCandidate(...args)),
      pause: (id) => failures.guard('pause', async () => sessions.store.pause(id)),
      resume: (id) => failures.guard('resume', async () => modelKeys.sessions.resume(id)),
      stop: (id) => failures.guard('stop', async () => control.stopSession(id)),
      exportSession: (...args) =>
        failures.guard('exportSession', async () => exports.commands.exportSession(...args)),
      exportChart: (...args) => failures.guard('exportChart', async () => exports.exportChart(...args)),
    },
    accepted: acceptedOfWorkspace,
    log,
  });
  const control = sessionCommands(
    sessions.store,
    chooser,
    (id) => dashboard.open(id),
    (id, waitFor) => modelKeys.sessions.resume(id, waitFor),
  );
  const start = startCommands({
    connections: hosts.connections,
    store: sessions.store,
    requireHost: () => hosts.require(),
    settingsFor: currentSettings,
    openDashboard: (id) => dashboard.open(id),
    models,
    served,
    reached,
    modelKeys: modelKeys.sessions,
    memory: context.workspaceState,
    onEvaluated: (problem, text, outcome) =>
      void failures.guard('rememberEvaluation', () =>
        evaluations.remember(problem.toString(), text, outcome),
      ),
    log,
    guard: (what, action) => failures.guard(what, action),
  });
  const verification = createVerification({
    context,
    connections: hosts.connections,
    store: sessions.store,
    chooser,
    requireHost: () => hosts.require(),
    settingsFor: currentSettings,
    tests: start.tests,
    accepted: candidates.accepted,
    failures,
    log,
  });
  const commands = registerCommands(
    {
      ...control,
      ...steerCommands(sessions.store, chooser),
      ...candidates.commands,
      ...exports.commands,
      ...modelKeys.commands,
      ...hosts.commands({ sessions: sessions.store, modelKeys: modelKeys.keys }),
      ...problemCommands(context.extensionUri, `${context.extension.id}#firstSteps`),
      ...start.handlers,
      previewPrompt: (...args) => previewPromptOf(sessions.store, args),
      ...verification.commands,
      showLog: () => log.show(),
    },
    failures,
  );
  context.subscriptions.push(
    commands,
    start.tests,
    verification,
    dashboard,
    candidates,
    createNotifications({ context, store: sessions.store, log }),
    createChat({
      offered: vscode,
      extensionUri: context.extensionUri,
      sessions: sessions.store,
      chooser,
      reportFailure: (what, error) => log.warn(`${what}: ${stackOf(error)}`),
      log: (message, error) => log.debug(`${message}: ${stackOf(error)}`),
    }),
    registerProblemLanguage({
      hostLabel: () => hosts.selected.label(),
      onDidChangeHost: hosts.selected.onDidChange,
      evaluations,
      sessions: sessions.store,
      models,
      log,
    }),
    evaluations,
    served,
    reached,
    modelKeys,
    sessions,
    hosts,
    log,
  );
}

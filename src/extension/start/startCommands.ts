import { window, workspace, type LogOutputChannel, type Memento, type Uri } from 'vscode';
import type { SessionOverrides } from '../../domain/session/options';
import type { CaseResult, EvaluationOutcome } from '../../domain/session/outcome';
import type { SessionSecrets } from '../../protocol/sessionSecrets';
import { RemoteError, type HostClient, type HostTarget, type Progress } from '../../remote/hostClient';
import { Cancelled, describeFailure, isCancelled, Refusal } from '../base/failures';
import { withNotification } from '../base/progress';
import type { Settings } from '../base/settings';
import { requireTrust } from '../base/trust';
import { bytesText, durationText, valueText } from '../base/words';
import type { CommandHandlers } from '../commandIds';
import type { HostConnections } from '../hosts/hostConnections';
import { labelOf } from '../hosts/hostTargets';
import type { EditorModels } from '../languageModels/models';
import type { ReachedServers } from '../languageModels/reachedServers';
import type { ServedSessions } from '../languageModels/servedSessions';
import type { SessionKeys } from '../models/sessionKeys';
import type { SessionStore } from '../sessions/sessionStore';
import { CaseTests } from './caseTests';
import { chooseProblem } from './chooseProblem';
import { chooseRun } from './chooseRun';
import { confirmSpending } from './confirmSpending';
import { unsavedTexts } from './openProblemTexts';
import { asksEditorModel, plannedMistakes, plannedOptions } from './plannedSession';
import { askingForIsolation } from './withoutIsolation';
import { checkProblem, prepareSession, type CheckedProblem, type PreparedSession } from './problemFolder';
import { t } from '../base/translate';

export interface StartContext {
  readonly connections: HostConnections;
  readonly store: SessionStore;
  /** The selected host of the workspace; asks if there is none. */
  readonly requireHost: () => Promise<HostTarget>;
  readonly settingsFor: (uri: Uri) => Settings;
  readonly openDashboard: (sessionId: string) => void;
  readonly models: EditorModels;
  /** Serves a model of this editor to the session that is started. */
  readonly served: Pick<ServedSessions, 'admit' | 'release'>;
  /** Lets the session reach its model server through this editor, where the problem says so. */
  readonly reached: Pick<ReachedServers, 'admit'>;
  /** Gives the key of the model server that the session asks. */
  readonly modelKeys: Pick<SessionKeys, 'forStart'>;
  /** The initial program of a problem was evaluated, well or badly. */
  readonly onEvaluated: (problem: Uri, initialText: string, outcome: EvaluationOutcome) => void;
  /** Reports what an action throws, once. */
  readonly guard: (what: string, action: () => Promise<void>) => Promise<void>;
  /** Memory of the workspace. */
  readonly memory: Pick<Memento, 'get' | 'update'>;
  readonly log: LogOutputChannel;
}

/** What both commands do first, with the host that they then work on. */
interface Job {
  readonly uri: Uri;
  readonly target: HostTarget;
  readonly checked: CheckedProblem;
  readonly prepared: PreparedSession;
}

/** One press of Start. While it only waits for the answer to "Try Again", another press takes its place. */
interface Attempt {
  isAsking: boolean;
  isReplaced: boolean;
}

/** Commands that run a problem. First argument: the URI of its file. */
export function startCommands(context: StartContext): {
  readonly handlers: Pick<CommandHandlers, 'startDiscovery' | 'startDiscoveryWith' | 'evaluateInitial'>;
  /** The Test Explorer's view of evaluations. */
  readonly tests: CaseTests;
} {
  const starting = new Map<string, Attempt>();
  const start = async (args: readonly unknown[], asksHow: boolean): Promise<void> => {
    requireTrust(t('Starting a session runs the programs of this folder.'));
    const uri = await chooseProblem(args);
    const key = uri.toString();
    const earlier = starting.get(key);
    if (earlier?.isAsking === false) throw new Refusal(t('This problem is being started already.'));
    if (earlier !== undefined) earlier.isReplaced = true;
    const attempt: Attempt = { isAsking: false, isReplaced: false };
    starting.set(key, attempt);
    try {
      const job = await prepareJob(context, uri);
      // A question that is open does not keep Start from being pressed again.
      attempt.isAsking = true;
      const chosen = await chooseHow(context, job, asksHow);
      const { sessionId, overrides } = chosen.prepared.spec;
      const options = plannedOptions(chosen.checked.problem, overrides);
      await context.reached.admit(sessionId, options, chosen.target);
      const key = await context.modelKeys.forStart(sessionId, options, chosen.target);
      if (attempt.isReplaced) throw new Cancelled();
      attempt.isAsking = false;
      await askingForIsolation(chosen.target, (isolation) =>
        startDiscovery(
          context,
          withOverrides(chosen, { ...chosen.prepared.spec.overrides, ...isolation }),
          key,
          attempt,
        ),
      );
    } finally {
      if (starting.get(key) === attempt) starting.delete(key);
    }
  };
  const evaluate = async (uri: Uri, cancelled?: AbortSignal): Promise<void> => {
    requireTrust(t('Evaluating runs the programs of this folder.'));
    const job = await prepareJob(context, uri);
    await askingForIsolation(job.target, (isolation) => {
      const agreed = withOverrides(job, { ...job.prepared.spec.overrides, ...isolation });
      return evaluateInitial(context, agreed, shown, cancelled);
    });
  };
  const shown: CaseTests = new CaseTests((uri, cancelled) =>
    context.guard('evaluateInitial', () => evaluate(uri, cancelled)),
  );
  const handlers = {
    startDiscovery: (...args: readonly unknown[]) => start(args, false),
    startDiscoveryWith: (...args: readonly unknown[]) => start(args, true),
    evaluateInitial: async (...args: readonly unknown[]) => evaluate(await chooseProblem(args)),
  };
  return { handlers, tests: shown };
}

async function prepareJob(context: StartContext, uri: Uri): Promise<Job> {
  const openTexts = unsavedTexts();
  const checked = await checkProblem(uri.fsPath, openTexts);
  const target = await context.requireHost();
  const prepared = await prepareSession(checked, {
    displayPath: workspace.asRelativePath(uri),
    settings: context.settingsFor(uri),
    openTexts,
    signal: new AbortController().signal,
  });
  const { files, totalBytes, unsaved, skipped } = prepared.collected;
  context.log.info(
    `${checked.problem.title}: ${files.length} files, ${bytesText(totalBytes)} for ${labelOf(target)}` +
      (unsaved.length > 0 ? `; unsaved text of the editor is used for ${unsaved.join(', ')}` : '') +
      (skipped.length > 0 ? `; not copied: ${skipped.join(', ')}` : ''),
  );
  return { uri, target, checked, prepared };
}

/** The job with the user's choices in its overrides. Asks how to run it where it should, and before money is spent. */
async function chooseHow(context: StartContext, job: Job, asksHow: boolean): Promise<Job> {
  const { problem } = job.checked;
  const { spec, initialText } = job.prepared;
  const editorModelsRefusal = refusalOfEditorModels(job.target);
  let { overrides } = spec;
  for (let asks = asksHow; ; asks = true) {
    if (asks) {
      const question = { problem, initialText, overrides, models: context.models, editorModelsRefusal };
      overrides = await chooseRun(question);
    }
    const options = plannedOptions(problem, overrides);
    const mistakes = plannedMistakes(options);
    if (mistakes.length > 0) {
      throw new Refusal(mistakes.join(' '), {
        title: t('Choose…'),
        command: 'startDiscoveryWith',
        args: [job.uri],
      });
    }
    if (asksEditorModel(options) && editorModelsRefusal !== undefined) {
      throw new Refusal(editorModelsRefusal, { title: t('Select Host…'), command: 'selectHost' });
    }
    const { memory } = context;
    const question = { problem, problemUri: job.uri.toString(), options, initialText, memory };
    if ((await confirmSpending(question)) === 'start') return withOverrides(job, overrides);
  }
}

function refusalOfEditorModels(target: HostTarget): string | undefined {
  if (target.kind === 'local') return undefined;
  return t(
    'A language model of this editor can be used by sessions on this machine only: {0} cannot reach the editor. Select this machine as the host, or choose another model.',
    labelOf(target),
  );
}

function withOverrides(job: Job, overrides: SessionOverrides): Job {
  return { ...job, prepared: { ...job.prepared, spec: { ...job.prepared.spec, overrides } } };
}

/** `key`: what opens a model server that is none of this editor's. */
async function startDiscovery(
  context: StartContext,
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
      job,
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

async function evaluateInitial(
  context: StartContext,
  job: Job,
  shownIn: CaseTests,
  cancelled: AbortSignal | undefined,
): Promise<void> {
  const { problem } = job.checked;
  const evaluation = await onHost(
    context,
    job,
    t('Evaluating {0}', problem.candidate),
    async (client, report, signal) => {
      const shown = shownIn.begin(job.uri, problem.title);
      let cases = 0;
      const onCase = (result: CaseResult): void => {
        cases += 1;
        report(cases === 1 ? t('1 case done') : t('{0} cases done', cases));
        shown.onCase(result);
      };
      const either = cancelled === undefined ? signal : AbortSignal.any([signal, cancelled]);
      try {
        const result = await client.evaluate(job.prepared.spec, undefined, report, either, onCase);
        shown.end(result, problem.metric);
        return result;
      } catch (error) {
        shown.abandon(isCancelled(error) ? undefined : describeFailure(error).text);
        throw error;
      }
    },
  );
  const { outcome, durationMs } = evaluation;
  context.onEvaluated(job.uri, job.prepared.initialText, outcome);
  if (outcome.kind === 'valid') {
    const value = valueText(outcome.value, problem.metric.unit);
    const message = t('{0} = {1} (valid, {2})', problem.metric.name, value, durationText(durationMs));
    context.log.info(
      `${problem.title}: ${message}${outcome.feedback === undefined ? '' : `\n${outcome.feedback}`}`,
    );
    void window.showInformationMessage(message);
    return;
  }
  context.log.warn(
    `${problem.title}: ${problem.candidate} failed (${outcome.reason}): ${outcome.message}\n${outcome.outputTail ?? ''}`,
  );
  const show = t('Show Output');
  const text = `${problem.candidate}: ${outcome.message} (${outcome.reason}, ${durationText(durationMs)})`;
  void window.showWarningMessage(text, show).then((chosen) => {
    if (chosen === show) context.log.show(true);
  });
}

/**
 * Connects and works with a progress notification that can be cancelled. A failure that may pass by itself is tried
 * again on the user's word, with the same session id: a start that had reached the host is not made twice.
 */
async function onHost<T>(
  context: StartContext,
  job: Job,
  title: string,
  work: (client: HostClient, report: Progress, signal: AbortSignal) => Promise<T>,
  attempt: Attempt = { isAsking: false, isReplaced: false },
): Promise<T> {
  const tryAgain = t('Try Again');
  for (;;) {
    try {
      return await withNotification(title, async (report, signal) => {
        report(t('connecting to {0}', labelOf(job.target)));
        const client = await context.connections.connect(job.target, signal, (message) => report(message));
        return work(client, report, signal);
      });
    } catch (error) {
      if (!(error instanceof RemoteError && error.isTransient)) throw error;
      context.log.warn(`${title}: ${error.stack ?? error.message}`);
      const text = `${error.message} ${error.advice}`;
      attempt.isAsking = true;
      const answer = await window.showErrorMessage(text, tryAgain);
      attempt.isAsking = false;
      // The failure was shown with this question, so it is not shown again.
      if (answer !== tryAgain || attempt.isReplaced) throw new Cancelled();
    }
  }
}

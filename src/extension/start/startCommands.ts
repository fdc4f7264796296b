import type { Uri } from 'vscode';
import { Cancelled } from '../base/failures';
import { t } from '../base/translate';
import { requireTrust } from '../base/trust';
import type { CommandHandlers } from '../commandIds';
import type { ReachedServers } from '../languageModels/reachedServers';
import type { SessionKeys } from '../models/sessionKeys';
import { CaseTests } from './caseTests';
import { chooseHow, type ChooseContext } from './chooseHow';
import { chooseProblem } from './chooseProblem';
import { evaluateInitial, type EvaluationContext } from './evaluateInitial';
import { plannedOptions } from './plannedSession';
import { prepareJob, withOverrides, type PrepareContext } from './problemJob';
import { StartAttempts } from './startAttempts';
import { startDiscovery, type DiscoveryContext } from './startDiscovery';
import { askingForIsolation } from './withoutIsolation';

export interface StartContext extends PrepareContext, ChooseContext, DiscoveryContext, EvaluationContext {
  /** Lets the session reach its model server through this editor, where the problem says so. */
  readonly reached: Pick<ReachedServers, 'admit'>;
  /** Gives the key of the model server that the session asks. */
  readonly modelKeys: Pick<SessionKeys, 'forStart'>;
  /** Reports what an action throws, once. */
  readonly guard: (what: string, action: () => Promise<void>) => Promise<void>;
}

/** Commands that run a problem. First argument: the URI of its file. */
export function startCommands(context: StartContext): {
  readonly handlers: Pick<CommandHandlers, 'startDiscovery' | 'startDiscoveryWith' | 'evaluateInitial'>;
  /** The Test Explorer's view of evaluations. */
  readonly tests: CaseTests;
} {
  const attempts = new StartAttempts();
  const start = async (args: readonly unknown[], asksHow: boolean): Promise<void> => {
    requireTrust(t('Starting a session runs the programs of this folder.'));
    const uri = await chooseProblem(args);
    await attempts.make(uri.toString(), async (attempt) => {
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
    });
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

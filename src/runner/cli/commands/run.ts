import { ulid } from 'ulid';
import type { JournalEntry } from '../../../domain/session/events';
import { isReachedFromEditor, type ModelSettings } from '../../../domain/session/modelSettings';
import { exitCodes } from '../../../protocol/hostCommands';
import { isKeyNeeded, keyOriginOf } from '../../../protocol/modelServers';
import type { SessionSecrets } from '../../../protocol/sessionSecrets';
import { sessionSpec, type SessionSpec } from '../../../protocol/sessionSpec';
import { collectProblem } from '../../host/collectProblem';
import { createSessionFolder } from '../../host/sessionFolder';
import { superviseSession, type Supervision, type SupervisionEnd } from '../../host/superviseSession';
import type { Command, CommandCall } from '../command';
import { CommandError, usageError } from '../commandError';
import { keyAdviceFor, takeModelKey } from '../modelKey';
import { requireIsolation } from '../requireIsolation';
import { ProgressView } from '../progressView';
import { summaryLines, summaryOf } from '../runSummary';
import { sessionOptionSpecs, sessionOverridesOf } from '../sessionSettings';
import { forecastLine } from '../sessionForecast';
import { readSecretsInput } from '../specInput';
import { checkSpec } from './start';

export const runCommand: Command = {
  name: 'run',
  arguments: 'PROBLEM',
  summary: 'Run a session here and wait for its end; PROBLEM is a .discover file or its folder',
  mostPositionals: 1,
  options: {
    ...sessionOptionSpecs,
    secrets: {
      type: 'string',
      value: '-',
      help: 'JSON on standard input: {"key": the model server\'s key}; without it the key comes from the environment',
    },
  },
  async run(call) {
    const { root, bundlePath, output } = call;
    const spec = specOf(call);
    const checked = checkSpec(spec);
    for (const warning of checked.warnings) output.note(warning);
    const secrets = await secretsOf(call, checked.options.model);
    requireKey(checked.options.model, secrets);
    await requireIsolation(checked.problem, checked.options);
    const forecast = forecastLine(checked);
    if (forecast !== undefined) output.note(forecast);
    const { folder } = createSessionFolder(root, spec);
    const startedAtMs = Date.now();
    const view = output.json ? undefined : new ProgressView(process.stdout, startedAtMs);
    let interrupted = false;
    const supervision: Supervision = await superviseSession({
      root,
      folder,
      bundlePath,
      secrets,
      onEntry: (entry) => {
        output.object(entry);
        view?.show(entry);
        if (mustLeave(entry)) setImmediate(leave);
      },
      log: (message, error) => {
        process.stderr.write(`${message}${wordsOf(error)}\n`);
      },
    });
    const { loop, done } = supervision;
    function leave(): void {
      supervision.loop.leave();
    }
    const stop = (now: boolean): void => {
      // After the end there is nothing to stop.
      if (loop.snapshot.status === 'finished' || loop.snapshot.status === 'failed') return;
      loop.stop({ now: now || interrupted });
      const waits = loop.snapshot.step >= 0 && !now && !interrupted;
      if (waits) view?.say('Stopping after this step; press Ctrl-C again to stop at once.');
      interrupted = true;
    };
    process.on('SIGINT', () => {
      stop(false);
    });
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        stop(true);
      });
    }
    // Nobody reads any more (`| head`): as good as Ctrl-C twice.
    process.stdout.once('error', () => {
      stop(true);
    });
    const result = await done;
    view?.end(Date.now());
    const summary = summaryOf(folder, result, Date.now() - startedAtMs);
    output.object(summary);
    if (!output.json) for (const line of summaryLines(summary, result)) output.line(line);
    return exitCodeOf(result, interrupted);
  },
};

function specOf(call: CommandCall): SessionSpec {
  const [problemPath] = call.positionals;
  if (problemPath === undefined)
    throw usageError('Which problem? Name a .discover file or its folder.', 'run');
  return sessionSpec.parse({
    version: 1,
    sessionId: ulid(),
    overrides: sessionOverridesOf(call, 'run'),
    ...collectProblem(problemPath),
  });
}

/** In memory alone; the environment loses them, so that nothing that is started later has them. */
async function secretsOf({ values }: CommandCall, model: ModelSettings | undefined): Promise<SessionSecrets> {
  const ofEnvironment = takeModelKey(model?.server, process.env);
  const from = values['secrets'];
  return from === undefined ? ofEnvironment : { ...ofEnvironment, ...(await readSecretsInput(from)) };
}

/** A session without the key that its server is known to want would only pause at once. */
function requireKey(model: ModelSettings | undefined, { key }: SessionSecrets): void {
  if (model === undefined || key !== undefined || !isKeyNeeded(model.server)) return;
  // An editor adds it.
  if (isReachedFromEditor(model)) return;
  const where = keyOriginOf(model.server) ?? model.server;
  throw new CommandError(
    'needs-key',
    exitCodes.usage,
    `${where} answers nobody without a key, and none was given.`,
    keyAdviceFor(model.server),
  );
}

/** A failure that has an advice is known; only of others does anybody want to see where they came from. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  return `: ${'advice' in error ? error.message : (error.stack ?? error.message)}`;
}

/** A pause that waits for someone would wait for ever in a terminal nobody looks at. */
function mustLeave({ event }: JournalEntry): boolean {
  return event.type === 'session.paused' && event.reason !== 'user';
}

function exitCodeOf({ end, best }: SupervisionEnd, interrupted: boolean): number {
  if (end.kind === 'left') return exitCodes.environment;
  if (end.event.type === 'session.failed') {
    const { message, advice } = end.event;
    const exitCode = end.cause === 'environment' ? exitCodes.environment : exitCodes.noResult;
    throw new CommandError(end.cause ?? 'session-failed', exitCode, message, advice);
  }
  if (interrupted) return exitCodes.interrupted;
  return best === undefined ? exitCodes.noResult : exitCodes.ok;
}

import { ulid } from 'ulid';
import type { JournalEntry } from '../../../domain/session/events';
import type { SessionSnapshot } from '../../../domain/session/snapshot';
import { exitCodes, type RunSummary } from '../../../protocol/hostCommands';
import { sessionSpec, type SessionSpec } from '../../../protocol/sessionSpec';
import { collectProblem } from '../../host/collectProblem';
import { createSessionFolder, type SessionFolder } from '../../host/sessionFolder';
import { superviseSession, type Supervision, type SupervisionEnd } from '../../host/superviseSession';
import type { Command, CommandCall } from '../command';
import { CommandError, usageError } from '../commandError';
import { ProgressView, valueText } from '../progressView';
import { durationMs, method, policy, seed, wholeNumber } from '../values';
import { checkSpec } from './start';

export const runCommand: Command = {
  name: 'run',
  arguments: 'PROBLEM',
  summary: 'Run a session here and wait for its end; PROBLEM is a .discover file or its folder',
  mostPositionals: 1,
  options: {
    policy: { type: 'string', value: 'NAME', help: 'What proposes candidates (tunables)' },
    method: { type: 'string', value: 'NAME', help: 'ttt-discover (learns), puct or best-of-n' },
    'max-time': { type: 'string', value: 'TIME', help: 'Wall-clock budget, such as 180s, 3m or 1h' },
    steps: { type: 'string', value: 'N', help: 'Steps' },
    groups: { type: 'string', value: 'N', help: 'Parents a step' },
    'group-size': { type: 'string', value: 'N', help: 'Candidates a parent, at least 3' },
    concurrency: { type: 'string', value: 'N', help: 'Evaluations at once' },
    seed: { type: 'string', value: 'N', help: 'Fixes every random choice (default: a random one)' },
  },
  async run(call) {
    const { root, bundlePath, output } = call;
    const spec = specOf(call);
    for (const warning of checkSpec(spec).warnings) output.note(warning);
    const { folder } = createSessionFolder(root, spec);
    const startedAtMs = Date.now();
    const view = output.json ? undefined : new ProgressView(process.stdout, startedAtMs);
    let interrupted = false;
    const supervision: Supervision = await superviseSession({
      root,
      folder,
      bundlePath,
      onEntry: (entry) => {
        output.object(entry);
        view?.show(entry);
        if (mustLeave(entry)) setImmediate(leave);
      },
      log: (message, error) => {
        process.stderr.write(
          `${message}${error instanceof Error ? `: ${error.stack ?? error.message}` : ''}\n`,
        );
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

function specOf({ positionals, values }: CommandCall): SessionSpec {
  const [problemPath] = positionals;
  if (problemPath === undefined)
    throw usageError('Which problem? Name a .discover file or its folder.', 'run');
  const overrides = {
    policy: policy(values['policy']),
    method: method(values['method']),
    maxTimeMs: durationMs(values['max-time'], '--max-time'),
    steps: wholeNumber(values['steps'], '--steps', 1),
    groups: wholeNumber(values['groups'], '--groups', 1),
    groupSize: wholeNumber(values['group-size'], '--group-size', 3),
    concurrency: wholeNumber(values['concurrency'], '--concurrency', 1),
    seed: seed(values['seed']),
  };
  const given = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
  return sessionSpec.parse({
    version: 1,
    sessionId: ulid(),
    overrides: given,
    ...collectProblem(problemPath),
  });
}

/** A pause that waits for someone would wait for ever in a terminal nobody looks at. */
function mustLeave({ event }: JournalEntry): boolean {
  return event.type === 'session.paused' && event.reason !== 'user';
}

function summaryOf(
  folder: SessionFolder,
  { end, snapshot, best }: SupervisionEnd,
  tookMs: number,
): RunSummary {
  const initial = snapshot.candidates.at(0)?.outcome;
  return {
    kind: 'summary',
    sessionId: folder.sessionId,
    end: end.kind === 'left' ? 'paused' : end.event.type === 'session.failed' ? 'failed' : end.event.reason,
    best: best ?? null,
    metric: metricOf(snapshot),
    initialValue: initial?.kind === 'valid' ? initial.value : null,
    evaluated: snapshot.evaluated,
    valid: snapshot.valid,
    steps: snapshot.steps.filter((step) => step.finished).length,
    durationMs: tookMs,
    folder: folder.path,
  };
}

function metricOf({ problem }: SessionSnapshot): RunSummary['metric'] {
  return { name: problem?.metric.name ?? '', goal: problem?.metric.goal ?? 'maximize' };
}

function summaryLines(summary: RunSummary, { snapshot }: SupervisionEnd): readonly string[] {
  const { best, initialValue, sessionId, metric, end } = summary;
  // The failure itself is told as the command's error.
  if (end === 'failed') return [`Session ${sessionId} failed; its folder is ${summary.folder}.`];
  const unit = snapshot.problem?.metric.unit;
  const lines = [
    `Session ${sessionId}: ${(snapshot.statusMessage ?? end).replace(/\.$/, '')}. ${summary.evaluated} evaluated, ${summary.steps} steps done.`,
  ];
  if (best === null) lines.push('No candidate was valid.');
  else {
    const from = initialValue === null ? '' : ` (the initial program: ${valueText(initialValue, unit)})`;
    lines.push(`Best ${metric.name}: ${valueText(best.value, unit)} by c${best.candidate}${from}`);
    lines.push(`Program: ${best.path}`);
    if (best.statePath !== undefined) lines.push(`Construction: ${best.statePath}`);
  }
  if (end === 'paused') lines.push(`Go on with: ttt-discover resume ${sessionId}`);
  return lines;
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

import { gzip } from 'node:zlib';
import { promisify } from 'node:util';
import {
  commandReply,
  type CommandReply,
  type CompareReply,
  type DoctorReply,
  type SessionListing,
  type VerifyReply,
} from '../../protocol/hostCommands';
import type { CompareSpec, MeasureSpec } from '../../protocol/measureSpec';
import type { StartInput } from '../../protocol/sessionSpec';
import type { CaseResult } from '../../domain/session/outcome';
import { RemoteError, type ComparisonListener, type HostEvaluation, type Progress } from '../hostClient';
import { markCommand } from '../shell/markedOutput';
import { endGroupScript, followMarkedRun, newNonce } from '../shell/markedRun';
import { runnerCommand, type InstalledRunner } from './runnerCommand';
import type { Removal } from '../hostClient';
import type { ExecResult, Transport } from '../transport';

const compress = promisify(gzip);
const startTimeoutMs = 60_000;
const listTimeoutMs = 30_000;
/** A session may take its time to end, and an environment of many files to go. */
const removeTimeoutMs = 10 * 60_000;
/** The doctor ends by itself within ten seconds; the rest is for a slow link. */
const examineTimeoutMs = 45_000;

/** The runner's commands that answer and end. All reject with a `RemoteError`. */
export class RunnerCalls {
  constructor(
    private readonly transport: Transport,
    private readonly runner: InstalledRunner,
  ) {}

  async start(input: StartInput, progress: Progress, signal: AbortSignal): Promise<SessionListing> {
    const reply = await this.call(['start', '--spec', '-', '--json'], {
      input,
      progress,
      signal,
      timeoutMs: startTimeoutMs,
    });
    if (reply.kind !== 'started') throw unexpected(reply.kind);
    return reply.session;
  }

  async list(signal: AbortSignal): Promise<readonly SessionListing[]> {
    const reply = await this.call(['list', '--json'], { signal, timeoutMs: listTimeoutMs });
    if (reply.kind !== 'sessions') throw unexpected(reply.kind);
    return reply.sessions;
  }

  async examine(signal: AbortSignal): Promise<DoctorReply> {
    const reply = await this.call(['doctor', '--json'], { signal, timeoutMs: examineTimeoutMs });
    if (reply.kind !== 'doctor') throw unexpected(reply.kind);
    return reply;
  }

  async evaluate(
    spec: MeasureSpec,
    progress: Progress,
    signal: AbortSignal,
    onCase?: (result: CaseResult) => void,
  ): Promise<HostEvaluation> {
    const reply = await this.call(['evaluate', '--spec', '-', '--json'], {
      input: spec,
      progress,
      signal,
      ...(onCase === undefined ? {} : { onCase }),
    });
    if (reply.kind !== 'evaluation') throw unexpected(reply.kind);
    const { outcome, durationMs, cases = [] } = reply;
    return { outcome, durationMs, cases };
  }

  async verify(spec: MeasureSpec, progress: Progress, signal: AbortSignal): Promise<VerifyReply> {
    const reply = await this.call(['verify', '--spec', '-', '--json'], { input: spec, progress, signal });
    if (reply.kind !== 'verification') throw unexpected(reply.kind);
    return reply;
  }

  async compare(
    spec: CompareSpec,
    progress: Progress,
    signal: AbortSignal,
    listener: ComparisonListener,
  ): Promise<CompareReply> {
    const reply = await this.call(['compare', '--spec', '-', '--json'], {
      input: spec,
      progress,
      signal,
      listener,
    });
    if (reply.kind !== 'comparison') throw unexpected(reply.kind);
    return reply;
  }

  /** Ends all sessions and removes all of ours. */
  async removeEverything(signal: AbortSignal): Promise<Removal> {
    const reply = await this.call(['remove-everything', '--yes', '--json'], {
      signal,
      timeoutMs: removeTimeoutMs,
    });
    if (reply.kind !== 'removed') throw unexpected(reply.kind);
    return { left: reply.left, cancelledJobs: reply.cancelledJobs ?? 0 };
  }

  private async call(
    args: readonly string[],
    options: {
      readonly input?: StartInput | MeasureSpec | CompareSpec;
      readonly progress?: Progress;
      readonly onCase?: (result: CaseResult) => void;
      readonly listener?: ComparisonListener;
      readonly signal: AbortSignal;
      readonly timeoutMs?: number;
    },
  ): Promise<CommandReply> {
    const content = options.input === undefined ? undefined : await compress(JSON.stringify(options.input));
    const nonce = newNonce();
    let last: CommandReply | undefined;
    let notUnderstood: string | undefined;
    const command = runnerCommand(this.runner, args);
    const process = await this.transport.spawn(markCommand(command, nonce));
    const result = await followMarkedRun(process, nonce, {
      signal: options.signal,
      ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
      endGroup: (pid) => this.transport.exec(endGroupScript(pid), { timeoutMs: listTimeoutMs }),
      onLine: (line) => {
        if (line.trim() === '') return;
        const reply = parseReply(line);
        if (reply === undefined) notUnderstood = line;
        else if (reply.kind === 'progress') options.progress?.(reply.message);
        else if (reply.kind === 'case') options.onCase?.(reply.case);
        else if (reply.kind === 'comparisonSeed') options.listener?.onSeed(reply.seed);
        else if (reply.kind === 'round') options.listener?.onRound(reply.index, reply.round);
        else last = reply;
      },
      input: (stdin) =>
        new Promise((resolve) => {
          stdin.end(content, () => resolve());
        }),
    });
    if (last?.kind === 'error') throw runnerError(last.message, last.advice, last.code);
    if (last === undefined) throw noReply(args[0] ?? '', result, notUnderstood);
    return last;
  }
}

/** A line that the runner printed with `--json`; `undefined` if it is none that this version knows. */
export function parseReply(line: string): CommandReply | undefined {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return undefined;
  }
  const parsed = commandReply.safeParse(json);
  return parsed.success ? parsed.data : undefined;
}

export function runnerError(message: string, advice: string | undefined, code?: string): RemoteError {
  return new RemoteError(
    code === 'not-isolated' ? code : 'runner-failed',
    message,
    advice ?? 'The log has more.',
  );
}

function unexpected(kind: string): RemoteError {
  return new RemoteError(
    'protocol',
    `The runner answered with "${kind}", which was not asked for.`,
    'The extension and the runner do not belong together: install the extension again.',
  );
}

function noReply(command: string, result: ExecResult, line: string | undefined): RemoteError {
  const detail = (result.stderr.trim() || line || '').slice(-500);
  return new RemoteError(
    result.code === 0 ? 'protocol' : 'runner-failed',
    `The runner's "${command}" ended with code ${result.code} and no answer that is understood${detail === '' ? '.' : `: ${detail}`}`,
    'The log has more. If it repeats, disconnect from the host and connect again.',
  );
}

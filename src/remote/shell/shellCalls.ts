import { markScript } from './markedOutput';
import {
  cancelledError,
  endGroupScript,
  followMarkedRun,
  newNonce,
  type MarkedRunOptions,
} from './markedRun';
import type { RemoteProcess, Transport } from '../transport';
import { uploadThroughShell } from '../bootstrap/upload';

/** Longest that a host may take to begin with a session. */
export const openTimeoutMs = 30_000;

type CallOptions = NonNullable<Parameters<Transport['exec']>[1]>;

/** The two things that a transport can begin on its host. */
export interface ShellStarter {
  /** A POSIX shell that reads its script from standard input. */
  script(options: CallOptions): Promise<RemoteProcess> | RemoteProcess;
  /** A POSIX shell command of one line; its standard input is the caller's. */
  command(command: string): Promise<RemoteProcess> | RemoteProcess;
  /** Whether a process may go on when its session ends, so that its group must be ended by a call of its own. */
  readonly outlivesSession: boolean;
}

/** What every transport does alike with what it begins. */
export function shellCalls(starter: ShellStarter): Pick<Transport, 'exec' | 'spawn' | 'upload'> {
  const run = async (script: string, options: CallOptions & Pick<MarkedRunOptions, 'endGroup'> = {}) => {
    if (options.signal?.aborted === true) throw cancelledError();
    const nonce = newNonce();
    const process = await starter.script(options);
    process.stdin.end(markScript(script, nonce));
    return followMarkedRun(process, nonce, options);
  };
  const endGroup = (pid: number) => run(endGroupScript(pid), { timeoutMs: openTimeoutMs });
  const ending = starter.outlivesSession ? { endGroup } : {};
  const spawn = async (command: string): Promise<RemoteProcess> => {
    if (command.includes('\n')) throw new TypeError('A command is one line.');
    return starter.command(command);
  };
  return {
    exec: (script, options) => run(script, { ...options, ...ending }),
    spawn,
    upload: (content, target, options) =>
      uploadThroughShell(spawn, content, target, options, ending.endGroup),
  };
}

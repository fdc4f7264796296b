import { setTimeout as delay } from 'node:timers/promises';
import type { Client, ClientChannel } from 'ssh2';
import { RemoteError } from '../hostClient';
import { cancelledError, lostError } from '../shell/markedRun';
import { openTimeoutMs, shellCalls } from '../shell/shellCalls';
import { maxSessions, sessionRetryDelaysMs, Slots } from './slots';
import { tooFewSessionsError } from '../sshErrors';
import type { RemoteProcess, Transport } from '../transport';

// Both forms mean the same in bash, zsh, fish and tcsh, which stand between us and /bin/sh as login shells.
const readScriptFromInput = 'exec /bin/sh -s';
/** Reads one line, the command; what follows on standard input is the command's own. `read` takes no byte too many. */
const readCommandFromInput = `exec /bin/sh -c 'IFS= read -r ttt_command && eval "$ttt_command"'`;

/** A host behind an authenticated connection, which it owns from now on. */
export function createSsh2Transport(client: Client): Transport {
  const slots = new Slots(maxSessions);
  const closedListeners: ((reason: Error | undefined) => void)[] = [];
  let openSessions = 0;
  let closeAsked = false;
  let isClosed = false;
  let closeReason: Error | undefined;
  let lastError: Error | undefined;
  let settleClosed: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => (settleClosed = resolve));
  const closedReason = () => (closeAsked ? closeReason : lostError(lastError));

  client.on('error', (error) => (lastError = error));
  const onClose = () => {
    if (isClosed) return;
    isClosed = true;
    settleClosed();
    for (const listener of closedListeners.splice(0)) listener(closedReason());
  };
  client.on('close', onClose);

  const openOnce = (command: string): Promise<RemoteProcess> =>
    new Promise((resolve, reject) => {
      void closed.then(() => reject(lostError(lastError)));
      try {
        client.exec(command, (error, channel) => {
          // Listened to at once: the end of a short command may have come with the answer.
          if (error === undefined) resolve(remoteProcessOf(channel, closed));
          else reject(error);
        });
      } catch (cause) {
        // ssh2 throws at once after the connection has closed, which may have been before we listened.
        onClose();
        reject(lostError(cause));
      }
    });

  const open = async (command: string): Promise<RemoteProcess> => {
    for (let refusals = 0; ;) {
      try {
        return await openOnce(command);
      } catch (error) {
        if (error instanceof RemoteError) throw error;
        if (isClosed) throw lostError(error);
        // A host that allows few sessions gives one when one of ours has ended; with none open it never will.
        if (openSessions === 0) refusals++;
        const waitMs = sessionRetryDelaysMs[refusals];
        if (!isSessionRefused(error) || waitMs === undefined) throw channelError(error);
        await delay(waitMs);
      }
    }
  };

  const adopt = (process: RemoteProcess, release: () => void): RemoteProcess => {
    openSessions++;
    void process.exited.then(() => {
      openSessions--;
      release();
    });
    return process;
  };

  const start = async (
    command: string,
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<RemoteProcess> => {
    if (isClosed || closeAsked) throw lostError(lastError);
    const release = await slots.take(options.signal);
    const opening = open(command);
    opening.catch(release);
    try {
      const process = await within(opening, options.timeoutMs ?? openTimeoutMs, options.signal);
      return adopt(process, release);
    } catch (error) {
      // A channel that opens after all is closed again, and only then is its place free.
      opening.then(
        (process) => adopt(process, release).kill(),
        () => undefined,
      );
      throw error;
    }
  };

  const calls = shellCalls({
    outlivesSession: true,
    script: (options) => start(readScriptFromInput, options),
    command: async (command) => {
      const process = await start(readCommandFromInput);
      process.stdin.write(`${command}\n`);
      return process;
    },
  });

  /** Opens three at once, which is as many as an attachment, a request and a probe of the link need. */
  const hasFewSessions = async (): Promise<boolean> => {
    const tries = await Promise.allSettled([1, 2, 3].map(() => openOnce('exec /bin/sh -c :')));
    const opened = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    await Promise.all(opened.map((process) => endOf(process)));
    if (isClosed) throw lostError(lastError);
    return tries.some((one) => one.status === 'rejected' && isSessionRefused(one.reason));
  };
  const endOf = (opened: RemoteProcess): Promise<unknown> => {
    const process = adopt(opened, () => undefined);
    process.stdout.resume();
    process.stderr.resume();
    return process.exited;
  };

  return {
    kind: 'ssh2',
    hasFewSessions,
    ...calls,
    onClosed(listener) {
      if (isClosed) listener(closedReason());
      else closedListeners.push(listener);
    },
    async close(reason) {
      if (!closeAsked) closeReason = reason;
      closeAsked = true;
      if (isClosed) return;
      // Not `end`: on a dead link it would wait for an answer, and after it `destroy` does nothing.
      client.destroy();
      await closed;
    },
  };
}

/** The promise's outcome, or a `RemoteError`: `lost` when it takes too long, `cancelled`. */
async function within<T>(
  promise: Promise<T>,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const other = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(lostError(new Error(`no channel in ${Math.round(timeoutMs / 1000)} s`))),
      timeoutMs,
    );
    onAbort = () => reject(cancelledError());
    signal?.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, other]);
  } finally {
    clearTimeout(timer);
    if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
  }
}

function isSessionRefused(error: unknown): boolean {
  return error instanceof Error && 'reason' in error && error.reason === 2;
}

function channelError(cause: unknown): RemoteError {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (isSessionRefused(cause)) return tooFewSessionsError(message, cause);
  return new RemoteError(
    'unsupported-host',
    `The host does not run commands for this account: ${message}`,
    'Use an account that may run commands.',
    { cause },
  );
}

function remoteProcessOf(channel: ClientChannel, connectionClosed: Promise<void>): RemoteProcess {
  let exit: { code: number | undefined; signal: string | undefined } = { code: undefined, signal: undefined };
  let isClosed = false;
  // An error with nobody listening would end the whole process; the close that follows says what is known.
  channel.on('error', () => undefined);
  channel.stderr.on('error', () => undefined);
  channel.on('exit', (code: number | null, signal?: string) => {
    exit = { code: code ?? undefined, signal: code === null ? (signal ?? 'unknown') : undefined };
  });
  const exited = new Promise<typeof exit>((resolve) => {
    channel.on('close', () => {
      isClosed = true;
      resolve(exit);
    });
    void connectionClosed.then(() => resolve(exit));
  });
  return {
    stdin: channel,
    stdout: channel,
    stderr: channel.stderr,
    exited,
    kill() {
      if (isClosed) return;
      try {
        channel.signal('TERM');
        channel.close();
      } catch {
        // The connection is gone, and with it all we can reach.
      }
      // The close is announced only when nothing is left to read.
      channel.resume();
      channel.stderr.resume();
    },
  };
}

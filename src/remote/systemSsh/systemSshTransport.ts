import { setTimeout as delay } from 'node:timers/promises';
import type { RemoteError } from '../hostClient';
import { cancelledError, lostError, noShellError } from '../shell/markedRun';
import { openTimeoutMs, shellCalls } from '../shell/shellCalls';
import { maxSessions, sessionRetryDelaysMs, Slots } from '../ssh2/slots';
import { tooFewSessionsError } from '../sshErrors';
import { systemSshError } from './systemSshErrors';
import type { SystemSsh } from './systemSshMaster';
import { SessionRefused, startSession, type SessionKind } from './systemSshSession';
import type { RemoteProcess, Transport } from '../transport';

/** A host behind the `ssh` program, whose connection it owns from now on. */
export function createSystemSshTransport(ssh: SystemSsh): Transport {
  const slots = new Slots(maxSessions);
  const running = new Set<RemoteProcess>();
  const closedListeners: ((reason: Error | undefined) => void)[] = [];
  let closing: Promise<void> | undefined;
  let closeReason: Error | undefined;
  let isClosed = false;

  const onClosed = (reason: Error | undefined) => {
    if (isClosed) return;
    isClosed = true;
    closeReason = reason;
    for (const listener of closedListeners.splice(0)) listener(reason);
  };
  const close = (reason?: Error): Promise<void> => {
    closing ??= (async () => {
      const left = [...running];
      for (const process of left) process.kill();
      await Promise.all(left.map((process) => process.exited));
      await ssh.close();
      onClosed(reason);
    })();
    return closing;
  };
  void ssh.ended.then((said) => {
    if (closing === undefined) void close(lostError(said));
  });

  const open = async (kind: SessionKind, signal: AbortSignal): Promise<RemoteProcess> => {
    for (let refusals = 0; ;) {
      try {
        return await startSession(ssh, kind, signal);
      } catch (error) {
        if (!(error instanceof SessionRefused) || signal.aborted) throw error;
        if (isClosed || closing !== undefined) throw lostError(error);
        if (!error.isForLackOfSessions) throw await refusalOf(ssh, error);
        // A host that allows few sessions gives one when one of ours has ended; with none open it never will.
        if (running.size === 0) refusals++;
        const waitMs = sessionRetryDelaysMs[refusals];
        if (waitMs === undefined) throw tooFewSessionsError(error.said.trim(), error);
        await delay(waitMs);
      }
    }
  };

  const start = async (
    kind: SessionKind,
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<RemoteProcess> => {
    if (isClosed || closing !== undefined) throw lostError();
    const release = await slots.take(options.signal);
    const timeout = AbortSignal.timeout(options.timeoutMs ?? openTimeoutMs);
    // A login of its own may ask a person, who takes the time that it takes.
    const limits = ssh.isShared ? [timeout] : [];
    const signal = AbortSignal.any([...limits, ...(options.signal === undefined ? [] : [options.signal])]);
    try {
      const process = await open(kind, signal);
      running.add(process);
      void process.exited.then(() => {
        running.delete(process);
        release();
      });
      return process;
    } catch (error) {
      release();
      if (options.signal?.aborted === true) throw cancelledError();
      if (timeout.aborted && ssh.isShared) throw lostError(new Error('no session in time'));
      throw error;
    }
  };

  const calls = shellCalls({
    outlivesSession: true,
    script: (options) => start('script', options),
    command: async (command) => {
      const process = await start('command');
      process.stdin.write(`${command}\n`);
      return process;
    },
  });

  /** Opens three at once, which is as many as an attachment, a request and a probe of the link need. */
  const hasFewSessions = async (): Promise<boolean> => {
    if (!ssh.isShared) return true;
    const signal = AbortSignal.timeout(openTimeoutMs);
    const tries = await Promise.allSettled([1, 2, 3].map(() => startSession(ssh, 'script', signal)));
    const opened = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    for (const process of opened) {
      process.stdin.end();
      process.stdout.resume();
      process.stderr.resume();
    }
    await Promise.all(opened.map((process) => process.exited));
    return tries.some(
      ({ status, ...one }) =>
        status === 'rejected' &&
        'reason' in one &&
        one.reason instanceof SessionRefused &&
        one.reason.isForLackOfSessions,
    );
  };

  return {
    kind: 'system',
    hasFewSessions,
    ...calls,
    onClosed(listener) {
      if (isClosed) listener(closeReason);
      else closedListeners.push(listener);
    },
    close,
  };
}

async function refusalOf(ssh: SystemSsh, refused: SessionRefused): Promise<RemoteError> {
  if (!ssh.isShared) return systemSshError(ssh.host, refused.said);
  // Over a shared connection ssh reaches the host no more when that has gone; it says so in many ways, or not at all.
  const saysLost = /Connection closed|Control socket|mux_client|Broken pipe/i.test(refused.said);
  if (saysLost || !(await ssh.isAlive())) return lostError(refused);
  // The connection stands, so that it was the host that ended the session.
  return noShellError(refused.said.trim() === '' ? refused.printed : refused.said, undefined);
}

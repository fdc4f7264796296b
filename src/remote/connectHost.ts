import { attachToSession, defaultAttachTimes, type AttachTimes } from './attach/attachment';
import { installRunner, useLocalRunner } from './bootstrap/bootstrap';
import type { HostClient, HostEnvironment, HostTarget, Progress } from './hostClient';
import { RemoteError } from './hostClient';
import { createLocalTransport } from './shell/localTransport';
import { lostError } from './shell/markedRun';
import { multiplex } from './multiplex/multiplexedTransport';
import { HostSockets } from './forward/hostSockets';
import { openSshTransport } from './openTransport';
import type { InstalledRunner } from './attach/runnerCommand';
import { RunnerCalls } from './attach/runnerCalls';
import { shellQuote } from './shell/shellQuote';
import type { Transport } from './transport';

/** Of the sessions that one connection carries, so many may be attachments; the rest is for start, list and evaluate. */
const maxAttachments = 6;

/**
 * Connects to a host and makes it ready. Rejects with a `RemoteError`; nothing stays open then. Failures that are not
 * `isTransient` must not be tried again without the person.
 */
export async function connectHost(
  target: HostTarget,
  environment: HostEnvironment,
  signal: AbortSignal,
  options: { readonly progress?: Progress; readonly attachTimes?: AttachTimes } = {},
): Promise<HostClient> {
  const progress = options.progress ?? ((message) => environment.log('info', message));
  const times = options.attachTimes ?? defaultAttachTimes;
  if (target.kind === 'local') {
    const transport = createLocalTransport();
    return closeOnFailure(transport, async () => {
      const runner = await useLocalRunner(transport, environment, signal);
      return hostClient(target, 'this machine', transport, runner, environment, times);
    });
  }
  const { transport, description: way } = await openSshTransport(target.alias, environment, signal, progress);
  return closeOnFailure(transport, async () => {
    const runner = await installRunner(transport, environment, progress, signal);
    const description = `${way}, Node ${runner.nodeVersion} at ${runner.nodePath}`;
    const usable =
      (await transport.hasFewSessions?.()) === true ? await multiplex(transport, runner) : transport;
    return hostClient(target, description, usable, runner, environment, times);
  });
}

async function closeOnFailure(transport: Transport, make: () => Promise<HostClient>): Promise<HostClient> {
  try {
    return await make();
  } catch (error) {
    await transport.close();
    throw error;
  }
}

function hostClient(
  target: HostTarget,
  description: string,
  transport: Transport,
  runner: InstalledRunner,
  environment: HostEnvironment,
  times: AttachTimes,
): HostClient {
  const calls = new RunnerCalls(transport, runner);
  const sockets = new HostSockets(transport, runner);
  let attachments = 0;
  /** One silent session does not mean a dead link: it is given up only when a second look fails too. */
  const probeLink = async (): Promise<void> => {
    try {
      await transport.exec(':', { timeoutMs: times.pingTimeoutMs });
    } catch (error) {
      await transport.close(lostError(error));
    }
  };
  return {
    target,
    description,
    start: (input, progress, signal) => calls.start(input, progress, signal),
    list: (signal) => calls.list(signal),
    examine: (signal) => calls.examine(signal),
    evaluate: (spec, candidateText, progress, signal, onCase) =>
      calls.evaluate(
        candidateText === undefined ? spec : { ...spec, candidateText },
        progress,
        signal,
        onCase,
      ),
    verify: (spec, progress, signal) => calls.verify(spec, progress, signal),
    compare: (spec, progress, signal, listener) => calls.compare(spec, progress, signal, listener),
    async removeEverything(signal) {
      const removal = await calls.removeEverything(signal);
      // On a network file system a running program's file goes only when it has ended.
      const root = shellQuote(runner.root);
      await transport.exec(
        `rm -rf ${root}/runner/.nfs* ${root}/runtime/.nfs*; rmdir ${root}/runner ${root}/runtime ${root} 2>/dev/null; :`,
        { timeoutMs: times.pingTimeoutMs, signal },
      );
      return removal;
    },
    async attach(sessionId, from, listener) {
      if (transport.kind !== 'local' && attachments >= maxAttachments) {
        throw new RemoteError(
          'unreachable',
          `${maxAttachments} sessions are followed on this connection already.`,
          'Disconnect from one of them to follow another.',
        );
      }
      attachments++;
      let isCounted = true;
      const onEnded = () => {
        if (isCounted) attachments--;
        isCounted = false;
      };
      try {
        return await attachToSession(transport, runner, { sessionId, from }, listener, {
          log: (level, message) => environment.log(level, message),
          times,
          onEnded,
          onSilent: () => void probeLink(),
        });
      } catch (error) {
        onEnded();
        throw error;
      }
    },
    connectTo: (address) => sockets.connect(address),
    onClosed: (listener) => transport.onClosed(listener),
    close: () => transport.close(),
  };
}

import { spawn as spawnChild, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { RemoteError } from '../hostClient';
import { lostError } from './markedRun';
import { shellCalls } from './shellCalls';
import type { RemoteProcess, Transport } from '../transport';

/** This machine as a host: the same scripts through the same shell, without a network between. */
export function createLocalTransport(): Transport {
  const children = new Set<RemoteProcess>();
  const closedListeners: ((reason: Error | undefined) => void)[] = [];
  let closed = false;
  let closeReason: Error | undefined;

  const start = async (args: readonly string[]): Promise<RemoteProcess> => {
    if (closed) throw lostError();
    // A group of its own, so that `kill` reaches all that the shell started.
    const child = spawnChild('/bin/sh', args, { stdio: 'pipe', detached: true });
    await started(child);
    const process = remoteProcessOf(child);
    children.add(process);
    void process.exited.then(() => children.delete(process));
    return process;
  };

  return {
    kind: 'local',
    ...shellCalls({
      outlivesSession: false,
      script: () => start(['-s']),
      command: (command) => start(['-c', command]),
    }),
    onClosed(listener) {
      if (closed) listener(closeReason);
      else closedListeners.push(listener);
    },
    async close(reason) {
      if (closed) return;
      closed = true;
      closeReason = reason;
      const running = [...children];
      for (const process of running) process.kill();
      await Promise.all(running.map((process) => process.exited));
      for (const listener of closedListeners.splice(0)) listener(closeReason);
    },
  };
}

function started(child: ChildProcessWithoutNullStreams): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) =>
      reject(
        new RemoteError(
          'unsupported-host',
          'This machine has no /bin/sh to run sessions with.',
          'Use a Linux or macOS machine, or a host over SSH.',
          { cause },
        ),
      ),
    );
  });
}

const killGraceMs = 3_000;

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function remoteProcessOf(child: ChildProcessWithoutNullStreams): RemoteProcess {
  // A process that ended early breaks the pipe of its input; its exit tells the story.
  child.stdin.on('error', () => undefined);
  const exited = new Promise<{ code: number | undefined; signal: string | undefined }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code: code ?? undefined, signal: signal ?? undefined }));
  });
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    exited,
    kill() {
      const { pid } = child;
      if (pid !== undefined && child.exitCode === null && child.signalCode === null) {
        signalGroup(pid, 'SIGTERM');
        const force = setTimeout(() => signalGroup(pid, 'SIGKILL'), killGraceMs);
        void exited.then(() => clearTimeout(force));
      }
      child.stdout.destroy();
      child.stderr.destroy();
    },
  };
}

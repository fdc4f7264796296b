import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import * as z from 'zod';
import { createOutputCapture } from '../outputCapture';
import { createLines, frame } from './frames';
import { openMeetingPlace } from './meetingPlace';
import { startProgram } from './python/startProgram';
import { bootProgram, zygoteControl, zygoteProgram } from './python/zygoteProgram';
import type { ReadOnlyView } from './readOnlyView';
import { createRooms } from './rooms';
import type { Rooms } from './rooms';
import { jsonOrUndefined } from '../../domain/json';

export interface ZygoteOptions {
  /** Path of the interpreter, as a command in its environment is found. */
  readonly python: string;
  /** The whole environment in which it starts; what it forks gets its own. */
  readonly env: Readonly<Record<string, string>>;
  /** Modules that are imported before the first fork. */
  readonly preload: readonly string[];
  readonly readOnlyView: ReadOnlyView;
  /** By which sandboxes that wait grow too old. */
  readonly nowMs: () => number;
}

/** A Python with its imports done, outside of every sandbox, which forks one process for each evaluation. */
export interface Zygote {
  /** Resident bytes after its imports, which its forks share. */
  readonly bytes: number;
  /** Sandboxes that it makes itself. */
  readonly rooms: Rooms;
  /** Asks for a fork that joins the sandbox of `holderPid` and takes its descriptor `channel`. */
  fork(holderPid: number, channel: number, onFailed: (why: string) => void): void;
  readonly isAlive: () => boolean;
  end(): Promise<void>;
}

const message = z.union([
  z.object({ ready: z.number() }),
  z.object({
    room: z.number(),
    first: z.number().optional(),
    failed: z.string().optional(),
    ended: z.union([z.object({ code: z.number() }), z.object({ signal: z.number() })]).optional(),
  }),
  z.object({ failed: z.string(), holder: z.number().optional() }),
]);
/** Importing torch from a network file system takes this long at times. */
const startPatienceMs = 300_000;

/** Rejects with the reason where the imports fail, or the host does not allow what it needs. */
export async function startZygote(options: ZygoteOptions, signal: AbortSignal): Promise<Zygote> {
  const rooms = createRooms((what) => void control?.write(frame(what)), options.nowMs);
  const meeting = await openMeetingPlace((room, kind, connection) => {
    rooms.onConnection(room, kind, connection);
  });
  const child = spawn(options.python, ['-c', bootProgram], {
    cwd: '/',
    env: options.env,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const words = createOutputCapture();
  child.stderr?.on('data', (chunk: Buffer) => words.push(chunk));
  const found = child.stdio[zygoteControl];
  const control = found instanceof Duplex ? found : undefined;
  const waiting = new Map<number, (why: string) => void>();
  let alive = true;
  let ready: (bytes: number) => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const readiness = new Promise<number>((resolve, reject) => {
    ready = resolve;
    fail = reject;
  });
  const gone = new Promise<void>((resolve) => {
    const onEnd = (why: string): void => {
      if (!alive) return;
      alive = false;
      fail(new Error(`${why} ${words.text().trim()}`.trim()));
      for (const onFailed of waiting.values()) onFailed(why);
      waiting.clear();
      rooms.close(why);
      // What it leaves where that fails is an empty folder.
      meeting.close().then(resolve, () => resolve());
    };
    child.once('error', (error) => onEnd(error.message));
    child.once('exit', (code, signal) => onEnd(`It ended with ${signal ?? `exit code ${code ?? 0}`}.`));
  });
  const end = async (): Promise<void> => {
    child.ref();
    if (alive) child.kill('SIGKILL');
    await gone;
    child.stderr?.destroy();
    control?.destroy();
  };
  if (control === undefined) {
    await end();
    throw new Error('It has no connection to the runner.');
  }
  // Whatever breaks it ends the process, which is told of by its exit.
  control.on('error', () => undefined);
  const onLine = (line: string): void => {
    const told = message.safeParse(jsonOrUndefined(line));
    if (!told.success) return;
    if ('ready' in told.data) ready(told.data.ready);
    else if ('room' in told.data) rooms.onTold(told.data.room, told.data);
    else if (told.data.holder === undefined) fail(new Error(told.data.failed));
    else {
      waiting.get(told.data.holder)?.(told.data.failed);
      waiting.delete(told.data.holder);
    }
  };
  control.on('data', createLines(onLine));
  const { command: view, input } = options.readOnlyView;
  const settings = { view, input: input?.toString('base64') ?? null, boot: bootProgram };
  control.write(frame({ program: startProgram, settings }));
  control.write(
    frame({ program: zygoteProgram, settings: { preload: options.preload, meeting: meeting.path } }),
  );
  const patience = AbortSignal.any([signal, AbortSignal.timeout(startPatienceMs)]);
  const onAbort = (): void =>
    fail(new Error('Its imports took too long, or nobody waits for them any more.'));
  patience.addEventListener('abort', onAbort, { once: true });
  let bytes: number;
  try {
    bytes = await readiness;
  } catch (error) {
    await end();
    throw error;
  } finally {
    patience.removeEventListener('abort', onAbort);
  }
  // A runner that has nothing else to do may end; so does this then.
  child.unref();
  unreference(child.stderr);
  unreference(control);
  return {
    bytes,
    rooms,
    fork(holderPid, channel, onFailed) {
      if (!alive) {
        onFailed('It has ended.');
        return;
      }
      waiting.set(holderPid, onFailed);
      control.write(frame({ join: [holderPid, channel] }));
    },
    isAlive: () => alive,
    end,
  };
}

function unreference(stream: unknown): void {
  if (stream instanceof Socket) stream.unref();
}

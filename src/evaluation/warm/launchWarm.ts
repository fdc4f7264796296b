import type { Duplex } from 'node:stream';
import * as z from 'zod';
import { createLines, frame } from './frames';
import type { Zygote } from './zygote';
import { jsonOrUndefined } from '../../domain/json';

/** A fork has this long to come into its sandbox; a host under the heaviest load needs a second. */
const startPatienceMs = 60_000;
const sigkill = 9;

export interface WarmLaunch {
  readonly zygote: Zygote;
  /** To the first process of the sandbox; see `holdScript`. */
  readonly word: Duplex;
  /** To the fork, when it has taken its end from the holder. */
  readonly channel: Duplex;
  /** Number of that end in the holder. */
  readonly channelNumber: number;
  /** Process number of the holder on this host; undefined if it is gone. */
  readonly holder: () => number | undefined;
  /** For the fork outside of the sandbox. */
  readonly sandbox: {
    /** Entry of the holder's environment that no other process has. */
    readonly mark: string;
    /** Numbers in the holder, and those under which the program has the same files. */
    readonly descriptors: readonly { readonly from: number; readonly to: number }[];
    /** The filter that the other processes of the sandbox have. */
    readonly systemCalls: Buffer | undefined;
  };
  /** For the process inside alone. */
  readonly program: {
    readonly arguments: readonly string[];
    readonly folder: string;
    readonly environment: Readonly<Record<string, string>>;
  };
  /** Number on this host of the process that runs the program. */
  readonly onProcess: (pid: number) => void;
  /** The program has not begun and never will. */
  readonly onFailed: (why: string) => void;
}

const answer = z.union([
  z.object({ failed: z.string() }),
  z.object({ process: z.number() }),
  z.object({ begun: z.literal(true) }),
  z.object({ ended: z.union([z.object({ code: z.number() }), z.object({ signal: z.number() })]) }),
]);

/**
 * Has a program run by a fork of the zygote in the sandbox of a holder, which exits with the program's code. Returns what ends the waiting;
 * whoever ends the sandbox calls it.
 */
export function launchWarm(launch: WarmLaunch): () => void {
  const { word, channel, sandbox } = launch;
  let stage: 'starting' | 'begun' | 'over' = 'starting';
  const over = (): void => {
    stage = 'over';
    clearTimeout(patience);
  };
  const fail = (why: string): void => {
    if (stage === 'over') return;
    const hasBegun = stage === 'begun';
    over();
    if (hasBegun) word.write(`signal ${sigkill}\n`);
    else launch.onFailed(why);
  };
  const patience = setTimeout(() => fail('It did not come into its sandbox.'), startPatienceMs);

  let heard = 0;
  const onWord = (): void => {
    heard += 1;
    if (heard === 1) {
      const pid = launch.holder();
      if (pid === undefined) fail('The sandbox has ended.');
      else launch.zygote.fork(pid, launch.channelNumber, fail);
    }
    // From here on nobody in the sandbox has the channel but the program's process, which closes it before the program begins.
    if (heard === 2) channel.write(frame(launch.program));
  };
  const onAnswer = (line: string): void => {
    const told = answer.safeParse(jsonOrUndefined(line));
    if (!told.success) fail('It said something that is not understood.');
    else if ('failed' in told.data) fail(told.data.failed);
    else if ('process' in told.data) {
      launch.onProcess(told.data.process);
      word.write('\n');
    } else if ('begun' in told.data) {
      if (stage === 'starting') stage = 'begun';
      clearTimeout(patience);
    } else if (stage === 'starting') fail('It ended before its program began.');
    else if (stage === 'begun') {
      over();
      const { ended } = told.data;
      word.write('code' in ended ? `code ${ended.code}\n` : `signal ${ended.signal}\n`);
    }
  };
  word.on('data', createLines(onWord));
  channel.on('data', createLines(onAnswer));
  for (const stream of [word, channel]) stream.on('error', () => undefined);
  channel.on('close', () => fail('It was lost.'));
  channel.write(frame({ ...sandbox, systemCalls: sandbox.systemCalls?.toString('base64') ?? null }));
  return over;
}

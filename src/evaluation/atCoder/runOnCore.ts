import type { MethodCommand } from '../evaluationMethod';
import type { HostTools } from './hostTools';
import { onOwnCore, waitedWord } from './timedCommand';

/** The same command on a core of its own, that tells how long it waited for one. `quietWithinMs`: see `onOwnCore`. */
export function commandOnOwnCore(
  host: HostTools,
  preferred: number,
  command: MethodCommand,
  quietWithinMs = 0,
): MethodCommand {
  const { onDescriptor3 } = command;
  // Who is told nothing by the command keeps it from telling how long it waited.
  const closing = onDescriptor3 === undefined ? ['/bin/sh', '-c', 'exec "$@" 3>&-', 'sh'] : [];
  const first = new FirstLine();
  return {
    ...command,
    argv: onOwnCore(host, preferred, [...closing, ...command.argv], quietWithinMs),
    onDescriptor3(chunk) {
      const rest = first.push(chunk);
      if (rest.length > 0) onDescriptor3?.(rest);
    },
    waitedMs: () => first.waitedMs,
  };
}

/** Takes the line about the waiting, if there is one, from the beginning of what comes over file descriptor 3. */
class FirstLine {
  waitedMs = 0;
  #held: Buffer | undefined = Buffer.alloc(0);

  /** What is to be passed on now. */
  push(chunk: Buffer): Buffer {
    if (this.#held === undefined) return chunk;
    const all = Buffer.concat([this.#held, chunk]);
    const begin = all.subarray(0, waitedWord.length).toString('latin1');
    if (!waitedWord.startsWith(begin)) {
      this.#held = undefined;
      return all;
    }
    const end = all.indexOf('\n');
    this.#held = end < 0 ? all : undefined;
    if (end < 0) return Buffer.alloc(0);
    const [, asked = '0', began = '0'] = all.subarray(0, end).toString('latin1').split(' ');
    this.waitedMs = Math.max(0, (Number(began) - Number(asked)) / 1e6);
    return all.subarray(end + 1);
  }
}

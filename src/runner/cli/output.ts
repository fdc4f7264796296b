import type * as z from 'zod';
import type { commandReply } from '../../protocol/hostCommands';
import type { Failure } from './commandError';

/** Where a command's words go: for people on standard output and error, for machines one JSON object a line on standard output. */
export class Output {
  constructor(
    readonly json: boolean,
    private readonly stdout: NodeJS.WriteStream = process.stdout,
    private readonly stderr: NodeJS.WriteStream = process.stderr,
  ) {}

  /** A line for people; nothing with `--json`. */
  line(text: string): void {
    if (!this.json) this.stdout.write(text + '\n');
  }

  /** A note for people beside the result. */
  note(text: string): void {
    if (!this.json) this.stderr.write(text + '\n');
  }

  /** An object for machines; nothing without `--json`. */
  object(value: unknown): void {
    if (this.json) this.stdout.write(JSON.stringify(value) + '\n');
  }

  reply(value: z.input<typeof commandReply>): void {
    this.object(value);
  }

  failure({ code, message, advice, isDefect }: Failure, stack: string | undefined): void {
    if (this.json) {
      this.reply({ kind: 'error', code, message, ...(advice === undefined ? {} : { advice }) });
      return;
    }
    this.stderr.write(`${code === 'problem' ? '' : 'ttt-discover: '}${message}\n`);
    if (advice !== undefined) this.stderr.write(`${advice}\n`);
    if (isDefect === true && stack !== undefined) this.stderr.write(`${stack}\n`);
  }
}

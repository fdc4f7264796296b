import type { Output } from './output';

export interface OptionSpec {
  readonly type: 'string' | 'boolean';
  /** For the help: the name of the value, and one line of what it does. */
  readonly value?: string;
  readonly help: string;
  /** One letter that stands for it too. */
  readonly short?: string;
  /** It may be given several times. */
  readonly multiple?: true;
}

export interface CommandCall {
  /** Values of options that take one. */
  readonly values: Readonly<Record<string, string | undefined>>;
  /** Values of options that may be given several times. */
  readonly lists: Readonly<Record<string, readonly string[] | undefined>>;
  readonly flags: Readonly<Record<string, boolean | undefined>>;
  readonly positionals: readonly string[];
  readonly root: string;
  /** This program; detached processes run it too. */
  readonly bundlePath: string;
  readonly output: Output;
}

/** A command of the CLI. `run` gives the exit code; it throws what `failureOf` can read. */
export interface Command {
  readonly name: string;
  readonly arguments: string;
  readonly summary: string;
  /** Not in the list of commands: for other programs. */
  readonly hidden?: boolean;
  readonly mostPositionals: number;
  readonly options: Readonly<Record<string, OptionSpec>>;
  run(call: CommandCall): Promise<number>;
}

/** Every command takes them. */
export const commonOptions: Readonly<Record<string, OptionSpec>> = {
  root: {
    type: 'string',
    value: 'FOLDER',
    help: 'Where sessions are kept (default: $TTT_DISCOVER_ROOT, else ~/.ttt-discover)',
  },
  json: { type: 'boolean', help: 'One JSON object a line, for machines' },
  help: { type: 'boolean', help: 'This text' },
};

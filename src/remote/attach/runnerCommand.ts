import { shellAssignments, shellQuote } from '../shell/shellQuote';

/** A runner that is ready on a host: its Node, its bundle and the root folder it works in. Absolute paths. */
export interface InstalledRunner {
  readonly nodePath: string;
  readonly nodeVersion: string;
  /** Environment that this Node needs, such as ELECTRON_RUN_AS_NODE. */
  readonly nodeEnv: Readonly<Record<string, string>>;
  readonly bundlePath: string;
  readonly root: string;
}

/** One line of shell that runs the runner in the shell's place. */
export function runnerCommand(runner: InstalledRunner, args: readonly string[]): string {
  const env = shellAssignments({ TTT_DISCOVER_ROOT: runner.root, ...runner.nodeEnv });
  const words = [runner.nodePath, runner.bundlePath, ...args].map(shellQuote).join(' ');
  return `${env} exec ${words}`;
}

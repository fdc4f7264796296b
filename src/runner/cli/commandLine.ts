import { parseArgs } from 'node:util';
import { exitCodes } from '../../protocol/hostCommands';
import { resolveRoot } from '../host/sessionFolder';
import { runnerVersion } from '../version';
import { commonOptions, type Command, type CommandCall } from './command';
import { failureOf, usageError } from './commandError';
import { attachCommand } from './commands/attach';
import { compareCommand } from './commands/compare';
import { pauseCommand, resumeCommand, stopCommand } from './commands/control';
import { doctorCommand } from './commands/doctor';
import { estimateCommand } from './commands/estimate';
import { evaluateCommand } from './commands/evaluate';
import { listCommand } from './commands/list';
import { noteCommand } from './commands/note';
import { proposeCommand } from './commands/propose';
import { removeEverythingCommand } from './commands/removeEverything';
import { reportCommand } from './commands/report';
import { runCommand } from './commands/run';
import { slurmTaskCommand } from './commands/slurmTask';
import { startCommand } from './commands/start';
import { statusCommand } from './commands/status';
import { submitCommand } from './commands/submit';
import { superviseCommand } from './commands/supervise';
import { verifyCommand } from './commands/verify';
import { commandHelp, generalHelp } from './help';
import { Output } from './output';

const commands: readonly Command[] = [
  runCommand,
  submitCommand,
  estimateCommand,
  evaluateCommand,
  verifyCommand,
  compareCommand,
  proposeCommand,
  doctorCommand,
  listCommand,
  statusCommand,
  reportCommand,
  pauseCommand,
  resumeCommand,
  stopCommand,
  noteCommand,
  removeEverythingCommand,
  startCommand,
  attachCommand,
  superviseCommand,
  slurmTaskCommand,
];

/** Runs the command line and gives the exit code. Errors end here: they are printed, once. */
export async function runCommandLine(argv: readonly string[], bundlePath: string): Promise<number> {
  const [name, ...rest] = argv;
  // Another program reads what attach prints, before its first message too.
  const output = new Output(argv.includes('--json') || name === 'attach');
  try {
    if (name === undefined || name === '--help' || name === 'help') {
      process.stdout.write(generalHelp(commands));
      return name === undefined ? exitCodes.usage : exitCodes.ok;
    }
    if (name === '--version') {
      process.stdout.write(`${runnerVersion}\n`);
      return exitCodes.ok;
    }
    const command = commands.find((candidate) => candidate.name === name);
    if (command === undefined) throw usageError(`There is no command "${name}".`);
    const call = callOf(command, rest, bundlePath, output);
    if (call === undefined) {
      process.stdout.write(commandHelp(command));
      return exitCodes.ok;
    }
    return await command.run(call);
  } catch (error) {
    const failure = failureOf(error);
    output.failure(failure, error instanceof Error ? error.stack : undefined);
    return failure.exitCode;
  }
}

/** `undefined`: help was asked for. Throws a usage error. */
function callOf(
  command: Command,
  args: readonly string[],
  bundlePath: string,
  output: Output,
): CommandCall | undefined {
  const specs = { ...command.options, ...commonOptions };
  const options = Object.fromEntries(
    Object.entries(specs).map(([option, { type, multiple = false, short }]) => [
      option,
      { type, multiple, ...(short !== undefined && { short }) },
    ]),
  );
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw usageError(error instanceof Error ? error.message : String(error), command.name);
  }
  const values: Record<string, string> = {};
  const lists: Record<string, readonly string[]> = {};
  const flags: Record<string, boolean> = {};
  for (const [option, value] of Object.entries(parsed.values)) {
    if (typeof value === 'string') values[option] = value;
    else if (typeof value === 'boolean') flags[option] = value;
    else if (value !== undefined) lists[option] = value.filter((entry) => typeof entry === 'string');
  }
  if (flags['help'] === true) return undefined;
  const { positionals } = parsed;
  if (positionals.length > command.mostPositionals) {
    throw usageError(
      `"${positionals[command.mostPositionals] ?? ''}" is one argument too many.`,
      command.name,
    );
  }
  return { values, lists, flags, positionals, root: resolveRoot(values['root']), bundlePath, output };
}

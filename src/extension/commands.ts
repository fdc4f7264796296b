import { commands, Disposable } from 'vscode';
import { commandIds, type CommandHandler, type CommandHandlers, type CommandName } from './commandIds';
import type { FailureReporter } from './base/failureReporter';

/** Registers every command once. Whatever a handler throws is caught here and reported once. */
export function registerCommands(handlers: CommandHandlers, failures: FailureReporter): Disposable {
  return Disposable.from(
    ...entriesOf(handlers).map(([name, handler]) =>
      commands.registerCommand(commandIds[name], (...args: unknown[]) =>
        failures.guard(commandIds[name], async () => {
          await handler(...args);
        }),
      ),
    ),
  );
}

function entriesOf(handlers: CommandHandlers): [CommandName, CommandHandler][] {
  return (Object.keys(commandIds) as CommandName[]).map((name) => [name, handlers[name]]);
}

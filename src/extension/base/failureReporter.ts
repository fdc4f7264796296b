import { commands, window, type LogOutputChannel } from 'vscode';
import { commandIds } from '../commandIds';
import { describeFailure, isCancelled, stackOf } from './failures';

/** The edge: a failure is logged once with its stack, and shown once with a button that helps. */
export class FailureReporter {
  constructor(private readonly log: LogOutputChannel) {}

  async guard(what: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.report(what, error);
    }
  }

  report(what: string, error: unknown): void {
    if (isCancelled(error)) {
      this.log.debug(`${what}: cancelled`);
      return;
    }
    this.log.error(`${what}: ${stackOf(error)}`);
    const { text, severity, remedy } = describeFailure(error);
    const show = severity === 'error' ? window.showErrorMessage : window.showWarningMessage;
    void show(text, ...(remedy === undefined ? [] : [remedy.title])).then((chosen) => {
      if (chosen === undefined || remedy === undefined) return;
      const id = typeof remedy.command === 'string' ? commandIds[remedy.command] : remedy.command.id;
      void commands.executeCommand(id, ...(remedy.args ?? []));
    });
  }
}

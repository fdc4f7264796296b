import { commands, window, type LogOutputChannel } from 'vscode';
import { commandIds } from '../commandIds';
import { describeFailure, isCancelled, stackOf } from './failures';

/** The edge: a failure is logged once with its stack, and shown once with buttons that help. */
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
    const { text, severity, remedy, otherwise } = describeFailure(error);
    const remedies = [remedy, otherwise].filter((one) => one !== undefined);
    const show = severity === 'error' ? window.showErrorMessage : window.showWarningMessage;
    void show(text, ...remedies.map(({ title }) => title)).then((pressed) => {
      const chosen = remedies.find(({ title }) => title === pressed);
      if (chosen === undefined) return;
      const id = typeof chosen.command === 'string' ? commandIds[chosen.command] : chosen.command.id;
      void commands.executeCommand(id, ...(chosen.args ?? []));
    });
  }
}

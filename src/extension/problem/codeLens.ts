import {
  CodeLens,
  EventEmitter,
  Range,
  workspace,
  type CodeLensProvider,
  type Disposable,
  type Event,
  type TextDocument,
} from 'vscode';
import type { ProblemDiagnostics } from './diagnostics';
import { lensesFor } from './lenses';

export interface HostChoice {
  hostLabel(): string;
  readonly onDidChangeHost: Event<void>;
}

/** Start, evaluate and choose a host, above the first line of a problem file. */
export class ProblemLenses implements CodeLensProvider, Disposable {
  private readonly changes = new EventEmitter<void>();
  private readonly subscriptions: readonly Disposable[];
  readonly onDidChangeCodeLenses = this.changes.event;

  constructor(
    private readonly diagnostics: ProblemDiagnostics,
    private readonly host: HostChoice,
  ) {
    this.subscriptions = [
      diagnostics.onDidChange(() => this.changes.fire()),
      host.onDidChangeHost(() => this.changes.fire()),
      workspace.onDidGrantWorkspaceTrust(() => this.changes.fire()),
    ];
  }

  provideCodeLenses(document: TextDocument): CodeLens[] {
    const firstLine = new Range(0, 0, 0, 0);
    const lenses = lensesFor(
      this.diagnostics.errorCount(document),
      this.host.hostLabel(),
      workspace.isTrusted,
    );
    return lenses.map(
      ({ title, tooltip, command, withUri }) =>
        new CodeLens(firstLine, { title, tooltip, command, arguments: withUri ? [document.uri] : [] }),
    );
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
    this.changes.dispose();
  }
}

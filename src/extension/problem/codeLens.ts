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
import type { SessionStore } from '../sessions/sessionStore';
import type { ProblemDiagnostics } from './diagnostics';
import { toEditorRange } from './editorRanges';
import { lastEvaluation } from './evaluations/lastEvaluation';
import type { RememberedEvaluations } from './evaluations/rememberedEvaluations';
import { rewardCheck } from './evaluations/rewardCheck';
import { lensesFor } from './lenses';
import { parsedOf } from './problemDocuments';
import { t } from '../base/translate';

export interface LensNeeds {
  hostLabel(): string;
  readonly onDidChangeHost: Event<void>;
  readonly evaluations: Pick<RememberedEvaluations, 'of' | 'onDidChange'>;
  readonly sessions: Pick<SessionStore, 'all' | 'onDidChange'>;
}

/** Start, evaluate, preview and choose a host, above the first line of a problem file; and what the reward comes to, above its line. */
export class ProblemLenses implements CodeLensProvider, Disposable {
  private readonly changes = new EventEmitter<void>();
  private readonly subscriptions: readonly { dispose(): unknown }[];
  /** Best candidate of each session, as lenses show it. */
  private readonly bests = new Map<string, number | undefined>();
  readonly onDidChangeCodeLenses = this.changes.event;

  constructor(
    private readonly diagnostics: ProblemDiagnostics,
    private readonly needs: LensNeeds,
  ) {
    this.subscriptions = [
      diagnostics.onDidChange(() => this.changes.fire()),
      needs.onDidChangeHost(() => this.changes.fire()),
      needs.evaluations.onDidChange(() => this.changes.fire()),
      needs.sessions.onDidChange((id) => this.sessionChanged(id)),
      workspace.onDidGrantWorkspaceTrust(() => this.changes.fire()),
    ];
  }

  provideCodeLenses(document: TextDocument): CodeLens[] {
    const firstLine = new Range(0, 0, 0, 0);
    const lenses = lensesFor(
      this.diagnostics.errorCount(document),
      this.needs.hostLabel(),
      workspace.isTrusted,
    );
    return [
      ...lenses.map(
        ({ title, tooltip, command, withUri }) =>
          new CodeLens(firstLine, { title, tooltip, command, arguments: withUri ? [document.uri] : [] }),
      ),
      ...this.rewardLens(document),
    ];
  }

  private rewardLens(document: TextDocument): CodeLens[] {
    const uri = document.uri.toString();
    const last = lastEvaluation(uri, this.needs.evaluations.of(uri), this.needs.sessions.all);
    const check = rewardCheck(parsedOf(document), last);
    if (check === undefined) return [];
    const { at, title, offersEvaluation } = check;
    const mayBeRun = workspace.isTrusted && this.diagnostics.errorCount(document) === 0;
    if (last === undefined && !mayBeRun) return [];
    const evaluates = offersEvaluation && mayBeRun;
    return [
      new CodeLens(toEditorRange(at), {
        title,
        tooltip:
          last === undefined
            ? t('The reward is what a session maximises')
            : t('Evaluated {0}', new Date(last.atMs).toLocaleString()),
        command: evaluates ? 'tttDiscover.evaluateInitial' : '',
        arguments: evaluates ? [document.uri] : [],
      }),
    ];
  }

  /** Sessions change many times a second, the best of them hardly ever. */
  private sessionChanged(id: string): void {
    const best = this.needs.sessions.all.find((session) => session.id === id)?.snapshot.best;
    if (this.bests.get(id) === best) return;
    this.bests.set(id, best);
    this.changes.fire();
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
    this.changes.dispose();
  }
}

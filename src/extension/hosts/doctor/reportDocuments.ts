import {
  CodeLens,
  Disposable,
  EventEmitter,
  languages,
  Range,
  Uri,
  window,
  workspace,
  type CodeLensProvider,
  type TextDocument,
  type TextDocumentContentProvider,
} from 'vscode';
import type { HostFacts } from '../../../domain/host/hostFacts';
import { hostKeyOf, type HostTarget } from '../../../remote/hostClient';
import type { Closeable } from '../../base/emitter';
import { commandIds } from '../../commandIds';
import {
  forgottenReport,
  reportAddress,
  reportScheme,
  shownReport,
  targetOfAddress,
  type ShownReport,
} from './hostReport';
import { t } from '../../base/translate';

/**
 * Reports on hosts as read-only Markdown: the outline, folding, search and a screen reader work as in every document, and the preview shows it
 * as a page. Buttons stand above what they mend.
 */
export class ReportDocuments implements TextDocumentContentProvider, CodeLensProvider, Closeable {
  private readonly reports = new Map<string, ShownReport>();
  private readonly facts = new Map<string, HostFacts>();
  private readonly changes = new EventEmitter<Uri>();
  private readonly lensChanges = new EventEmitter<void>();
  readonly onDidChange = this.changes.event;
  readonly onDidChangeCodeLenses = this.lensChanges.event;
  private readonly registrations: Disposable;

  constructor(private readonly hasTerminal: boolean) {
    this.registrations = Disposable.from(
      workspace.registerTextDocumentContentProvider(reportScheme, this),
      languages.registerCodeLensProvider({ scheme: reportScheme }, this),
    );
  }

  async show(target: HostTarget, facts: HostFacts): Promise<void> {
    this.facts.set(hostKeyOf(target), facts);
    this.reports.set(hostKeyOf(target), shownReport(target, facts, this.hasTerminal));
    const uri = Uri.from({ scheme: reportScheme, ...reportAddress(target) });
    this.changes.fire(uri);
    this.lensChanges.fire();
    await window.showTextDocument(await workspace.openTextDocument(uri));
  }

  /** The report of a host that was looked at in this window. */
  get(target: HostTarget): ShownReport | undefined {
    return this.reports.get(hostKeyOf(target));
  }

  /** What was seen on a host in this window. */
  factsOf(target: HostTarget): HostFacts | undefined {
    return this.facts.get(hostKeyOf(target));
  }

  /** The host whose report is in the active editor. */
  activeTarget(): HostTarget | undefined {
    const uri = window.activeTextEditor?.document.uri;
    return uri === undefined ? undefined : targetOfAddress(uri);
  }

  provideTextDocumentContent(uri: Uri): string {
    const target = targetOfAddress(uri);
    return target === undefined ? '' : (this.get(target) ?? forgottenReport(target)).text;
  }

  provideCodeLenses({ uri }: TextDocument): CodeLens[] {
    const target = targetOfAddress(uri);
    if (target === undefined) return [];
    const hostKey = hostKeyOf(target);
    const again = { title: t('Check Again'), command: commandIds.checkHost, arguments: [hostKey] };
    const fixes = this.get(target)?.fixes ?? [];
    return [
      new CodeLens(new Range(0, 0, 0, 0), again),
      ...fixes.flatMap(({ line, title, ways }, index) =>
        ways.map(
          ({ label }, way) =>
            new CodeLens(new Range(line, 0, line, 0), {
              title: label,
              tooltip: `${label}: ${title}`,
              command: commandIds.fixHost,
              arguments: [hostKey, index, way],
            }),
        ),
      ),
    ];
  }

  dispose(): void {
    this.registrations.dispose();
    this.changes.dispose();
    this.lensChanges.dispose();
  }
}

import {
  Diagnostic,
  DiagnosticSeverity,
  EventEmitter,
  FileSystemError,
  RelativePattern,
  Uri,
  languages,
  workspace,
  type Disposable,
  type TextDocument,
} from 'vscode';
import type { ProblemDiagnostic } from '../../domain/problem/diagnostic';
import { checkProblemFiles } from '../../domain/problem/problemFiles';
import { toEditorRange } from './editorRanges';
import { namedUri } from './namedFiles';
import { parsedOf, problemTexts } from './problemDocuments';

/** How long the text must rest before it is checked. */
const restMs = 200;

interface Watched {
  readonly watcher: Disposable | undefined;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** Keeps the diagnostics of the open problem files: after an edit, and when files beside them come or go. */
export class ProblemDiagnostics implements Disposable {
  private readonly collection = languages.createDiagnosticCollection('discover');
  private readonly changes = new EventEmitter<void>();
  private readonly open = new Map<TextDocument, Watched>();
  private readonly subscriptions: readonly Disposable[];
  /** The diagnostics of some file changed. */
  readonly onDidChange = this.changes.event;

  constructor() {
    this.subscriptions = [
      workspace.onDidOpenTextDocument((document) => this.opened(document)),
      workspace.onDidChangeTextDocument(({ document }) => this.checkAfterRest(document)),
      workspace.onDidCloseTextDocument((document) => this.closed(document)),
    ];
    for (const document of workspace.textDocuments) this.opened(document);
  }

  /** Mistakes that keep the problem from running. */
  errorCount(document: TextDocument): number {
    const known = this.collection.get(document.uri) ?? [];
    return known.filter(({ severity }) => severity === DiagnosticSeverity.Error).length;
  }

  dispose(): void {
    for (const document of [...this.open.keys()]) this.closed(document);
    for (const subscription of this.subscriptions) subscription.dispose();
    this.collection.dispose();
    this.changes.dispose();
  }

  private opened(document: TextDocument): void {
    if (languages.match([...problemTexts], document) === 0 || this.open.has(document)) return;
    this.open.set(document, { watcher: this.watchFolder(document), timer: undefined });
    this.show(document, parsedOf(document).diagnostics);
    this.check(document);
  }

  private closed(document: TextDocument): void {
    const watched = this.open.get(document);
    if (watched === undefined) return;
    clearTimeout(watched.timer);
    watched.watcher?.dispose();
    this.open.delete(document);
    this.collection.delete(document.uri);
  }

  private checkAfterRest(document: TextDocument): void {
    const watched = this.open.get(document);
    if (watched === undefined) return;
    clearTimeout(watched.timer);
    watched.timer = setTimeout(() => this.check(document), restMs);
  }

  private check(document: TextDocument): void {
    // It fails only by a mistake of ours, which the extension host logs with its stack.
    void this.checkWithFiles(document);
  }

  private async checkWithFiles(document: TextDocument): Promise<void> {
    const { version } = document;
    const parsed = parsedOf(document);
    const { candidate, folder, scripts } = parsed.places;
    const named = [candidate, folder, ...scripts].flatMap((place) => place?.path ?? []);
    const missing = document.isUntitled ? new Set<string>() : await missingOf(document.uri, named);
    // Edited or closed in the meantime: another check is on its way, or none is wanted.
    if (!this.open.has(document) || document.version !== version) return;
    this.show(document, [...parsed.diagnostics, ...checkProblemFiles(parsed, (path) => !missing.has(path))]);
  }

  private show(document: TextDocument, diagnostics: readonly ProblemDiagnostic[]): void {
    this.collection.set(document.uri, diagnostics.map(toEditorDiagnostic));
    this.changes.fire();
  }

  private watchFolder(document: TextDocument): Disposable | undefined {
    if (document.isUntitled) return undefined;
    const files = new RelativePattern(Uri.joinPath(document.uri, '..'), '**/*');
    const watcher = workspace.createFileSystemWatcher(files, false, true, false);
    watcher.onDidCreate(() => this.checkAfterRest(document));
    watcher.onDidDelete(() => this.checkAfterRest(document));
    return watcher;
  }
}

async function missingOf(problem: Uri, paths: readonly string[]): Promise<ReadonlySet<string>> {
  const missing = await Promise.all(
    paths.map(async (path) => {
      try {
        await workspace.fs.stat(namedUri(problem, path));
        return [];
      } catch (error) {
        // What cannot be looked at (no permission, host away) may well be there: only "not found" is a mistake.
        return error instanceof FileSystemError && error.code === 'FileNotFound' ? [path] : [];
      }
    }),
  );
  return new Set(missing.flat());
}

function toEditorDiagnostic({ range, severity, code, message }: ProblemDiagnostic): Diagnostic {
  const level = severity === 'error' ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning;
  const diagnostic = new Diagnostic(toEditorRange(range), message, level);
  diagnostic.source = 'TTT-Discover';
  diagnostic.code = code;
  return diagnostic;
}

import {
  Disposable,
  EventEmitter,
  Uri,
  ViewColumn,
  window,
  workspace,
  type Memento,
  type TextDocumentContentProvider,
} from 'vscode';
import * as z from 'zod';

/** Scheme of the read-only documents that show results. */
export const resultScheme = 'ttt-discover-results';

const memoryKey = 'tttDiscover.results';
const mostKept = 20;
const mostKeptChars = 100_000;
const kept = z.array(z.tuple([z.string(), z.string()]));

/** One table of results, in a document of its own that follows it. */
export interface ResultDocument {
  update(text: string): void;
  /** Opens it without taking the focus. */
  show(): Promise<void>;
}

/**
 * Read-only Markdown documents of what was measured, which read well as plain text and can be saved elsewhere. The newest are kept in the
 * memory of the workspace, so that tabs find their text again after a reload.
 */
export class ResultDocuments implements TextDocumentContentProvider {
  private readonly changes = new EventEmitter<Uri>();
  readonly onDidChange = this.changes.event;
  private readonly texts: Map<string, string>;

  constructor(
    private readonly memory: Pick<Memento, 'get' | 'update'>,
    private readonly warn: (message: string, error: unknown) => void,
  ) {
    this.texts = new Map(kept.safeParse(memory.get<unknown>(memoryKey)).data ?? []);
  }

  /** `title` names the tab; the time makes the name one of its own. */
  create(title: string, atMs: number): ResultDocument {
    const time = new Date(atMs).toISOString().slice(11, 19).replaceAll(':', '.');
    const name = `/${title.replace(/[/\\?#:]+/g, ' ').trim()} ${time}.md`;
    let path = name;
    for (let copy = 2; this.texts.has(path); copy++) path = name.replace(/\.md$/, ` (${copy}).md`);
    const uri = Uri.from({ scheme: resultScheme, path });
    this.texts.set(path, '');
    return {
      update: (text) => {
        this.texts.set(path, text);
        this.changes.fire(uri);
        this.keep();
      },
      show: async () => {
        const document = await workspace.openTextDocument(uri);
        await window.showTextDocument(document, {
          preview: false,
          preserveFocus: true,
          viewColumn: ViewColumn.Active,
        });
      },
    };
  }

  provideTextDocumentContent({ path }: Uri): string {
    return (
      this.texts.get(path) ??
      'These results are not kept any more. Measure again, and save what you want to keep.\n'
    );
  }

  dispose(): void {
    this.changes.dispose();
  }

  private keep(): void {
    const newest = [...this.texts].filter(([, text]) => text.length <= mostKeptChars).slice(-mostKept);
    this.memory
      .update(memoryKey, newest)
      .then(undefined, (error: unknown) => this.warn('The results', error));
  }
}

export function registerResultDocuments(documents: ResultDocuments): Disposable {
  return Disposable.from(workspace.registerTextDocumentContentProvider(resultScheme, documents), {
    dispose: () => documents.dispose(),
  });
}

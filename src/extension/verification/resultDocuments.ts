import {
  Disposable,
  EventEmitter,
  FileChangeType,
  FileSystemError,
  FileType,
  MarkdownString,
  Uri,
  ViewColumn,
  window,
  workspace,
  type FileChangeEvent,
  type FileStat,
  type FileSystemProvider,
  type Memento,
} from 'vscode';
import * as z from 'zod';
import { ReadOnlyFiles } from '../base/readOnlyFiles';
import { t } from '../base/translate';

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

interface Kept {
  readonly text: string;
  readonly changedAtMs: number;
}

/**
 * Read-only Markdown documents of what was measured, which read well as plain text and can be saved elsewhere. The newest are kept in the
 * memory of the workspace, so that tabs find their text again after a reload.
 */
export class ResultDocuments extends ReadOnlyFiles implements FileSystemProvider {
  private readonly changes = new EventEmitter<FileChangeEvent[]>();
  readonly onDidChangeFile = this.changes.event;
  /** By path. */
  private readonly texts: Map<string, Kept>;

  constructor(
    private readonly memory: Pick<Memento, 'get' | 'update'>,
    private readonly warn: (message: string, error: unknown) => void,
    private readonly nowMs: () => number,
  ) {
    super();
    const earlier = kept.safeParse(memory.get<unknown>(memoryKey)).data ?? [];
    this.texts = new Map(earlier.map(([path, text]) => [path, { text, changedAtMs: 0 }]));
  }

  /**
   * `title` names the tab; the time makes the name one of its own. Its path is in the problem's folder, where there is one here: there it
   * is proposed to be saved.
   */
  create(title: string, atMs: number, problem: Uri | undefined): ResultDocument {
    const time = new Date(atMs).toISOString().slice(11, 19).replaceAll(':', '.');
    const folder = problem === undefined ? '' : problem.path.slice(0, problem.path.lastIndexOf('/'));
    const name = `${folder}/${title.replace(/[/\\?#:]+/g, ' ').trim()} ${time}.md`;
    let path = name;
    for (let copy = 2; this.texts.has(path); copy++) path = name.replace(/\.md$/, ` (${copy}).md`);
    const uri = Uri.from({ scheme: resultScheme, path });
    this.texts.set(path, { text: '', changedAtMs: atMs });
    return {
      update: (text) => {
        // Two changes within a millisecond are two changes.
        const changedAtMs = Math.max(this.nowMs(), (this.texts.get(path)?.changedAtMs ?? 0) + 1);
        this.texts.set(path, { text, changedAtMs });
        this.changes.fire([{ type: FileChangeType.Changed, uri }]);
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

  stat(uri: Uri): FileStat {
    const { text, changedAtMs } = this.read(uri);
    return { type: FileType.File, ctime: 0, mtime: changedAtMs, size: Buffer.byteLength(text) };
  }

  readFile(uri: Uri): Uint8Array {
    return Buffer.from(this.read(uri).text, 'utf8');
  }

  dispose(): void {
    this.changes.dispose();
  }

  private read(uri: Uri): Kept {
    const found = this.texts.get(uri.path);
    if (found === undefined)
      throw FileSystemError.Unavailable(
        t('These results are not kept any more. Measure again, and save what you want to keep.'),
      );
    return found;
  }

  private keep(): void {
    const newest = [...this.texts]
      .map(([path, { text }]) => [path, text] as const)
      .filter(([, text]) => text.length <= mostKeptChars)
      .slice(-mostKept);
    this.memory
      .update(memoryKey, newest)
      .then(undefined, (error: unknown) => this.warn('The results', error));
  }
}

export function registerResultDocuments(documents: ResultDocuments): Disposable {
  const options = {
    isCaseSensitive: true,
    isReadonly: new MarkdownString(
      t('Results are read-only. **Save Results As…** keeps them in a file of yours.'),
    ),
  };
  return Disposable.from(workspace.registerFileSystemProvider(resultScheme, documents, options), {
    dispose: () => documents.dispose(),
  });
}

import { commands, Disposable, Uri, workspace } from 'vscode';
import { parseProblem } from '../../domain/problem/parseProblem';
import type { ContextKey } from '../base/contextKeyDefaults';
import { namedUri } from '../problem/namedFiles';

const candidateFilesKey: ContextKey = 'tttDiscover.candidateFiles';
const problemPattern = '**/*.discover';
const leftOut = '**/{node_modules,.venv}/**';
const mostProblems = 200;

/** Which files of the workspace are what a problem evolves. Tells menus, as a list of paths. */
export class CandidateFiles {
  /** Problem file to candidate file, as strings of URIs. */
  private candidates: ReadonlyMap<string, string> = new Map();
  private reading: Promise<void> | undefined;
  private readonly watching: Disposable;

  constructor(private readonly warn: (message: string, error: unknown) => void) {
    const again = (): void => {
      this.reading = this.read().then(() => this.readOnce());
    };
    const watcher = workspace.createFileSystemWatcher(problemPattern);
    this.watching = Disposable.from(
      watcher,
      watcher.onDidCreate(again),
      watcher.onDidChange(again),
      watcher.onDidDelete(again),
      workspace.onDidChangeWorkspaceFolders(again),
    );
    void this.read();
  }

  /** Problems whose candidate this is, in the order of their names. */
  async problemsOf(file: Uri): Promise<Uri[]> {
    await this.read();
    const wanted = file.toString();
    return [...this.candidates].flatMap(([problem, candidate]) =>
      candidate === wanted ? [Uri.parse(problem)] : [],
    );
  }

  dispose(): void {
    this.watching.dispose();
  }

  /** What was read latest, or is being read. */
  private read(): Promise<void> {
    this.reading ??= this.readOnce();
    return this.reading;
  }

  /** Never rejects: without a list, menus stay as they are. */
  private readOnce(): Promise<void> {
    return this.readAll().catch((error: unknown) => this.warn('The files of problems', error));
  }

  private async readAll(): Promise<void> {
    const problems = await workspace.findFiles(problemPattern, leftOut, mostProblems);
    const found = new Map<string, string>();
    for (const problem of problems.sort((a, b) => (a.path < b.path ? -1 : 1))) {
      const text = Buffer.from(await workspace.fs.readFile(problem)).toString('utf8');
      const { candidate } = parseProblem(text).places;
      if (candidate !== undefined)
        found.set(problem.toString(), namedUri(problem, candidate.path).toString());
    }
    this.candidates = found;
    const paths = [...new Set(found.values())].map((uri) => Uri.parse(uri).fsPath);
    await commands.executeCommand('setContext', candidateFilesKey, paths);
  }
}

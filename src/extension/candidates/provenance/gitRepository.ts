import { extensions, type Uri } from 'vscode';

/** What is used of a repository of the built-in git extension. */
export interface GitRepository {
  readonly rootUri: Uri;
  readonly inputBox: { value: string };
  checkIgnore(paths: string[]): Promise<Set<string>>;
}

/** What is used of the git extension's API, version 1 (`extensions/git/src/api/git.d.ts` of VS Code). */
interface GitExtension {
  readonly enabled: boolean;
  getAPI(version: 1): { getRepository(uri: Uri): GitRepository | null };
}

/** The git repository that a file is in; `undefined` where there is none, or no git extension. */
export async function gitRepositoryOf(file: Uri): Promise<GitRepository | undefined> {
  const extension = extensions.getExtension<GitExtension>('vscode.git');
  if (extension === undefined) return undefined;
  const git = await extension.activate();
  if (!git.enabled) return undefined;
  return git.getAPI(1).getRepository(file) ?? undefined;
}

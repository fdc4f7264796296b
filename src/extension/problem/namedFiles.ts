import { Uri } from 'vscode';
import { isAbsolutePath } from '../../domain/problem/hostPlaces';

/** What a problem file names: relative to it, or absolute. */
export function namedUri(problem: Uri, path: string): Uri {
  if (!isAbsolutePath(path)) return Uri.joinPath(problem, '..', path);
  return problem.with({ path: path.startsWith('/') ? path : `/${path}` });
}

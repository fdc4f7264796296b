import { FilePermission, FileSystemError, languages, workspace, type TextDocument } from 'vscode';
import * as z from 'zod';
import { isWithoutFile } from '../documents/reviewTargets';

const globs = z.record(z.string(), z.boolean()).catch({});

/**
 * Whether the editor shows a document as read-only: because of where it lies, or by `files.readonlyInclude`. The API does not say, and
 * edits of extensions are applied all the same.
 */
export async function isReadOnly(document: TextDocument): Promise<boolean> {
  const { uri } = document;
  // What lies in no file can be typed into; the editor does not say which notebooks are read-only.
  if (isWithoutFile(uri)) return false;
  if (workspace.fs.isWritableFileSystem(uri.scheme) === false) return true;
  const files = workspace.getConfiguration('files', uri);
  const isNamed = (setting: string): boolean =>
    Object.entries(globs.parse(files.get<unknown>(setting))).some(
      ([pattern, isOn]) => isOn && languages.match({ pattern }, document) > 0,
    );
  if (isNamed('readonlyInclude') && !isNamed('readonlyExclude')) return true;
  try {
    const { permissions = 0 } = await workspace.fs.stat(uri);
    return (permissions & FilePermission.Readonly) !== 0;
  } catch (error) {
    if (error instanceof FileSystemError) return false; // deleted, and still open: it can be written again
    throw error;
  }
}

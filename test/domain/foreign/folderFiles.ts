import type { FolderFiles } from '../../../src/domain/foreign/foreignFolder';

/** A folder with these texts. */
export function folderFiles(texts: Readonly<Record<string, string>>): FolderFiles {
  return { paths: Object.keys(texts), read: (path) => texts[path] };
}

import type { FolderFiles } from './foreignFolder';

/** The first heading of a folder's README, as plain words. */
export function folderHeading(files: FolderFiles): string | undefined {
  const path = files.paths.find((candidate) => /^readme\.(md|markdown)$/i.test(candidate));
  const heading = /^#{1,2}[ \t]+(.+?)[ \t#]*$/m.exec(
    (path === undefined ? undefined : files.read(path)) ?? '',
  )?.[1];
  const words = heading?.replace(/[*_`]|\[([^\]]*)\]\([^)]*\)/g, '$1').trim();
  return words === undefined || words === '' ? undefined : words;
}

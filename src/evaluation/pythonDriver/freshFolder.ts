import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkFolder } from '../workFolder';
import { removeFolder } from '../workFolder';

/**
 * An empty folder of the work folder, in place of what an earlier run of the program may have put there. Call it when no process of the evaluation
 * is left. Its name is always the same, as what evaluators print of it is.
 */
export async function freshFolder(work: WorkFolder, name: string): Promise<string> {
  const folder = join(work.path, name);
  await removeFolder(folder);
  await mkdir(folder);
  return folder;
}

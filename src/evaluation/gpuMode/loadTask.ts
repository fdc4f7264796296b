import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { placeAbove } from '../../domain/foreign/filesAbove';
import { readGpuModeTask, submissionMark, type GpuModeTask } from '../../domain/foreign/gpuModeTask';
import { EnvironmentError } from '../evaluator';
import { errorCode } from '../fileErrors';

/** A task with the texts of its files, read once: no candidate has run yet. */
export interface LoadedTask {
  readonly task: GpuModeTask;
  /** Without the program that is scored. */
  readonly texts: readonly TaskText[];
}

export interface TaskText {
  readonly name: string;
  /** Where it was read; absolute. */
  readonly path: string;
  readonly text: string;
}

const advice = 'Correct task.yml, or the path of the folder in the problem file.';

/** Throws `EnvironmentError` where the folder says too little. */
export async function loadTask(folder: string): Promise<LoadedTask> {
  const yaml = await textOf(join(folder, 'task.yml'));
  if (yaml === undefined) throw new EnvironmentError('The folder has no task.yml.', advice);
  const found = readGpuModeTask(yaml);
  if ('problems' in found) throw new EnvironmentError(found.problems.join('\n'), advice);
  const texts: TaskText[] = [];
  for (const { name, source } of found.task.files) {
    if (source === submissionMark) continue;
    const path = pathOf(folder, source);
    const text = path === undefined ? undefined : await textOf(path);
    if (path === undefined || text === undefined) {
      throw new EnvironmentError(`task.yml names "${source}", which is not among the files here.`, advice);
    }
    texts.push({ name, path, text });
  }
  return { task: found.task, texts };
}

/** A session's copy has files from above the folder beside it. */
function pathOf(folder: string, source: string): string | undefined {
  const place = placeAbove(source);
  if (place !== undefined) return join(folder, '..', place);
  const path = join(folder, source);
  return path.startsWith(`${folder}/`) ? path : undefined;
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    throw error;
  }
}

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { submissionMark } from '../../domain/foreign/gpuModeTask';
import { noticingFullDisk } from '../fileErrors';
import type { LoadedTask } from './loadTask';

/** A fresh folder with the files of the task and the program in its place. Throws `DiskFullError`. */
export async function makeStageFolder(
  path: string,
  { task, texts }: LoadedTask,
  submission: string,
): Promise<void> {
  await noticingFullDisk(path, async () => {
    await mkdir(path);
    for (const { name, source } of task.files) {
      const text =
        source === submissionMark ? submission : (texts.find((file) => file.name === name)?.text ?? '');
      const place = join(path, name);
      await mkdir(dirname(place), { recursive: true });
      await writeFile(place, text);
    }
  });
}

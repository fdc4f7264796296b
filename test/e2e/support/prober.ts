import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import * as z from 'zod';
import type { EditorWindow } from './editorWindow';

/** An extension for tests: it does in the extension host what no person's fingers can. */
export const proberFolder = join(import.meta.dirname, '../fixtures/prober');

/** Has the prober do something in a window, by the title of its command, and returns what it answers. `folder` is the window's. */
export async function askProber(
  window: EditorWindow,
  folder: string,
  command: string,
  question: object,
): Promise<unknown> {
  const answer = join(folder, 'probed.json');
  await rm(answer, { force: true });
  await writeFile(join(folder, 'probe.json'), JSON.stringify(question));
  await window.clearNotifications();
  await window.runCommand(`Prober: ${command}`);
  // Before it is there, and while it is being written, it cannot be read.
  let answered: unknown;
  const read = async (): Promise<void> => {
    answered = JSON.parse(await readFile(answer, 'utf8'));
  };
  await expect.poll(() => read().then(() => 'answered')).toBe('answered');
  return answered;
}

const memory = z.object({
  pid: z.int(),
  rss: z.number(),
  heapUsed: z.number(),
  external: z.number(),
});

/** What the extension host of a window holds after collecting garbage, in bytes. */
export async function hostMemory(window: EditorWindow, folder: string): Promise<z.infer<typeof memory>> {
  return memory.parse(await askProber(window, folder, 'Measure Memory', {}));
}

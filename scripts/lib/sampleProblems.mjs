// The folder of problems that `npm start` opens: a copy that belongs to the person.
import { cp, mkdir, readFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { repositoryFolder } from './paths.mjs';

/**
 * Copies what is missing from `problems/` into `target` and never writes over a file that is there.
 *
 * @param {string} target
 * @returns {Promise<string[]>} the files that differ from ours, kept as they are, by their paths in `target`
 */
export async function copySampleProblems(target) {
  const source = join(repositoryFolder, 'problems');
  const different = [];
  for (const entry of await readdir(source, { recursive: true, withFileTypes: true })) {
    const from = join(entry.parentPath, entry.name);
    if (!entry.isFile() || from.includes('__pycache__')) continue;
    const name = from.slice(source.length + 1);
    const to = join(target, name);
    const present = await contentOf(to);
    if (present === undefined) {
      await mkdir(dirname(to), { recursive: true });
      await cp(from, to, { force: false });
    } else if (!present.equals(await readFile(from))) {
      different.push(name);
    }
  }
  return different;
}

async function contentOf(path) {
  try {
    return await readFile(path);
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

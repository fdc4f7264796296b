import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { VisualizerFiles } from '../../domain/foreign/atCoder/atCoderFolder';
import type { PreparationContext } from '../evaluationMethod';
import { errorCode } from '../fileErrors';
import { removeFolder } from '../workFolder';
import { isThere } from './buildTools';
import type { ContestTools } from './contestTools';
import { identityOf } from './trustedFiles';
import { visualizerProgram } from './visualizerProgram';

const program = 'program.mjs';
/** With the ending that Node needs to see a module. */
const glue = 'visualizer.mjs';
const wasm = 'visualizer.wasm';

/** The visualizer of the folder, copied out of every candidate's way, once for each content. */
export async function visualizerTools(
  context: PreparationContext,
  files: VisualizerFiles,
): Promise<ContestTools> {
  const contents: Readonly<Record<string, string | Buffer>> = {
    [program]: visualizerProgram,
    [glue]: await readFile(join(context.folder, files.module)),
    [wasm]: await readFile(join(context.folder, files.wasm)),
  };
  const hash = createHash('sha256');
  for (const [name, content] of Object.entries(contents))
    hash.update(`${name} ${content.length}\n`).update(content);
  const place = join(context.cacheFolder, `atcoder-visualizer-${hash.digest('hex').slice(0, 24)}`);
  if (!(await isThere(place))) {
    const making = `${place}.${randomUUID()}`;
    await mkdir(making, { recursive: true });
    try {
      for (const [name, content] of Object.entries(contents)) await writeFile(join(making, name), content);
      await rename(making, place);
    } catch (error) {
      // Another session was first.
      if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') throw error;
    } finally {
      await removeFolder(making);
    }
  }
  const at = (name: string): string => join(place, name);
  const run = (action: string, ...rest: string[]): string[] => [
    process.execPath,
    at(program),
    action,
    at(glue),
    at(wasm),
    ...rest,
  ];
  return {
    files: await Promise.all(Object.keys(contents).map((name) => identityOf(at(name)))),
    generate: run('gen'),
    score: (input, output) => run('vis', input, output),
    tester: undefined,
  };
}

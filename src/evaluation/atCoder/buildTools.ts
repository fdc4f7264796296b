import { createHash, randomUUID } from 'node:crypto';
import { chmod, copyFile, cp, mkdir, readdir, readFile, rename, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { ToolsCrate } from '../../domain/foreign/atCoder/toolsCrate';
import { endedWell } from '../environmentTools';
import type { PreparationContext } from '../evaluationMethod';
import { EnvironmentError } from '../evaluator';
import { errorCode } from '../fileErrors';
import { withMakerLock } from '../makerLock';
import { removeFolder } from '../workFolder';
import { buildLimits, cargoEnvironment } from './cargo';

/** What users and other tools leave in the crate's folder. */
const leftOut = new Set(['target', 'in', 'out', 'err', 'seeds.txt', 'vis.html', '.git']);

/**
 * The folder with the crate's programs, which are built once for each content of the crate and each compiler. Throws `EnvironmentError`.
 */
export async function buildTools(
  context: PreparationContext,
  crate: ToolsCrate,
  compiler: string,
): Promise<string> {
  const source = join(context.folder, crate.path);
  const key = await contentKey(source, compiler);
  const place = join(context.cacheFolder, `atcoder-tools-${key}`);
  await mkdir(context.cacheFolder, { recursive: true });
  return withMakerLock(
    `${place}.lock`,
    {
      signal: context.signal,
      made: async () => ((await isThere(place)) ? place : undefined),
      onWaiting: () => context.onProgress('Waiting for another session that builds the same tools…'),
    },
    async () => {
      context.onProgress("Building the contest's tools with cargo…");
      const making = `${place}.${randomUUID()}`;
      try {
        await build(context, source, making, crate);
        await publish(join(making, 'bin'), place);
      } finally {
        await removeFolder(making);
      }
      return place;
    },
  );
}

async function build(
  context: PreparationContext,
  source: string,
  making: string,
  crate: ToolsCrate,
): Promise<void> {
  const copy = join(making, 'crate');
  await mkdir(join(making, 'bin'), { recursive: true });
  await cp(source, copy, { recursive: true, filter: (path) => !leftOut.has(relative(source, path)) });
  const target = join(making, 'target');
  const report = await context.execute({
    argv: ['cargo', 'build', '--release', '--bins'],
    cwd: copy,
    env: { ...cargoEnvironment(process.env), CARGO_TARGET_DIR: target },
    limits: buildLimits,
    isTrusted: true,
  });
  if (!endedWell(report)) {
    const tail = report.output.replaceAll(`${making}/`, '').trim().slice(-2000);
    throw new EnvironmentError(
      `The contest's tools in ${crate.path || 'the folder'} cannot be built.`,
      `Run \`cargo build --release\` there by hand. cargo needs the network once, for the crates that the tools use. The end of its output:\n${tail}`,
    );
  }
  for (const name of crate.programs) {
    const built = join(target, 'release', name);
    if (!(await isThere(built))) continue;
    await copyFile(built, join(making, 'bin', name));
    await chmod(join(making, 'bin', name), 0o555);
  }
}

/** Another maker may have been first, on another host of a shared home folder for example. */
async function publish(from: string, place: string): Promise<void> {
  try {
    await rename(from, place);
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}

async function contentKey(source: string, compiler: string): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([compiler, process.arch, process.platform]));
  const entries = await readdir(source, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(source, join(entry.parentPath, entry.name)))
    .filter((path) => !leftOut.has(path.split('/')[0] ?? ''))
    .sort();
  for (const path of paths) {
    const bytes = await readFile(join(source, path));
    hash.update(JSON.stringify([path, bytes.length])).update(bytes);
  }
  return hash.digest('hex').slice(0, 24);
}

export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return false;
    throw error;
  }
}

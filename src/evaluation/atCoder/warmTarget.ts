import { createHash, randomUUID } from 'node:crypto';
import { cp, mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { PreparationContext } from '../evaluationMethod';
import { endedWell } from '../environmentTools';
import { EnvironmentError } from '../evaluator';
import { errorCode } from '../fileErrors';
import { removeFolder } from '../workFolder';
import { buildLimits, cargoEnvironment } from './cargo';
import { isThere } from './buildTools';
import type { Language } from './language';

/**
 * A target folder with the crates that the candidates' package uses, built once with the initial program, so that an evaluation compiles the
 * program alone, and without the network.
 */
export async function warmTargetOf(
  context: PreparationContext,
  language: Extract<Language, { kind: 'cargo' }>,
  compiler: string,
): Promise<string> {
  const home = join(context.folder, language.package);
  const hash = createHash('sha256').update(compiler);
  for (const name of ['Cargo.toml', 'Cargo.lock']) {
    hash.update(await readFile(join(home, name)).catch(() => Buffer.from('absent')));
  }
  const place = join(context.cacheFolder, `atcoder-crates-${hash.digest('hex').slice(0, 24)}`);
  if (await isThere(place)) return place;
  context.onProgress('Building the crates that the program uses…');
  const making = `${place}.${randomUUID()}`;
  await mkdir(making, { recursive: true });
  try {
    const copy = join(making, 'package');
    await cp(home, copy, { recursive: true });
    const report = await context.execute({
      argv: ['cargo', 'build', '--release', '--bin', language.bin],
      cwd: copy,
      env: { ...cargoEnvironment(process.env), CARGO_TARGET_DIR: join(making, 'target') },
      limits: buildLimits,
      isTrusted: true,
    });
    // An initial program with mistakes is for the evaluation to tell.
    if (!endedWell(report) && !/could not compile `[^`]+` \(bin/.test(report.output)) {
      throw new EnvironmentError(
        'The crates that the program uses cannot be built.',
        `Run \`cargo build --release\` in the folder by hand. The end of its output:\n${report.output.trim().slice(-2000)}`,
      );
    }
    await rename(join(making, 'target'), place);
  } catch (error) {
    if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') throw error;
  } finally {
    await removeFolder(making);
  }
  return place;
}

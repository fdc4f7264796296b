import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { RemoteError, type Progress } from '../../remote/hostClient';
import type { NodeRelease } from '../../remote/bootstrap/nodeReleases';
import { extractTarMember } from './tarMember';
import { t } from '../base/translate';

/**
 * A build of Node on this machine: from the cache, or downloaded and checked against its checksum before anything of it is
 * used. Returns the path of its program. Rejects with a `RemoteError`: `no-runtime`, `cancelled`.
 * @param cachePath folder of the extension's own.
 */
export async function fetchNode(
  release: NodeRelease,
  cachePath: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<string> {
  const folder = join(cachePath, release.sha256);
  const program = join(folder, 'node');
  if (await isUnchanged(program)) return program;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = join(folder, `.${randomBytes(6).toString('hex')}`);
  const [archive, extracted, zipped] = [`${draft}.tar.gz`, `${draft}.node`, `${draft}.gz`];
  try {
    await download(release, archive, progress, signal);
    await extractTarMember(archive, (name) => /^[^/]+\/bin\/node$/.test(name), extracted);
    // Once, for every host: less than half of it goes over the line.
    await pipeline(
      createReadStream(extracted),
      createGzip(),
      createWriteStream(zipped, { flags: 'wx', mode: 0o600 }),
    );
    await rename(zipped, `${program}.gz`);
    await writeFile(`${program}.sha256`, await sha256Of(extracted), { mode: 0o600 });
    await rename(extracted, program);
    return program;
  } catch (cause) {
    if (signal.aborted)
      throw new RemoteError('cancelled', t('Cancelled.'), t('Connect again when you want it.'), { cause });
    if (cause instanceof RemoteError) throw cause;
    throw new RemoteError(
      'no-runtime',
      t(
        'Node {0} for the host could not be downloaded from {1}: {2}',
        release.version,
        new URL(release.url).host,
        reasonOf(cause),
      ),
      t(
        'Check the network and proxy settings of the editor, name a Node program in tttDiscover.remote.nodeBinary, or install Node 20 or later on the host.',
      ),
      { cause },
    );
  } finally {
    for (const path of [archive, extracted, zipped]) await rm(path, { force: true });
  }
}

async function download(
  release: NodeRelease,
  path: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const message = t('Downloading Node {0}', release.version);
  progress(message, 0);
  const response = await fetch(release.url, { signal });
  if (!response.ok || response.body === null) throw new Error(t('the server answered {0}', response.status));
  const totalBytes = Number(response.headers.get('content-length') ?? '0');
  const hash = createHash('sha256');
  const file = await open(path, 'wx', 0o600);
  try {
    let bytes = 0;
    for await (const chunk of chunksOf(response.body)) {
      hash.update(chunk);
      await file.write(chunk);
      bytes += chunk.length;
      progress(message, totalBytes > 0 ? Math.min(1, bytes / totalBytes) : undefined);
    }
  } finally {
    await file.close();
  }
  const sha256 = hash.digest('hex');
  if (sha256 !== release.sha256) {
    throw new RemoteError(
      'no-runtime',
      t(
        'What was downloaded from {0} is not Node {1}: its SHA-256 is {2}, and {3} was expected.',
        release.url,
        release.version,
        sha256,
        release.sha256,
      ),
      t(
        'Something on the way changes downloads. Use another network, or name a Node program in tttDiscover.remote.nodeBinary.',
      ),
    );
  }
}

async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}

async function isUnchanged(path: string): Promise<boolean> {
  try {
    return (await readFile(`${path}.sha256`, 'utf8')) === (await sha256Of(path));
  } catch {
    // Not there, or not readable: it is made again.
    return false;
  }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  const stream: AsyncIterable<unknown> = createReadStream(path);
  for await (const chunk of stream) if (chunk instanceof Uint8Array) hash.update(chunk);
  return hash.digest('hex');
}

/** `fetch` hides the reason, such as a name that has no address, in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

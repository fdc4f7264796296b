import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { RemoteError } from '../hostClient';
import { keyTypeOf } from './hostKeyBlob';
import { hostsMatch, parseKnownHostLine, type KnownHostsFile } from './knownHosts';

/**
 * Reads known_hosts files. A file that is not there is empty; one that cannot be read, or is no text, is an error: what it
 * says of a key is not known, so no key is trusted.
 */
export async function readKnownHostsFiles(paths: readonly string[]): Promise<KnownHostsFile[]> {
  const files: KnownHostsFile[] = [];
  for (const path of new Set(paths)) {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (cause) {
      if (isMissing(cause)) continue;
      throw new RemoteError(
        'host-key-refused',
        `The file of known host keys ${path} cannot be read, so no host key can be trusted.`,
        'Make it readable for your account (chmod 600), or take it out of UserKnownHostsFile.',
        { cause },
      );
    }
    // As an editor on Windows may save it: in UTF-16, each second byte is 0.
    if (text.includes('\0')) {
      throw new RemoteError(
        'host-key-refused',
        `The file of known host keys ${path} is not plain text, so no host key can be trusted.`,
        'Save it again as UTF-8, or take it out of UserKnownHostsFile.',
      );
    }
    files.push({ path, text });
  }
  return files;
}

const queues = new Map<string, Promise<unknown>>();

/** Pins a key for a name in our own store; an older key of the same type gives way to it. */
export async function rememberHostKey(path: string, name: string, key: Buffer): Promise<void> {
  const type = keyTypeOf(key);
  if (type === undefined) throw new TypeError('Not a host key.');
  await rewrite(path, (lines) => [
    ...lines.filter((line) => {
      const known = parseKnownHostLine(line, path, 0);
      return !(known?.keyType === type && known.marker === 'none' && namesOnly(known.hosts, name));
    }),
    `${name} ${type} ${key.toString('base64')}`,
  ]);
}

/** Removes the keys pinned for a name from our own store. Returns how many there were. */
export async function forgetHostKey(path: string, name: string): Promise<number> {
  let forgotten = 0;
  await rewrite(path, (lines) =>
    lines.filter((line) => {
      const known = parseKnownHostLine(line, path, 0);
      const isPin = known?.marker === 'none' && namesOnly(known.hosts, name);
      if (isPin) forgotten++;
      return !isPin;
    }),
  );
  return forgotten;
}

/** The names under which keys are pinned in our own store, for a pick list. */
export async function pinnedHostNames(path: string): Promise<string[]> {
  const [file] = await readKnownHostsFiles([path]);
  const names = (file?.text ?? '')
    .split('\n')
    .map((line) => parseKnownHostLine(line, path, 0))
    .filter((line) => line?.marker === 'none')
    .map((line) => line?.hosts ?? '');
  return [...new Set(names)];
}

function namesOnly(hosts: string, name: string): boolean {
  return !/[*?!,]/.test(hosts) && hostsMatch(hosts, name);
}

async function rewrite(path: string, change: (lines: string[]) => string[]): Promise<void> {
  const before = queues.get(path) ?? Promise.resolve();
  const turn = before.then(() => rewriteNow(path, change));
  const settled = turn.catch(() => undefined);
  queues.set(path, settled);
  try {
    await turn;
  } finally {
    if (queues.get(path) === settled) queues.delete(path);
  }
}

async function rewriteNow(path: string, change: (lines: string[]) => string[]): Promise<void> {
  const [file] = await readKnownHostsFiles([path]);
  const lines = (file?.text ?? '').split('\n').filter((line) => line !== '');
  const text = change(lines)
    .map((line) => `${line}\n`)
    .join('');
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

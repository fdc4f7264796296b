import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bundleProgram } from '../support/bundledProgram';
import { isNamespaced, namespaceArguments, namespaceTrial } from '../../src/evaluation/containment';

const base = mkdtempSync(join(tmpdir(), 'owned-folders-'));
const program = join(base, 'ownedFolderProcess.mjs');
const children = new Set<ChildProcess>();
/** The temporary folder of these processes. */
let shared = '';

beforeAll(async () => {
  await bundleProgram(join(import.meta.dirname, 'ownedFolderProcess.ts'), program);
});
beforeEach(() => {
  shared = mkdtempSync(join(base, 'tmp-'));
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

const env = (): NodeJS.ProcessEnv => ({ ...process.env, TMPDIR: shared });

/** Of a process that has made one, and waits. */
async function owner(): Promise<{ readonly folder: string; kill(): Promise<void> }> {
  const child = spawn(process.execPath, [program, 'make'], {
    env: env(),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.add(child);
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    folder: said.toString().trim(),
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

function clear(before: readonly string[] = []): void {
  const [file, ...args] = [...before, process.execPath, program, 'clear'];
  expect(execFileSync(file, args, { env: env(), encoding: 'utf8' })).toBe('cleared\n');
}

function folderOf(name: string, identity?: string): string {
  const folder = join(shared, name);
  mkdirSync(folder);
  if (identity !== undefined) symlinkSync(identity, join(folder, 'owner'));
  return folder;
}

const identityIn = (folder: string): string => readlinkSync(join(folder, 'owner'));

const namespace = ['setpriv', ...namespaceArguments('unshare')];
const [file, ...rest] = [...namespace, ...namespaceTrial];
const hasNamespaces = isNamespaced(spawnSync(file, rest, { encoding: 'utf8' }).stdout);
if (!hasNamespaces) process.stderr.write('Skipped: this host has no process namespaces for us.\n');

describe('a folder of a process', () => {
  it('is removed by the next one when its owner was killed, and not while that lives', async () => {
    const [living, killed] = [await owner(), await owner()];
    clear();
    expect([living.folder, killed.folder].filter(existsSync)).toEqual([living.folder, killed.folder]);
    await killed.kill();
    clear();
    expect([living.folder, killed.folder].filter(existsSync)).toEqual([living.folder]);
  });

  it('is removed when another process has the number of its owner now', async () => {
    const living = await owner();
    const [place = '', pid = '', ticks = ''] = identityIn(living.folder).split(' ');
    const left = folderOf('kind-left', [place, pid, Number(ticks) - 1].join(' '));
    clear();
    expect(existsSync(left)).toBe(false);
    expect(existsSync(living.folder)).toBe(true);
  });

  it('stays when it cannot be known whether its owner lives, and when it is of another kind', async () => {
    const killed = await owner();
    await killed.kill();
    const identity = identityIn(killed.folder);
    const others = [
      'kind-older-version',
      'kind-strange',
      'kind-other-boot',
      'kind-not-a-number',
      'another-kind',
    ];
    const identities = [
      undefined,
      '1',
      identity.replace(/^\w+/, '00000000'),
      identity.replace(/ .* /, ' x '),
      identity,
    ];
    for (const [index, name] of others.entries()) folderOf(name, identities[index]);
    symlinkSync(folderOf('elsewhere', identity), join(shared, 'kind-link'));
    clear();
    expect(readdirSync(shared).sort()).toEqual([...others, 'elsewhere', 'kind-link'].sort());
  });

  it.skipIf(!hasNamespaces)('stays when its owner lives where its number cannot be seen', async () => {
    const living = await owner();
    clear(namespace);
    expect(existsSync(living.folder)).toBe(true);
    await living.kill();
    clear(namespace);
    expect(existsSync(living.folder)).toBe(true);
    clear();
    expect(existsSync(living.folder)).toBe(false);
  });
});

import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { receiveCommand, type UploadTarget } from '../../src/remote/bootstrap/uploadReceive';
import { lockOwnedBy, noProcess } from './support/lockOwner';

const content = randomBytes(100_000);
let root: string;
let lock: string;
let target: UploadTarget;
let owner: ChildProcess | undefined;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ttt-upload-lock-'));
  lock = join(root, '.lock');
  target = {
    path: join(root, 'runtime', 'file'),
    sha256: createHash('sha256').update(content).digest('hex'),
    sizeBytes: content.length,
    executable: false,
    lock,
  };
});
afterEach(async () => {
  owner?.kill('SIGKILL');
  owner = undefined;
  await rm(root, { recursive: true, force: true });
});

/** Starts an upload by the nonce, for which the programs named are shell texts of ours; resolves to what it says. */
async function upload(
  shell: string,
  nonce: string,
  programs: Readonly<Record<string, string>>,
): Promise<{ readonly said: Promise<string>; readonly ended: () => boolean }> {
  const tools = join(root, `tools-${nonce}`);
  await mkdir(tools);
  for (const [name, script] of Object.entries(programs))
    await writeFile(join(tools, name), `#!/bin/sh\ncd '${root}'\n${script}\n`, { mode: 0o755 });
  const child = spawn(shell, ['-c', receiveCommand(target, nonce, false)], {
    env: { ...process.env, PATH: `${tools}:${process.env['PATH'] ?? ''}` },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // One that ends early reads none of it.
  child.stdin.on('error', () => undefined);
  child.stdin.end(content);
  const said = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { said: said.then(([out, err]) => out + err), ended: () => child.exitCode !== null };
}

/** Shell that says where it is, and goes on when it may. */
const pause = (name: string) => `: >'${name}'; until [ -e 'go-${name}' ]; do /bin/sleep 0.02; done`;
const reached = (name: string) => () => existsSync(join(root, name));
const letGo = (name: string) => writeFile(join(root, `go-${name}`), '');
const patiently = { timeout: 60_000 };
const leftOvers = async () =>
  (await readdir(root, { recursive: true })).filter((name) => /partial|\.lock/.test(name));

describe.each(['sh', 'bash'].map((name) => `/bin/${name}`).filter(existsSync))('the lock, in %s', (shell) => {
  it('that another takes for that of a dead one, and puts back, stays its owner’s', async () => {
    await lockOwnedBy(lock, noProcess);
    const taker = await upload(shell, 'bbb', {
      mv: `if [ ! -e first ]; then ${pause('first')}; elif [ ! -e second ]; then ${pause('second')}; fi; exec /bin/mv "$@"`,
    });
    await expect.poll(reached('first'), patiently).toBe(true);
    // A third was faster, and a fourth has the lock now, in which it has written nothing yet.
    await rm(lock, { recursive: true });
    const writer = await upload(shell, 'ccc', {
      mkdir: `/bin/mkdir "$@" || exit 1; [ "$1" != '${lock}' ] || { ${pause('made')}; }`,
      sleep: pause('tried'),
    });
    await expect.poll(reached('made'), patiently).toBe(true);
    await letGo('first');
    await expect.poll(reached('second'), patiently).toBe(true);
    await letGo('made');
    await expect.poll(() => reached('tried')() || writer.ended(), patiently).toBe(true);
    await letGo('second');
    await expect.poll(() => existsSync(lock), patiently).toBe(true);
    await letGo('tried');
    expect(await writer.said).toBe('ready\ndone\n');
    expect(await taker.said).toMatch(/^(waiting \d*\n)*have\n$/);
    expect(await readFile(target.path)).toEqual(content);
    expect(await leftOvers()).toEqual([]);
  });

  it('that another took meanwhile is waited for', async () => {
    const late = await upload(shell, 'ddd', {
      mkdir: `/bin/mkdir "$@" || exit 1; [ "$1" != '${lock}' ] || { ${pause('made')}; }`,
      sleep: `${pause('waits')}; rm -rf '${lock}'`,
    });
    await expect.poll(reached('made'), patiently).toBe(true);
    owner = spawn('sleep', ['600']);
    await once(owner, 'spawn');
    await lockOwnedBy(lock, owner.pid!);
    await letGo('made');
    await expect.poll(() => reached('waits')() || late.ended(), patiently).toBe(true);
    expect(await readFile(join(lock, 'owner'), 'utf8')).toContain('nonce=other\n');
    await letGo('waits');
    expect(await late.said).toBe(`waiting ${owner.pid}\nready\ndone\n`);
    expect(await leftOvers()).toEqual([]);
  });

  it.each([1, 2, 3, 4, 5, 6])('is left alone when its owner ends during look %i at it', async (look) => {
    owner = spawn('sleep', ['600']);
    await once(owner, 'spawn');
    await lockOwnedBy(lock, owner.pid!);
    const looker = await upload(shell, 'eee', {
      sed: `echo look >>looks; [ "$(wc -l <looks)" -ne ${look} ] || { ${pause('looks-now')}; }; exec /bin/sed "$@"`,
      mv: `echo "$1" >>moved; exec /bin/mv "$@"`,
    });
    await expect.poll(reached('looks-now'), patiently).toBe(true);
    await rm(lock, { recursive: true });
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    await letGo('looks-now');
    expect(await looker.said).toMatch(/^(waiting \d*\n)*ready\ndone\n$/);
    expect(await readFile(join(root, 'moved'), 'utf8')).not.toContain('.lock');
  });
});

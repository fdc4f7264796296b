import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RemoteError, type HostEnvironment } from '../../src/remote/hostClient';
import { openSshTransport } from '../../src/remote/openTransport';
import { makeKey, startSshd, type Sshd } from '../support/sshd';
import { cleanupsAfterEach } from './cleanups';
import { environmentFor, never, noProgress, refusalOf } from './hostFixture';

const run = promisify(execFile);
const cleanups = cleanupsAfterEach();
const { server } = cleanups;

/** Whether `ssh HOST` itself would go on, where nobody may be asked. */
async function sshAccepts(sshd: Sshd): Promise<boolean> {
  const options = ['-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=yes', '-o', 'UpdateHostKeys=no'];
  return run('ssh', ['-F', sshd.sshConfigPath, ...options, sshd.alias, 'true']).then(
    () => true,
    () => false,
  );
}

/** `accepted`, or the code of the refusal. */
async function outcomeOf(sshd: Sshd, environment: HostEnvironment): Promise<string> {
  try {
    const { transport } = await openSshTransport(sshd.alias, environment, never, noProgress);
    expect((await transport.exec('echo in')).stdout).toBe('in\n');
    await transport.close();
    return 'accepted';
  } catch (error) {
    if (error instanceof RemoteError) return error.code;
    throw error;
  }
}

const lineOf = async (keyPath: string) =>
  (await readFile(`${keyPath}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');

describe.each([
  ['ed25519', ['auto', 'system']],
  ['ecdsa', ['auto']],
] as const)('a server with nothing but an %s key', (type, clients) => {
  let sshd: Sshd;
  let key: string;
  let other: string;
  let keys: string;
  beforeAll(async () => {
    keys = await mkdtemp(join(tmpdir(), 'ttt-host-keys-'));
    const hostKey = await makeKey(join(keys, 'only'), type);
    [key, other] = [await lineOf(hostKey), await lineOf(await makeKey(join(keys, 'other'), type))];
    sshd = await startSshd({ hostKey, clientConfig: ['  StrictHostKeyChecking yes'] });
  });
  afterAll(async () => {
    await sshd.stop();
    await rm(keys, { recursive: true });
  });

  const name = () => `[127.0.0.1]:${sshd.port}`;
  /** What stands in the file, and what comes of it; other words for the same key are for ssh to judge. */
  const cases: readonly (readonly [string, () => string, string])[] = [
    ['its name and port', () => `${name()} ${key}\n`, 'accepted'],
    ['nothing', () => '', 'host-key-refused'],
    ['another key', () => `${name()} ${other}\n`, 'host-key-changed'],
    ['another key and its own', () => `${name()} ${other}\n${name()} ${key}\n`, 'accepted'],
    ['a line that ends as on Windows', () => `# mine\r\n${name()} ${key}\r\n`, 'accepted'],
    ['a last line without an end', () => `other ${other}\n${name()} ${key}`, 'accepted'],
    ['a pattern', () => `[127.0.0.*]:* ${key}\n`, 'accepted'],
    ['a pattern that leaves it out', () => `*,!${name()},!127.0.0.1 ${key}\n`, 'host-key-refused'],
    ['a pattern that leaves it out with its port alone', () => `*,!${name()} ${key}\n`, 'accepted'],
    ['the name without the port', () => `127.0.0.1 ${key}\n`, 'accepted'],
    ['another port', () => `[127.0.0.1]:${sshd.port + 1} ${key}\n`, 'host-key-refused'],
    ['a revocation', () => `${name()} ${key}\n@revoked * ${key}\n`, 'host-key-revoked'],
    ['an authority', () => `@cert-authority * ${other}\n`, 'host-key-refused'],
    ['an authority and its own key', () => `@cert-authority * ${other}\n${name()} ${key}\n`, 'accepted'],
  ];
  const judge = async (outcome: string) => {
    expect(await sshAccepts(sshd)).toBe(outcome === 'accepted');
    const outcomes = clients.map((sshTransport) =>
      outcomeOf(sshd, { ...environmentFor(sshd), sshTransport }),
    );
    expect(await Promise.all(outcomes)).toEqual(clients.map(() => outcome));
  };

  it.each(cases)('of which the file has %s', async (_what, text, outcome) => {
    await writeFile(sshd.knownHostsPath, text());
    await judge(outcome);
  });

  it.each(['its key', 'another key'])('of which the file has %s, hashed by ssh-keygen', async (which) => {
    await writeFile(sshd.knownHostsPath, `${name()} ${which === 'its key' ? key : other}\n`);
    await run('ssh-keygen', ['-q', '-H', '-f', sshd.knownHostsPath]);
    expect(await readFile(sshd.knownHostsPath, 'utf8')).toMatch(/^\|1\|/);
    await judge(which === 'its key' ? 'accepted' : 'host-key-changed');
  });

  it('whose file cannot be read', async () => {
    // A folder in its place cannot be read by anyone, root included.
    await rm(sshd.knownHostsPath, { force: true });
    await mkdir(sshd.knownHostsPath);
    await judge('host-key-refused');
    await rm(sshd.knownHostsPath, { recursive: true });
  });
});

describe.each(['ssh2', 'system'] as const)('with the client "%s"', (sshTransport) => {
  it('a key swapped between two connections is refused, and what is pinned stays', async () => {
    const first = await startSshd();
    const environment = { ...environmentFor(first), sshTransport };
    expect(await outcomeOf(first, environment)).toBe('accepted');
    const pinned = await readFile(environment.knownHostsPath, 'utf8');
    const config = await readFile(first.sshConfigPath, 'utf8');
    await first.stop();
    const second = await server({ port: first.port });
    await writeFile(second.sshConfigPath, config.replaceAll(first.folder, second.folder));
    await mkdir(join(second.folder, 'own'));
    const own = join(second.folder, 'own', 'known_hosts');
    await writeFile(own, pinned);
    const again = environmentFor(second);
    expect(again.knownHostsPath).toBe(own);
    const opened = openSshTransport(second.alias, { ...again, sshTransport }, never, noProgress);
    const refusal = await refusalOf(opened);
    expect(refusal).toMatchObject({ code: 'host-key-changed', isTransient: false });
    expect(refusal.message).toContain(second.hostKeyFingerprint);
    expect(again.questions).toEqual([]);
    expect(await readFile(own, 'utf8')).toBe(pinned);
    expect(await second.log()).not.toMatch(/Accepted|Failed/);
  });
});

describe('a server that shows nothing but a certificate', () => {
  async function certified(): Promise<{ readonly sshd: Sshd; readonly authority: string }> {
    const made = await server();
    const authority = await makeKey(join(made.folder, 'authority'));
    const hostKey = await makeKey(join(made.folder, 'certified'));
    await run('ssh-keygen', ['-q', '-s', authority, '-I', 'gpu', '-h', '-n', '127.0.0.1', `${hostKey}.pub`]);
    const sshd = await server({
      hostKey,
      config: [`HostCertificate ${hostKey}-cert.pub`, 'HostKeyAlgorithms ssh-ed25519-cert-v01@openssh.com'],
      clientConfig: ['  StrictHostKeyChecking yes'],
    });
    return { sshd, authority: await lineOf(authority) };
  }

  it('is connected to where its authority is known', async () => {
    const { sshd, authority } = await certified();
    await writeFile(sshd.knownHostsPath, `@cert-authority [127.0.0.1]:* ${authority}\n`);
    expect(await sshAccepts(sshd)).toBe(true);
    const { transport, description } = await openSshTransport(
      sshd.alias,
      environmentFor(sshd),
      never,
      noProgress,
    );
    expect(description).toContain('with the ssh program');
    await transport.close();
  });

  it('is refused where it is not, and where the authority is revoked', async () => {
    const { sshd, authority } = await certified();
    for (const text of ['', `@revoked * ${authority}\n@cert-authority * ${authority}\n`]) {
      await writeFile(sshd.knownHostsPath, text);
      expect(await sshAccepts(sshd)).toBe(false);
      expect(await outcomeOf(sshd, environmentFor(sshd))).toMatch(/^host-key-(refused|revoked)$/);
    }
    // The built-in client alone cannot speak with it, and says so.
    const forced = { ...environmentFor(sshd), sshTransport: 'ssh2' as const };
    await writeFile(sshd.knownHostsPath, '');
    expect(await outcomeOf(sshd, forced)).toBe('unsupported-host');
  });
});

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { startAskpassBridge } from '../../src/remote/login/askpassBridge';
import { openSshTransport, type OpenedTransport } from '../../src/remote/openTransport';
import { resolveRoute } from '../../src/remote/config/sshConfig';
import { openSystemSsh } from '../../src/remote/systemSsh/systemSshMaster';
import { SystemSshPrompts } from '../../src/remote/systemSsh/systemSshPrompts';
import { createSystemSshTransport } from '../../src/remote/systemSsh/systemSshTransport';
import { reasonForSystemSsh } from '../../src/remote/transportChoice';
import { canChangePasswords, withPassword } from '../support/loginServer';
import { freePort, makeKey, type Sshd } from '../support/sshd';
import { cleanupsAfterEach } from './cleanups';
import { startTcpProxy } from '../support/tcpProxy';
import {
  connectionsTo,
  environmentFor,
  never,
  noProgress,
  refusalOf,
  type RecordingEnvironment,
} from './hostFixture';

const run = promisify(execFile);
const cleanups = cleanupsAfterEach();
const { server } = cleanups;

async function open(
  sshd: Sshd,
  environment: RecordingEnvironment,
  setting: 'auto' | 'ssh2' | 'system' = 'auto',
): Promise<OpenedTransport> {
  const opened = await openSshTransport(
    sshd.alias,
    { ...environment, sshTransport: setting },
    never,
    noProgress,
  );
  cleanups.push(() => opened.transport.close());
  return opened;
}

async function rewrite(path: string, change: (text: string) => string): Promise<void> {
  await writeFile(path, change(await readFile(path, 'utf8')));
}

const trustedLine = async (sshd: Sshd) =>
  `[127.0.0.1]:${sshd.port} ${(await readFile(`${sshd.hostKeyPath}.pub`, 'utf8')).trim()}\n`;

/** Those that were not there `before`, which others may remove meanwhile. */
const privateFolders = async (before: readonly string[] = []) =>
  (await readdir(tmpdir())).filter((name) => name.startsWith('ttt-ssh-') && !before.includes(name));

describe('the ssh program is used by itself', () => {
  it('for a user certificate, which the built-in client cannot show', async () => {
    const authority = { path: '' };
    const sshd = await server({ clientConfig: ['  IdentitiesOnly yes'] });
    authority.path = await makeKey(join(sshd.folder, 'authority'));
    const trusting = await server({ config: [`TrustedUserCAKeys ${authority.path}.pub`] });
    await writeFile(join(trusting.folder, 'authorized_keys'), '');
    await run('ssh-keygen', [
      '-q',
      '-s',
      authority.path,
      '-I',
      'ada',
      '-n',
      'root',
      `${trusting.identityPath}.pub`,
    ]);
    const environment = environmentFor(trusting);
    const { transport, description } = await open(trusting, environment);
    expect(description).toContain('with the ssh program (it has a user certificate');
    expect((await transport.exec('echo in')).stdout).toBe('in\n');
    expect(environment.questions).toMatchObject([
      { name: `[127.0.0.1]:${trusting.port}`, alias: 'loopback', fingerprint: trusting.hostKeyFingerprint },
    ]);
    expect(await readFile(environment.knownHostsPath, 'utf8')).toContain(
      `[127.0.0.1]:${trusting.port} ssh-ed25519`,
    );
    expect(existsSync(trusting.knownHostsPath)).toBe(false);
    await rm(`${trusting.identityPath}-cert.pub`);
    expect((await refusalOf(open(trusting, environment))).code).toBe('authentication-failed');
  });

  it('for a host certificate', async () => {
    const sshd = await server();
    const authority = await makeKey(join(sshd.folder, 'authority'));
    const hostKey = await makeKey(join(sshd.folder, 'certified'));
    await run('ssh-keygen', ['-q', '-s', authority, '-I', 'gpu', '-h', '-n', '127.0.0.1', `${hostKey}.pub`]);
    const certified = await server({ hostKey, config: [`HostCertificate ${hostKey}-cert.pub`] });
    const line = (await readFile(`${authority}.pub`, 'utf8')).trim();
    await writeFile(certified.knownHostsPath, `@cert-authority * ${line}\n`);
    const environment = environmentFor(certified);
    const { transport, description } = await open(certified, environment);
    expect(description).toContain('certificate authority');
    expect((await transport.exec('echo in')).stdout).toBe('in\n');
    expect(environment.questions).toEqual([]);
  });

  it('for a server that speaks only post-quantum key exchange', async () => {
    const sshd = await server({ config: ['KexAlgorithms sntrup761x25519-sha512@openssh.com'] });
    const environment = environmentFor(sshd);
    const refusal = await refusalOf(open(sshd, environment, 'ssh2'));
    expect(refusal.code).toBe('unsupported-host');
    const { transport, description } = await open(sshd, environment);
    expect(description).toContain('no algorithm in common');
    expect((await transport.exec('echo in')).stdout).toBe('in\n');
  });

  it('for what the settings, the keys and the agent say, and not otherwise', async () => {
    const sshd = await server();
    const config = await readFile(sshd.sshConfigPath, 'utf8');
    const reason = async (lines: string) => {
      const sshConfigPath = join(sshd.folder, 'choice');
      await writeFile(sshConfigPath, config.replace('IdentityAgent none\n', `${lines}\n`));
      const route = await resolveRoute(sshd.alias, { sshPath: 'ssh', sshConfigPath });
      return reasonForSystemSsh(route, join(sshd.folder, 'none'));
    };
    expect(await reason('IdentityAgent none')).toBeUndefined();
    // Without a ticket a general permission for GSSAPI is no reason.
    expect(await reason('IdentityAgent none\nGSSAPIAuthentication yes')).toBeUndefined();
    expect(await reason('IdentityAgent none\nPKCS11Provider /lib/p11.so')).toContain('PKCS11Provider');
    const hardware = join(sshd.folder, 'id_sk');
    await writeFile(`${hardware}.pub`, 'sk-ssh-ed25519@openssh.com AAAA test\n');
    expect(await reason(`IdentityAgent none\nIdentityFile ${hardware}`)).toContain('hardware key');

    const socket = join(sshd.folder, 'agent.sock');
    const { stdout } = await run('ssh-agent', ['-a', socket]);
    const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(stdout)?.[1]);
    cleanups.push(() => Promise.resolve(process.kill(pid)));
    expect(await reason(`IdentityAgent ${socket}`)).toBeUndefined();
    const key = await makeKey(join(sshd.folder, 'in-agent'));
    const authority = await makeKey(join(sshd.folder, 'authority'));
    await run('ssh-keygen', ['-q', '-s', authority, '-I', 'ada', '-n', 'root', `${key}.pub`]);
    await run('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
    expect(await reason(`IdentityAgent ${socket}`)).toContain(
      'the agent has a ssh-ed25519-cert-v01@openssh.com key',
    );
    expect(await reason(`IdentityAgent ${socket}\nIdentitiesOnly yes`)).toBeUndefined();
  });
});

describe('the ssh program', () => {
  it('asks for a passphrase in the dialog, again when it was wrong, and logs nothing of it', async () => {
    const sshd = await server();
    const key = await makeKey(join(sshd.folder, 'locked'), 'ed25519', 'sesame');
    await appendFile(join(sshd.folder, 'authorized_keys'), await readFile(`${key}.pub`));
    await rewrite(sshd.sshConfigPath, (text) => text.replace(sshd.identityPath, key));
    const environment = environmentFor(sshd, { passphrases: ['wrong', 'sesame'] });
    const { transport } = await open(sshd, environment, 'system');
    expect((await transport.exec('echo in')).stdout).toBe('in\n');
    expect(environment.passphrasesAsked).toEqual([
      { keyPath: key, attempt: 1 },
      { keyPath: key, attempt: 2 },
    ]);
    expect(environment.logged.join('\n')).not.toContain('sesame');
  });

  it('announces a key that is to be touched until ssh goes on', async () => {
    const sshd = await server();
    const announced: string[] = [];
    const prompts = new SystemSshPrompts([], environmentFor(sshd), {
      onPrompt: () => undefined,
      giveUp: (error) => announced.push(error.message),
      announce: (message) => announced.push(message),
    });
    const folder = await mkdtemp(join(tmpdir(), 'ttt-askpass-'));
    cleanups.push(() => rm(folder, { recursive: true }));
    const bridge = await startAskpassBridge(folder, { path: process.execPath, env: {} }, prompts.answer);
    cleanups.push(() => bridge.close());
    // As ssh does: it starts the program, and ends it when the key was touched.
    const asking = spawn(bridge.env['SSH_ASKPASS'] ?? '', ['Confirm user presence for key ED25519-SK'], {
      env: { ...process.env, ...bridge.env, SSH_ASKPASS_PROMPT: 'none' },
      stdio: 'ignore',
    });
    const ended = once(asking, 'exit');
    await expect.poll(() => announced).toEqual(['Confirm user presence for key ED25519-SK']);
    asking.kill();
    await ended;
    expect(announced).toHaveLength(1);
  });

  it('stops at the first cancel and leaves nothing behind', async () => {
    const sshd = await server();
    await writeFile(sshd.knownHostsPath, await trustedLine(sshd));
    const key = await makeKey(join(sshd.folder, 'locked'), 'ed25519', 'sesame');
    await appendFile(join(sshd.folder, 'authorized_keys'), await readFile(`${key}.pub`));
    await rewrite(sshd.sshConfigPath, (text) => text.replace(sshd.identityPath, key));
    const before = await privateFolders();
    const environment = environmentFor(sshd, { passphrases: [undefined, 'sesame'] });
    expect((await refusalOf(open(sshd, environment, 'system'))).code).toBe('cancelled');
    expect(environment.passphrasesAsked).toHaveLength(1);
    await expect.poll(() => connectionsTo(sshd.port)).toBe(0);
    await expect.poll(() => privateFolders(before)).toEqual([]);
  });

  it('does not take a key that the person does not trust, nor one that has changed under "no"', async () => {
    const sshd = await server({ clientConfig: ['  StrictHostKeyChecking no'] });
    const other = await makeKey(join(sshd.folder, 'other'));
    const [type, blob] = (await readFile(`${other}.pub`, 'utf8')).split(' ');
    await writeFile(sshd.knownHostsPath, `[127.0.0.1]:${sshd.port} ${type} ${blob}\n`);
    const changed = await refusalOf(open(sshd, environmentFor(sshd), 'system'));
    expect(changed).toMatchObject({ code: 'host-key-changed', isTransient: false });
    const asking = await server();
    const environment = environmentFor(asking, { trust: false });
    expect((await refusalOf(open(asking, environment, 'system'))).code).toBe('host-key-refused');
    expect(await asking.log()).not.toContain('Accepted');
    expect(existsSync(environment.knownHostsPath)).toBe(false);
  });

  it('goes through jump hosts, each with a key that is asked about and kept in our store', async () => {
    const [gate, gpu] = [await server(), await server()];
    await rewrite(gpu.sshConfigPath, (text) =>
      [
        text,
        '  ProxyJump gate',
        'Host gate',
        '  HostName 127.0.0.1',
        `  Port ${gate.port}`,
        '  User root',
        `  IdentityFile ${gate.identityPath}`,
        '  IdentityAgent none',
        `  UserKnownHostsFile ${gate.knownHostsPath}`,
        '',
      ].join('\n'),
    );
    const environment = environmentFor(gpu);
    const { transport } = await open(gpu, environment, 'system');
    expect((await transport.exec('echo $HOME')).stdout.trim()).toBe(gpu.home);
    expect(environment.questions.map(({ alias, fingerprint }) => [alias, fingerprint])).toEqual([
      ['gate', gate.hostKeyFingerprint],
      ['loopback', gpu.hostKeyFingerprint],
    ]);
    expect(existsSync(gate.knownHostsPath)).toBe(false);
    expect((await readFile(environment.knownHostsPath, 'utf8')).trim().split('\n')).toHaveLength(2);
  });

  it('tells its own end from a command that ends with the same code', async () => {
    const sshd = await server();
    const { transport } = await open(sshd, environmentFor(sshd), 'system');
    const process = await transport.spawn('echo out; echo err >&2; exit 255');
    const output: string[] = [];
    process.stdout.on('data', (chunk: Buffer) => output.push(chunk.toString()));
    process.stderr.on('data', (chunk: Buffer) => output.push(chunk.toString()));
    expect(await process.exited).toEqual({ code: 255, signal: undefined });
    expect(output.sort()).toEqual(['err\n', 'out\n']);
    expect((await transport.exec('exit 255')).code).toBe(255);
    const lost = await transport.spawn('kill -9 $PPID; sleep 600');
    lost.stdout.resume();
    lost.stderr.resume();
    expect(await lost.exited).toEqual({ code: undefined, signal: undefined });
  });

  it('does not log in a second time when the shared connection has gone', async () => {
    const sshd = await server();
    const proxy = await startTcpProxy({ port: sshd.port });
    cleanups.push(() => proxy.close());
    await rewrite(sshd.sshConfigPath, (text) => text.replace(`Port ${sshd.port}`, `Port ${proxy.port}`));
    const { transport } = await open(sshd, environmentFor(sshd), 'system');
    await Promise.all(Array.from({ length: 5 }, () => transport.exec(':')));
    const closed = new Promise((resolve) => transport.onClosed(resolve));
    proxy.reset();
    expect(await closed).toMatchObject({ code: 'lost' });
    expect((await refusalOf(transport.exec(':'))).code).toBe('lost');
    expect(proxy.accepted).toBe(1);
  });

  it('leaves neither a connection nor a file when it is closed', async () => {
    const sshd = await server();
    const before = await privateFolders();
    const { transport } = await open(sshd, environmentFor(sshd), 'system');
    expect(await privateFolders(before)).not.toEqual([]);
    await transport.close();
    await expect.poll(() => connectionsTo(sshd.port)).toBe(0);
    await expect.poll(() => privateFolders(before)).toEqual([]);
  });

  it('says that a host is not there, which may be tried again', async () => {
    const sshd = await server();
    const port = await freePort();
    await rewrite(sshd.sshConfigPath, (text) => text.replace(`Port ${sshd.port}`, `Port ${port}`));
    const refusal = await refusalOf(open(sshd, environmentFor(sshd), 'system'));
    expect(refusal).toMatchObject({ code: 'unreachable', isTransient: true });
    expect(refusal.message).toContain('Connection refused');
  });

  it('opens a connection for each session where it cannot share one', async () => {
    const sshd = await server();
    await writeFile(sshd.knownHostsPath, await trustedLine(sshd));
    const environment = environmentFor(sshd);
    const route = await resolveRoute(sshd.alias, environment);
    const transport = createSystemSshTransport(
      await openSystemSsh(route, environment, never, { isShared: false }),
    );
    expect((await transport.exec('echo in')).stdout).toBe('in\n');
    expect((await transport.exec('exit 255')).code).toBe(255);
    await transport.close();
    await rewrite(sshd.sshConfigPath, (text) => text.replace(`Port ${sshd.port}`, 'Port 1'));
    const away = await resolveRoute(sshd.alias, environment);
    const failing = createSystemSshTransport(
      await openSystemSsh(away, environment, never, { isShared: false }),
    );
    expect((await refusalOf(failing.exec(':'))).code).toBe('unreachable');
    await failing.close();
  });
});

const passwordServers = (await canChangePasswords()) ? ['password', 'keyboard-interactive'] : [];
describe.each(passwordServers)('the ssh program with a server that takes only %s', (method) => {
  it('asks in the dialog, and never a second time after a refusal of the last', async () => {
    const sshd = await server({
      config:
        method === 'password'
          ? ['PasswordAuthentication yes', 'PubkeyAuthentication no']
          : ['UsePAM yes', 'KbdInteractiveAuthentication yes', 'PubkeyAuthentication no'],
      wrapper: await withPassword('open sesame'),
      clientConfig: ['  NumberOfPasswordPrompts 1'],
    });
    const answers = (value: string) =>
      method === 'password' ? { passwords: [value] } : { answers: [[value]] };
    const wrong = await refusalOf(open(sshd, environmentFor(sshd, answers('wrong')), 'system'));
    expect(wrong).toMatchObject({ code: 'authentication-failed', isTransient: false });
    const environment = environmentFor(sshd, answers('open sesame'));
    const { transport } = await open(sshd, environment, 'system');
    await Promise.all(Array.from({ length: 4 }, () => transport.exec(':')));
    const asked = [...environment.passwordsAsked, ...environment.serverQuestions];
    expect(asked).toHaveLength(1);
    expect(environment.logged.join('\n')).not.toContain('sesame');
  });
});

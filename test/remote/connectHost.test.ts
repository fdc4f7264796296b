import { cleanupsAfterEach } from './cleanups';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { connectHost } from '../../src/remote/connectHost';
import type { HostClient, HostEnvironment } from '../../src/remote/hostClient';
import { Secret } from '../../src/remote/login/secret';
import { forgetHostKey } from '../../src/remote/hostKeys/knownHostsStore';
import { fingerprintOfFile, freePort, makeKey, startSshd, type Sshd } from '../support/sshd';
import {
  connectionsTo,
  environmentFor,
  fakeRunnerPath,
  fakeSpec,
  newSessionId,
  never,
  noProgress,
  refusalOf,
  toolsWithout,
} from './hostFixture';

const run = promisify(execFile);
const cleanups = cleanupsAfterEach();
const { server } = cleanups;

async function connect(sshd: Sshd, environment: HostEnvironment, alias = sshd.alias): Promise<HostClient> {
  const client = await connectHost({ kind: 'ssh', alias }, environment, never);
  cleanups.push(() => client.close());
  return client;
}

const sha256OfFile = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

describe('a host key', () => {
  it('is asked about once with its fingerprint, pinned, and then known in silence', async () => {
    const sshd = await server();
    const first = environmentFor(sshd);
    await (await connect(sshd, first)).close();
    expect(first.questions).toEqual([
      {
        name: `[127.0.0.1]:${sshd.port}`,
        alias: 'loopback',
        keyType: 'ssh-ed25519',
        fingerprint: sshd.hostKeyFingerprint,
        alsoKnownAs: [],
      },
    ]);
    expect((await stat(first.knownHostsPath)).mode & 0o777).toBe(0o600);

    const second = environmentFor(sshd);
    await connect(sshd, second);
    expect(second.questions).toEqual([]);
  });

  it('is asked about with no connection open', async () => {
    const sshd = await server();
    let connectionsDuringQuestion = -1;
    const environment = environmentFor(sshd);
    const asking: HostEnvironment = {
      ...environment,
      prompts: {
        ...environment.prompts,
        async trustHostKey() {
          connectionsDuringQuestion = await connectionsTo(sshd.port);
          return true;
        },
      },
    };
    await connect(sshd, asking);
    expect(connectionsDuringQuestion).toBe(0);
  });

  it('that the person does not trust ends the attempt, and nothing is pinned', async () => {
    const sshd = await server();
    const environment = environmentFor(sshd, { trust: false });
    const refusal = await refusalOf(connect(sshd, environment));
    expect(refusal.code).toBe('host-key-refused');
    expect(refusal.isTransient).toBe(false);
    expect(existsSync(environment.knownHostsPath)).toBe(false);
    expect(await sshd.log()).not.toContain('Accepted');
  });

  it('that has changed is refused with both fingerprints and the way to forget the old one', async () => {
    const sshd = await server();
    const other = await makeKey(join(sshd.folder, 'other'));
    const [type, blob] = (await readFile(`${other}.pub`, 'utf8')).split(' ');
    await writeFile(sshd.knownHostsPath, `# mine\n[127.0.0.1]:${sshd.port} ${type} ${blob}\n`);
    const environment = environmentFor(sshd);
    const refusal = await refusalOf(connect(sshd, environment));
    expect(refusal.code).toBe('host-key-changed');
    expect(refusal.message).toContain(sshd.hostKeyFingerprint);
    expect(refusal.message).toContain(`${sshd.knownHostsPath}:2`);
    expect(refusal.advice).toContain(`ssh-keygen -R '[127.0.0.1]:${sshd.port}' -f '${sshd.knownHostsPath}'`);
    expect(environment.questions).toEqual([]);
  });

  it.each(['yes', 'accept-new', 'ask', 'no', 'off'])(
    'that has changed is refused whatever the answers are, under StrictHostKeyChecking %s',
    async (policy) => {
      const sshd = await server({ clientConfig: [`  StrictHostKeyChecking ${policy}`] });
      const other = await readFile(`${await makeKey(join(sshd.folder, 'other'))}.pub`, 'utf8');
      const line = `[127.0.0.1]:${sshd.port} ${other.split(' ').slice(0, 2).join(' ')}\n`;
      const environment = environmentFor(sshd, { trust: true });
      // In our own store as well as in the user's.
      for (const path of [sshd.knownHostsPath, environment.knownHostsPath]) {
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, line);
        expect((await refusalOf(connect(sshd, environment))).code).toBe('host-key-changed');
        expect(await readFile(path, 'utf8')).toBe(line);
        await rm(path);
      }
      expect(environment.questions).toEqual([]);
      expect(await sshd.log()).not.toContain('Accepted');
    },
  );

  it('of another type than the known one is asked about as such, and refused where nobody may be asked', async () => {
    const sshd = await server();
    const rsa = await readFile(`${await makeKey(join(sshd.folder, 'rsa'), 'rsa')}.pub`, 'utf8');
    await writeFile(sshd.knownHostsPath, `[127.0.0.1]:${sshd.port} ${rsa}`);
    const fingerprint = await fingerprintOfFile(join(sshd.folder, 'rsa.pub'));
    for (const setting of ['StrictHostKeyChecking yes', 'BatchMode yes']) {
      const config = await readFile(sshd.sshConfigPath, 'utf8');
      const sshConfigPath = join(sshd.folder, 'strict');
      await writeFile(sshConfigPath, `${config}  ${setting}\n`);
      const strict = environmentFor(sshd, { sshConfigPath });
      expect((await refusalOf(connect(sshd, strict))).code).toBe('host-key-changed');
      expect(strict.questions).toEqual([]);
    }
    const no = environmentFor(sshd, { trust: false });
    expect((await refusalOf(connect(sshd, no))).code).toBe('host-key-refused');
    const yes = environmentFor(sshd);
    await connect(sshd, yes);
    expect(yes.questions).toMatchObject([
      {
        keyType: 'ssh-ed25519',
        fingerprint: sshd.hostKeyFingerprint,
        knownInstead: { keyType: 'ssh-rsa', fingerprint, place: `${sshd.knownHostsPath}:1` },
      },
    ]);
    const again = environmentFor(sshd);
    await connect(sshd, again);
    expect(again.questions).toEqual([]);
  });

  it('known by another name is shown with that name', async () => {
    const sshd = await server();
    const line = (await readFile(`${sshd.hostKeyPath}.pub`, 'utf8')).trim();
    await writeFile(sshd.knownHostsPath, `farm,10.0.0.7 ${line}\n`);
    const environment = environmentFor(sshd);
    await connect(sshd, environment);
    expect(environment.questions[0]?.alsoKnownAs).toEqual([`farm,10.0.0.7 (${sshd.knownHostsPath}:1)`]);
  });

  it('pinned by us can be forgotten, and is asked about again', async () => {
    const sshd = await server();
    const environment = environmentFor(sshd);
    await (await connect(sshd, environment)).close();
    expect(await forgetHostKey(environment.knownHostsPath, `[127.0.0.1]:${sshd.port}`)).toBe(1);
    await connect(sshd, environment);
    expect(environment.questions).toHaveLength(2);
  });

  it('that is revoked is refused even when it is also known', async () => {
    const sshd = await server();
    const line = (await readFile(`${sshd.hostKeyPath}.pub`, 'utf8')).trim();
    await writeFile(sshd.knownHostsPath, `[127.0.0.1]:${sshd.port} ${line}\n@revoked * ${line}\n`);
    const refusal = await refusalOf(connect(sshd, environmentFor(sshd)));
    expect(refusal.code).toBe('host-key-revoked');
  });

  it('behind a certificate authority is refused instead of asked about', async () => {
    const sshd = await server();
    const authority = await makeKey(join(sshd.folder, 'authority'));
    const line = (await readFile(`${authority}.pub`, 'utf8')).trim();
    await writeFile(sshd.knownHostsPath, `@cert-authority * ${line}\n`);
    const environment = environmentFor(sshd);
    expect((await refusalOf(connect(sshd, environment))).code).toBe('host-key-refused');
    expect(environment.questions).toEqual([]);
  });

  it('of the known type is chosen where the server has several', async () => {
    const again = await server();
    const rsa = await makeKey(join(again.folder, 'rsa'), 'rsa');
    const both = await server({ config: [`HostKey ${rsa}`] });
    const line = (await readFile(`${rsa}.pub`, 'utf8')).trim();
    await writeFile(both.knownHostsPath, `[127.0.0.1]:${both.port} ${line}\n`);
    const environment = environmentFor(both);
    await connect(both, environment);
    expect(environment.questions).toEqual([]);
  });

  it('is not asked about under StrictHostKeyChecking yes, and taken under accept-new', async () => {
    const strict = await server({ clientConfig: ['  StrictHostKeyChecking yes'] });
    expect((await refusalOf(connect(strict, environmentFor(strict)))).code).toBe('host-key-refused');
    const lenient = await server({ clientConfig: ['  StrictHostKeyChecking accept-new'] });
    const environment = environmentFor(lenient);
    await connect(lenient, environment);
    expect(environment.questions).toEqual([]);
    expect(await readFile(environment.knownHostsPath, 'utf8')).toContain(
      `[127.0.0.1]:${lenient.port} ssh-ed25519`,
    );
  });
});

describe('a login', () => {
  it('with a key that the server does not know names what was tried and what is allowed', async () => {
    const sshd = await server();
    const stranger = await makeKey(join(sshd.folder, 'stranger'));
    const config = (await readFile(sshd.sshConfigPath, 'utf8')).replace(sshd.identityPath, stranger);
    await writeFile(sshd.sshConfigPath, config);
    const refusal = await refusalOf(connect(sshd, environmentFor(sshd)));
    expect(refusal.code).toBe('authentication-failed');
    expect(refusal.message).toContain(stranger);
    expect(refusal.message).toContain('allows publickey');
    expect(refusal.isTransient).toBe(false);
  });

  it.each(['ed25519', 'rsa', 'ecdsa'])(
    'with an encrypted %s key asks for its passphrase, again when it was wrong',
    async (type) => {
      const sshd = await server();
      const key = await makeKey(join(sshd.folder, 'locked'), type, 'sesame');
      await appendFile(join(sshd.folder, 'authorized_keys'), await readFile(`${key}.pub`));
      await writeFile(
        sshd.sshConfigPath,
        (await readFile(sshd.sshConfigPath, 'utf8')).replace(sshd.identityPath, key),
      );
      const environment = environmentFor(sshd, { passphrases: ['wrong', 'sesame'] });
      await connect(sshd, environment);
      expect(environment.passphrasesAsked).toEqual([
        { keyPath: key, attempt: 1 },
        { keyPath: key, attempt: 2 },
      ]);
      expect(environment.logged.join('\n')).not.toContain('sesame');
    },
  );

  it('does not ask for the passphrase of a key that the server would not take', async () => {
    const sshd = await server();
    const key = await makeKey(join(sshd.folder, 'locked'), 'ed25519', 'sesame');
    await writeFile(
      sshd.sshConfigPath,
      (await readFile(sshd.sshConfigPath, 'utf8')).replace(sshd.identityPath, key),
    );
    const environment = environmentFor(sshd, { passphrases: ['sesame'] });
    expect((await refusalOf(connect(sshd, environment))).code).toBe('authentication-failed');
    expect(environment.passphrasesAsked).toEqual([]);
  });

  it('is given up when the person cancels, and after three wrong passphrases', async () => {
    const sshd = await server();
    const key = await makeKey(join(sshd.folder, 'locked'), 'ed25519', 'sesame');
    await appendFile(join(sshd.folder, 'authorized_keys'), await readFile(`${key}.pub`));
    await writeFile(
      sshd.sshConfigPath,
      (await readFile(sshd.sshConfigPath, 'utf8')).replace(sshd.identityPath, key),
    );
    expect((await refusalOf(connect(sshd, environmentFor(sshd, { passphrases: [undefined] })))).code).toBe(
      'cancelled',
    );
    const wrong = environmentFor(sshd, { passphrases: ['a', 'b', 'c', 'sesame'] });
    expect((await refusalOf(connect(sshd, wrong))).code).toBe('authentication-failed');
    expect(wrong.passphrasesAsked).toHaveLength(3);
  });

  it('calls again without a second question when the server hung up during the question', async () => {
    const sshd = await server({ config: ['LoginGraceTime 3'] });
    const key = await makeKey(join(sshd.folder, 'locked'), 'ed25519', 'sesame');
    await appendFile(join(sshd.folder, 'authorized_keys'), await readFile(`${key}.pub`));
    await writeFile(
      sshd.sshConfigPath,
      (await readFile(sshd.sshConfigPath, 'utf8')).replace(sshd.identityPath, key),
    );
    const environment = environmentFor(sshd);
    let asked = 0;
    const slow: HostEnvironment = {
      ...environment,
      prompts: {
        ...environment.prompts,
        async passphrase() {
          asked++;
          // Answers only once the server has lost its patience and hung up.
          while ((await connectionsTo(sshd.port)) > 0)
            await new Promise((resolve) => setTimeout(resolve, 50));
          return new Secret('sesame');
        },
      },
    };
    await connect(sshd, slow);
    expect(asked).toBe(1);
  });

  it('goes through an agent when the key file is not here, and leaves it alone when it is told none', async () => {
    const sshd = await server();
    const socket = join(sshd.folder, 'agent.sock');
    const { stdout } = await run('ssh-agent', ['-a', socket]);
    const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(stdout)?.[1]);
    cleanups.push(() => Promise.resolve(process.kill(pid)));
    const original = await readFile(sshd.sshConfigPath, 'utf8');
    for (const [name, type] of [
      ['rsa-in-agent', 'rsa'],
      ['ecdsa-in-agent', 'ecdsa'],
    ] as const) {
      const key = await makeKey(join(sshd.folder, name), type);
      await run('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
      await writeFile(join(sshd.folder, 'authorized_keys'), await readFile(`${key}.pub`));
      await rm(key);
      const config = original
        .replace(/IdentityFile .*/, `IdentityFile ${sshd.folder}/absent`)
        .replace(/IdentityAgent .*/, `IdentityAgent ${socket}`);
      await writeFile(sshd.sshConfigPath, config);
      await (await connect(sshd, environmentFor(sshd))).close();
      await writeFile(sshd.sshConfigPath, config.replace(/IdentityAgent .*/, 'IdentityAgent none'));
      expect((await refusalOf(connect(sshd, environmentFor(sshd)))).code).toBe('authentication-failed');
      await writeFile(sshd.sshConfigPath, `${config}  IdentitiesOnly yes\n`);
      expect((await refusalOf(connect(sshd, environmentFor(sshd)))).code).toBe('authentication-failed');
    }
  });

  it('offers the named key first, so that an agent full of others does not use up the attempts', async () => {
    const sshd = await server({ config: ['MaxAuthTries 2'] });
    const socket = join(sshd.folder, 'agent.sock');
    const { stdout } = await run('ssh-agent', ['-a', socket]);
    const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(stdout)?.[1]);
    cleanups.push(() => Promise.resolve(process.kill(pid)));
    const keys = [];
    for (let count = 0; count < 6; count++) keys.push(await makeKey(join(sshd.folder, `other-${count}`)));
    await run('ssh-add', ['-q', ...keys, sshd.identityPath], {
      env: { ...process.env, SSH_AUTH_SOCK: socket },
    });
    const config = (await readFile(sshd.sshConfigPath, 'utf8')).replace(
      /IdentityAgent .*/,
      `IdentityAgent ${socket}`,
    );
    await writeFile(sshd.sshConfigPath, config);
    await connect(sshd, environmentFor(sshd));
  });

  it('where keys are not allowed says so', async () => {
    const sshd = await server({ config: ['PubkeyAuthentication no', 'PasswordAuthentication yes'] });
    const refusal = await refusalOf(connect(sshd, environmentFor(sshd, { passwords: ['a', 'b', 'c', 'd'] })));
    expect(refusal.code).toBe('authentication-failed');
    expect(refusal.message).toContain('The server allows password; tried: password');
  });
});

describe('a host that cannot be reached', () => {
  it('is unknown when its name has no address', async () => {
    const sshd = await server();
    const refusal = await refusalOf(connect(sshd, environmentFor(sshd), 'no-such-host.invalid'));
    // Without any name server the answer is "later"; then it is unreachable, which is also right.
    expect(['unknown-host', 'unreachable']).toContain(refusal.code);
    expect((await refusalOf(connect(sshd, environmentFor(sshd), '-oProxyCommand=x'))).code).toBe(
      'unknown-host',
    );
  });

  it('is unreachable when nothing listens, and when what listens says nothing', async () => {
    const sshd = await server({ clientConfig: ['  ConnectTimeout 1'] });
    const silent = createServer(() => undefined);
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    cleanups.push(() => Promise.resolve(silent.close()));
    const address = silent.address();
    const silentPort = address !== null && typeof address !== 'string' ? address.port : 0;
    for (const port of [await freePort(), silentPort]) {
      const config = (await readFile(sshd.sshConfigPath, 'utf8')).replace(/Port \d+/, `Port ${port}`);
      const sshConfigPath = join(sshd.folder, `config-${port}`);
      await writeFile(sshConfigPath, config);
      const refusal = await refusalOf(connect(sshd, environmentFor(sshd, { sshConfigPath })));
      expect(refusal.code).toBe('unreachable');
      expect(refusal.isTransient).toBe(true);
    }
  });

  it('can be cancelled while it does not answer', async () => {
    const sshd = await server();
    const silent = createServer(() => controller.abort());
    const controller = new AbortController();
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    cleanups.push(() => Promise.resolve(silent.close()));
    const address = silent.address();
    const port = address !== null && typeof address !== 'string' ? address.port : 0;
    await writeFile(
      sshd.sshConfigPath,
      (await readFile(sshd.sshConfigPath, 'utf8')).replace(/Port \d+/, `Port ${port}`),
    );
    const refusal = await refusalOf(
      connectHost({ kind: 'ssh', alias: sshd.alias }, environmentFor(sshd), controller.signal),
    );
    expect(refusal.code).toBe('cancelled');
  });
});

describe.each(['ssh2', 'system'] as const)('a host that allows one session (%s)', (sshTransport) => {
  it('is used for everything at once over one login', async () => {
    // Ended below, by the test itself.
    const sshd = await startSshd({ config: ['MaxSessions 1'] });
    const client = await connect(sshd, { ...environmentFor(sshd), sshTransport });
    const ids = [newSessionId(), newSessionId()];
    for (const id of ids) await client.start(fakeSpec(id, 3), noProgress, never);
    const attachments = await Promise.all(
      ids.map((id) =>
        client.attach(id, 1, { onEntries: noProgress, onVerdict: noProgress, onLost: noProgress }),
      ),
    );
    expect(attachments.map(({ lastSeq }) => lastSeq)).toEqual([3, 3]);
    expect(await client.list(never)).toHaveLength(2);
    const evaluation = await client.evaluate(fakeSpec(newSessionId(), 3), 'four', noProgress, never);
    expect(evaluation.outcome).toMatchObject({ kind: 'valid' });
    for (const attachment of attachments) await attachment.close();
    expect((await sshd.log()).match(/Accepted/g)).toHaveLength(1);
    const closed = new Promise((resolve) => client.onClosed(resolve));
    await sshd.stop();
    expect(await closed).toMatchObject({ code: 'lost' });
  });
});

describe('making a host ready', () => {
  it('puts the runner under its content address, once', async () => {
    const sshd = await server();
    const environment = environmentFor(sshd);
    await (await connect(sshd, environment)).close();
    const sha256 = await sha256OfFile(fakeRunnerPath);
    const path = join(sshd.home, '.ttt-discover', 'runner', sha256, 'runner.cjs');
    expect(await sha256OfFile(path)).toBe(sha256);
    const before = await stat(path);
    await (await connect(sshd, environment)).close();
    expect((await stat(path)).ino).toBe(before.ino);
  });

  it('replaces a runner that was damaged on the host', async () => {
    const sshd = await server();
    const environment = environmentFor(sshd);
    await (await connect(sshd, environment)).close();
    const sha256 = await sha256OfFile(fakeRunnerPath);
    const path = join(sshd.home, '.ttt-discover', 'runner', sha256, 'runner.cjs');
    await writeFile(path, 'process.exit(0)');
    await connect(sshd, environment);
    expect(await sha256OfFile(path)).toBe(sha256);
  });

  it('uploads Node where the host has none, checked and named by its content', async () => {
    const tools = await toolsWithout(['node', 'nodejs']);
    cleanups.push(() => tools.remove());
    const sshd = await server({ path: tools.path });
    expect((await refusalOf(connect(sshd, environmentFor(sshd)))).code).toBe('no-runtime');
    const environment = environmentFor(sshd, { nodeBinary: process.execPath });
    const client = await connect(sshd, environment);
    const sha256 = await sha256OfFile(process.execPath);
    expect(client.description).toContain(`runtime/node-${sha256}/bin/node`);
    expect(await sha256OfFile(join(sshd.home, '.ttt-discover/runtime', `node-${sha256}`, 'bin/node'))).toBe(
      sha256,
    );
    await client.close();
    // The second time it is found there, and nothing is asked for.
    const again = await connect(sshd, environmentFor(sshd));
    expect(again.description).toContain(`runtime/node-${sha256}/bin/node`);
  });

  it('passes over a Node that hangs, is too old or does not run', async () => {
    const tools = await toolsWithout(['node', 'nodejs']);
    cleanups.push(() => tools.remove());
    const sshd = await server({ path: tools.path });
    for (const [version, script] of [
      ['v12.0.0', 'echo 12.0.0'],
      ['v20.1.0', 'exec sleep 600'],
      ['v21.0.0', 'echo broken >&2; exit 1'],
    ] as const) {
      const folder = join(sshd.home, '.nvm/versions/node', version, 'bin');
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'node'), `#!/bin/sh\n${script}\n`);
      await chmod(join(folder, 'node'), 0o755);
    }
    const refusal = await refusalOf(connect(sshd, environmentFor(sshd)));
    expect(refusal.code).toBe('no-runtime');
    expect(refusal.message).toContain('found: 12.0.0');
  });

  it('says that there is no space, and leaves no half file', async () => {
    const tools = await toolsWithout(['node', 'nodejs']);
    cleanups.push(() => tools.remove());
    // A limit on the size of files stands for a full disk or a quota.
    const sshd = await server({ path: tools.path, wrapper: ['prlimit', '--fsize=4000000'] });
    const refusal = await refusalOf(connect(sshd, environmentFor(sshd, { nodeBinary: process.execPath })));
    expect(refusal.code).toBe('no-space');
    const left = await readdir(join(sshd.home, '.ttt-discover/runtime'), { recursive: true });
    expect(left.filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('says which folder cannot be written', async () => {
    const sshd = await server();
    await writeFile(join(sshd.home, 'file'), '');
    const refusal = await refusalOf(connect(sshd, environmentFor(sshd, { root: '~/file/root' })));
    expect(refusal.code).toBe('bootstrap-failed');
    expect(refusal.message).toContain(join(sshd.home, 'file/root'));
  });

  it('works under a root folder with spaces and quotes in its name', async () => {
    const sshd = await server();
    const client = await connect(sshd, environmentFor(sshd, { root: `~/it's "my" $root` }));
    expect(await client.list(never)).toEqual([]);
    expect(existsSync(join(sshd.home, `it's "my" $root`, 'runner'))).toBe(true);
  });
});

const shells = ['/bin/bash', '/bin/dash', '/usr/bin/fish', '/usr/bin/tcsh', '/usr/bin/zsh'].filter(
  existsSync,
);
describe.each(shells)('behind the login shell %s', (shell) => {
  it('with start-up files that print, sessions are started, listed and evaluated', async () => {
    const sshd = await server({ shell });
    const noise = 'echo "Welcome @@to@@ the cluster"; echo noise >&2\n';
    for (const name of ['.bashrc', '.zshenv', '.tcshrc', '.cshrc'])
      await writeFile(join(sshd.home, name), noise);
    await mkdir(join(sshd.home, '.config/fish'), { recursive: true });
    await writeFile(join(sshd.home, '.config/fish/config.fish'), 'echo Welcome; echo noise >&2\n');
    const client = await connect(sshd, environmentFor(sshd));
    const id = newSessionId();
    const said: string[] = [];
    const session = await client.start(fakeSpec(id, 3), (message) => said.push(message), never);
    expect(session.sessionId).toBe(id);
    expect(said).toEqual(['Making the environment']);
    expect((await client.list(never)).map(({ sessionId }) => sessionId)).toEqual([id]);
    const evaluation = await client.evaluate(fakeSpec(id, 3), 'four', noProgress, never);
    expect(evaluation.outcome).toMatchObject({ kind: 'valid', value: 4 });
    const attachment = await client.attach(id, 1, {
      onEntries: noProgress,
      onVerdict: noProgress,
      onLost: noProgress,
    });
    expect(attachment.lastSeq).toBe(3);
    await attachment.close();
  });
});

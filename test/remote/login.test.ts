import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { AuthContext } from 'ssh2';
import { describe, expect, it } from 'vitest';
import type { HostEnvironment } from '../../src/remote/hostClient';
import { Secret } from '../../src/remote/login/secret';
import { openSshTransport } from '../../src/remote/openTransport';
import type { Transport } from '../../src/remote/transport';
import { canChangePasswords, startLoginServer, withPassword, type LoginServer } from '../support/loginServer';
import { makeKey, type Sshd } from '../support/sshd';
import { cleanupsAfterEach } from './cleanups';
import { connectionsTo, environmentFor, never, noProgress, refusalOf } from './hostFixture';

const run = promisify(execFile);
const cleanups = cleanupsAfterEach();
const { server } = cleanups;

async function loginServer(
  decide: (context: AuthContext) => void,
  clientConfig?: readonly string[],
): Promise<LoginServer> {
  const started = await startLoginServer(decide, clientConfig);
  cleanups.push(() => started.close());
  return started;
}

async function open(
  host: { readonly alias: string },
  environment: HostEnvironment,
  signal = never,
): Promise<Transport> {
  const { transport } = await openSshTransport(host.alias, environment, signal, noProgress);
  cleanups.push(() => transport.close());
  return transport;
}

async function agentWith(sshd: Sshd, keyPath: string): Promise<string> {
  const socket = join(sshd.folder, 'agent.sock');
  const { stdout } = await run('ssh-agent', ['-a', socket]);
  const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(stdout)?.[1]);
  cleanups.push(() => Promise.resolve(process.kill(pid)));
  await run('ssh-add', ['-q', keyPath], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
  return socket;
}

async function rewrite(path: string, change: (text: string) => string): Promise<void> {
  await writeFile(path, change(await readFile(path, 'utf8')));
}

const count = async (sshd: Sshd, pattern: RegExp) => (await sshd.log()).match(pattern)?.length ?? 0;

const passwordServers = (await canChangePasswords()) ? ['password', 'keyboard-interactive'] : [];
const passwordConfig = (method: string) =>
  method === 'password'
    ? ['PasswordAuthentication yes', 'PubkeyAuthentication no']
    : ['UsePAM yes', 'KbdInteractiveAuthentication yes', 'PubkeyAuthentication no'];

describe.each(passwordServers)('a real server that takes only %s', (method) => {
  const answers = (...values: (string | undefined)[]) =>
    method === 'password'
      ? { passwords: values }
      : { answers: values.map((value) => (value === undefined ? undefined : [value])) };

  it('is logged in to with the right password, after a wrong one', async () => {
    const sshd = await server({ config: passwordConfig(method), wrapper: await withPassword('open sesame') });
    const environment = environmentFor(sshd, answers('wrong', 'open sesame'));
    const transport = await open(sshd, environment);
    expect((await transport.exec('echo in')).stdout).toBe('in\n');
    const asked = method === 'password' ? environment.passwordsAsked : environment.serverQuestions;
    expect(asked.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(asked[0]?.account).toMatch(new RegExp(`^root@127.0.0.1:${sshd.port} \\(loopback\\)$`));
    if (method !== 'password') {
      expect(environment.serverQuestions[0]?.prompts).toEqual([
        { text: expect.stringMatching(/password:/i) as string, isSecret: true },
      ]);
    }
    expect(environment.logged.join('\n')).not.toMatch(/sesame|wrong/);
  });

  it('is not asked again after a cancel or a refusal', async () => {
    const sshd = await server({
      config: passwordConfig(method),
      wrapper: await withPassword('open sesame'),
      clientConfig: ['  NumberOfPasswordPrompts 1'],
    });
    expect((await refusalOf(open(sshd, environmentFor(sshd, answers(undefined))))).code).toBe('cancelled');
    const refusal = await refusalOf(open(sshd, environmentFor(sshd, answers('wrong', 'open sesame'))));
    expect(refusal).toMatchObject({ code: 'authentication-failed', isTransient: false });
    expect(refusal.message).toContain(method);
    expect(await count(sshd, /Failed|authentication failure/g)).toBeLessThanOrEqual(2);
  });

  it('that hangs up while the person types is called again with the answer', async () => {
    const sshd = await server({
      config: [...passwordConfig(method), 'LoginGraceTime 2'],
      wrapper: await withPassword('open sesame'),
    });
    const environment = environmentFor(sshd, answers('open sesame'));
    let asked = 0;
    const slowly = async () => {
      asked++;
      await expect.poll(() => connectionsTo(sshd.port), { timeout: 20_000 }).toBe(0);
    };
    const transport = await open(sshd, {
      ...environment,
      prompts: {
        ...environment.prompts,
        password: async (question) => {
          await slowly();
          return environment.prompts.password(question);
        },
        answers: async (question) => {
          await slowly();
          return environment.prompts.answers(question);
        },
      },
    });
    expect((await transport.exec('echo in')).stdout).toBe('in\n');
    expect(asked).toBe(1);
  });
});

describe.each(passwordServers.slice(0, 1))('a real server that wants a key and then a %s', () => {
  it.each(['a file', 'a file under a passphrase', 'an agent', 'an rsa file'])(
    'takes the key from %s',
    async (source) => {
      const sshd = await server({
        config: [
          'PasswordAuthentication yes',
          'AuthenticationMethods publickey,password',
          'LogLevel VERBOSE',
        ],
        wrapper: await withPassword('open sesame'),
      });
      const passphrase = source.includes('passphrase') ? 'locked' : '';
      const key = await makeKey(
        join(sshd.folder, 'other'),
        source.includes('rsa') ? 'rsa' : 'ed25519',
        passphrase,
      );
      await writeFile(join(sshd.folder, 'authorized_keys'), await readFile(`${key}.pub`));
      await rewrite(sshd.sshConfigPath, (text) => text.replace(sshd.identityPath, key));
      if (source === 'an agent') {
        const socket = await agentWith(sshd, key);
        await rm(key);
        await rewrite(sshd.sshConfigPath, (text) =>
          text.replace('IdentityAgent none', `IdentityAgent ${socket}`),
        );
      }
      const environment = environmentFor(sshd, { passphrases: ['locked'], passwords: ['open sesame'] });
      const transport = await open(sshd, environment);
      expect((await transport.exec('echo in')).stdout).toBe('in\n');
      expect(await count(sshd, /Partial publickey/g)).toBe(1);
      expect(await count(sshd, /Accepted password/g)).toBe(1);
      expect(environment.passwordsAsked).toHaveLength(1);
    },
  );
});

describe('a server with questions of its own', () => {
  const menu =
    'Duo two-factor login\n\n 1. Duo Push to XXX-1234\n 2. Phone call\n\nPasscode or option (1-2): ';

  it('has them shown in full, in rounds, after a key; a round without a question is passed over', async () => {
    const given: unknown[] = [];
    const host = await loginServer((context) => {
      if (context.method === 'publickey') {
        if (context.signature === undefined) context.accept();
        else context.reject(['keyboard-interactive'], true);
      } else if (context.method === 'keyboard-interactive') {
        context.prompt(
          [{ prompt: menu, echo: true }],
          'Second\u001b[31m factor',
          'For ada\u0007',
          (first) => {
            given.push(first);
            context.prompt([], '', 'A push was sent', () => {
              const prompts = [
                { prompt: 'PIN: ', echo: false },
                { prompt: 'Token: ', echo: true },
              ];
              context.prompt(prompts, '', '', (second) => {
                given.push(second);
                context.accept();
              });
            });
          },
        );
      } else context.reject(['publickey']);
    });
    const environment = environmentFor(host, { answers: [['2'], ['1234', '567890']] });
    await open(host, environment);
    expect(environment.serverQuestions).toEqual([
      {
        account: `ada@127.0.0.1:${host.port} (login)`,
        name: 'Second factor',
        instructions: 'For ada',
        prompts: [{ text: menu, isSecret: false }],
        attempt: 1,
      },
      {
        account: `ada@127.0.0.1:${host.port} (login)`,
        name: '',
        instructions: '',
        prompts: [
          { text: 'PIN: ', isSecret: true },
          { text: 'Token: ', isSecret: false },
        ],
        attempt: 1,
      },
    ]);
    expect(given).toEqual([['2'], ['1234', '567890']]);
    expect(host.connections).toBe(1);
  });

  it('has them asked again as often as the settings say, and not once more', async () => {
    const host = await loginServer(
      (context) => {
        if (context.method !== 'keyboard-interactive') context.reject(['keyboard-interactive']);
        else
          context.prompt([{ prompt: 'Code: ', echo: true }], '', '', () =>
            context.reject(['keyboard-interactive']),
          );
      },
      ['  NumberOfPasswordPrompts 2'],
    );
    const environment = environmentFor(host, { answers: [['1'], ['2'], ['3']] });
    const refusal = await refusalOf(open(host, environment));
    expect(refusal).toMatchObject({ code: 'authentication-failed', isTransient: false });
    expect(environment.serverQuestions.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(host.connections).toBe(1);
  });

  it('is left alone when it asks nothing and refuses', async () => {
    const host = await loginServer((context) => context.reject(['keyboard-interactive']));
    const environment = environmentFor(host);
    expect((await refusalOf(open(host, environment))).code).toBe('authentication-failed');
    expect(host.tried).toEqual(['none', 'keyboard-interactive']);
  });

  it('is left alone under BatchMode', async () => {
    const host = await loginServer(
      (context) => context.reject(['keyboard-interactive', 'password']),
      ['  BatchMode yes'],
    );
    const refusal = await refusalOf(open(host, environmentFor(host, { passwords: ['x'] })));
    expect(refusal.code).toBe('authentication-failed');
    expect(refusal.advice).toContain('BatchMode');
    expect(host.tried).toEqual(['none']);
  });

  it('that hangs up during each answer is not called for ever', async () => {
    let code = 0;
    const host = await loginServer((context) => {
      if (context.method !== 'keyboard-interactive') context.reject(['keyboard-interactive']);
      // Another question each time: an answer to the one before is no answer to this one.
      else
        context.prompt([{ prompt: `Challenge ${++code}: `, echo: true }], '', '', () => context.reject([]));
    });
    const environment = environmentFor(host);
    let asked = 0;
    const refusal = await refusalOf(
      open(host, {
        ...environment,
        prompts: {
          ...environment.prompts,
          async answers() {
            asked++;
            host.hangUp();
            await expect.poll(() => host.openConnections).toBe(0);
            return [new Secret('too late')];
          },
        },
      }),
    );
    expect(refusal).toMatchObject({ code: 'authentication-failed', isTransient: false });
    expect(asked).toBe(4);
  });

  it('has its question withdrawn when the connection is given up', async () => {
    const host = await loginServer((context) => context.reject(['password']));
    const controller = new AbortController();
    const environment = environmentFor(host);
    let withdrawn = false;
    const refusal = await refusalOf(
      open(
        host,
        {
          ...environment,
          prompts: {
            ...environment.prompts,
            password: (_question, signal) =>
              new Promise((resolve) => {
                signal?.addEventListener('abort', () => {
                  withdrawn = true;
                  resolve(undefined);
                });
                controller.abort();
              }),
          },
        },
        controller.signal,
      ),
    );
    expect(refusal.code).toBe('cancelled');
    expect(withdrawn).toBe(true);
  });
});

describe('a server that wants another password', () => {
  it('gets the old one and the new one', async () => {
    const given: string[] = [];
    const host = await loginServer((context) => {
      if (context.method !== 'password') context.reject(['password']);
      else {
        given.push(context.password);
        context.requestChange('Your password has expired.', (newPassword) => {
          given.push(newPassword);
          context.accept();
        });
      }
    });
    await open(host, environmentFor(host, { passwords: ['old'], newPassword: 'new' }));
    expect(given).toEqual(['old', 'new']);
  });

  it('is left when the person does not want to', async () => {
    const host = await loginServer((context) => {
      if (context.method !== 'password') context.reject(['password']);
      else context.requestChange('Your password has expired.', () => context.accept());
    });
    const refusal = await refusalOf(open(host, environmentFor(host, { passwords: ['old'] })));
    expect(refusal.code).toBe('cancelled');
    expect(host.logins).toBe(0);
  });
});

describe('the ways to log in', () => {
  it('are tried in the preferred order, as far as they are allowed', async () => {
    const host = await loginServer(
      (context) => context.reject(['publickey', 'password', 'keyboard-interactive', 'hostbased']),
      [
        '  PreferredAuthentications password,publickey,keyboard-interactive',
        '  KbdInteractiveAuthentication no',
      ],
    );
    const environment = environmentFor(host, { passwords: ['1', '2', '3', '4'] });
    expect((await refusalOf(open(host, environment))).code).toBe('authentication-failed');
    expect(host.tried).toEqual(['none', 'password', 'password', 'password', 'publickey']);
  });
});

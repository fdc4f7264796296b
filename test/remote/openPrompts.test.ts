import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HostEnvironment, HostPrompts } from '../../src/remote/hostClient';
import { Secret } from '../../src/remote/login/secret';
import { openSshTransport } from '../../src/remote/openTransport';
import type { Transport } from '../../src/remote/transport';
import { canChangePasswords, startLoginServer, withPassword } from '../support/loginServer';
import { skipUnless } from '../support/skipHere';
import { makeKey, type Sshd } from '../support/sshd';
import { cleanupsAfterEach } from './cleanups';
import {
  connectionsTo,
  environmentFor,
  never,
  noProgress,
  refusalOf,
  type RecordingEnvironment,
} from './hostFixture';

const cleanups = cleanupsAfterEach();
const { server } = cleanups;
const hasOwnPasswords = await canChangePasswords();

/** Prompts that answer only when the server has lost its patience and hung up. */
function slow(prompts: HostPrompts, sshd: Sshd): HostPrompts {
  const hungUp = () => expect.poll(() => connectionsTo(sshd.port), { timeout: 20_000 }).toBe(0);
  return {
    ...prompts,
    async trustHostKey(question) {
      await hungUp();
      return prompts.trustHostKey(question);
    },
    async passphrase(question, signal) {
      await hungUp();
      return prompts.passphrase(question, signal);
    },
    async password(question, signal) {
      await hungUp();
      return prompts.password(question, signal);
    },
  };
}

async function open(host: { readonly alias: string }, environment: HostEnvironment): Promise<Transport> {
  const { transport } = await openSshTransport(host.alias, environment, never, noProgress);
  cleanups.push(() => transport.close());
  return transport;
}

async function serverForLockedKey(): Promise<Sshd> {
  const sshd = await server({ config: ['LoginGraceTime 2'] });
  const key = await makeKey(join(sshd.folder, 'locked'), 'ed25519', 'sesame');
  await appendFile(join(sshd.folder, 'authorized_keys'), await readFile(`${key}.pub`));
  const config = await readFile(sshd.sshConfigPath, 'utf8');
  await writeFile(sshd.sshConfigPath, config.replace(sshd.identityPath, key));
  const line = (await readFile(`${sshd.hostKeyPath}.pub`, 'utf8')).trim();
  await writeFile(sshd.knownHostsPath, `[127.0.0.1]:${sshd.port} ${line}\n`);
  return sshd;
}

type Client = 'ssh2' | 'system';

/** With both at once: most of the time is the server's patience. */
const withEachClient = (work: (client: Client) => Promise<void>) =>
  Promise.all([work('ssh2'), work('system')]);

function slowEnvironment(
  sshd: Sshd,
  sshTransport: Client,
  changes: Parameters<typeof environmentFor>[1],
): { readonly environment: RecordingEnvironment; readonly slowly: HostEnvironment } {
  const environment = environmentFor(sshd, changes);
  return { environment, slowly: { ...environment, sshTransport, prompts: slow(environment.prompts, sshd) } };
}

describe('a server that hangs up during a question', () => {
  it('about a passphrase is called again with the answer', () =>
    withEachClient(async (client) => {
      const sshd = await serverForLockedKey();
      const { environment, slowly } = slowEnvironment(sshd, client, { passphrases: ['sesame'] });
      const transport = await open(sshd, slowly);
      expect((await transport.exec('echo in')).stdout).toBe('in\n');
      expect(environment.passphrasesAsked).toHaveLength(1);
    }));

  it('about a passphrase is left alone when the person cancels', () =>
    withEachClient(async (client) => {
      const sshd = await serverForLockedKey();
      const { environment, slowly } = slowEnvironment(sshd, client, { passphrases: [undefined, 'sesame'] });
      expect((await refusalOf(open(sshd, slowly))).code).toBe('cancelled');
      expect(environment.passphrasesAsked).toHaveLength(1);
    }));

  it('about its key can be connected to all the same', () =>
    withEachClient(async (client) => {
      const sshd = await server({ config: ['LoginGraceTime 2'] });
      const { environment, slowly } = slowEnvironment(sshd, client, {});
      const transport = await open(sshd, slowly);
      expect((await transport.exec('echo in')).stdout).toBe('in\n');
      expect(environment.questions).toHaveLength(1);
    }));

  it('about a password is called again with the answer', async (context) => {
    skipUnless(context, hasOwnPasswords, 'passwords of an account, which need root and unshare');
    await withEachClient(async (client) => {
      const sshd = await server({
        config: ['LoginGraceTime 2', 'PasswordAuthentication yes', 'PubkeyAuthentication no'],
        wrapper: await withPassword('open sesame'),
        clientConfig: ['  StrictHostKeyChecking accept-new'],
      });
      const { environment, slowly } = slowEnvironment(sshd, client, { passwords: ['open sesame'] });
      const transport = await open(sshd, slowly);
      expect((await transport.exec('echo in')).stdout).toBe('in\n');
      expect(environment.passwordsAsked).toHaveLength(1);
    });
  });

  it('each time is not called for ever', () =>
    withEachClient(async (client) => {
      let challenge = 0;
      // Another question each time: an answer to the one before is no answer to this one.
      const host = await startLoginServer((context) => {
        if (context.method !== 'keyboard-interactive') context.reject(['keyboard-interactive']);
        else
          context.prompt([{ prompt: `Challenge ${++challenge}: `, echo: true }], '', '', () =>
            context.reject([]),
          );
      });
      cleanups.push(() => host.close());
      const environment = environmentFor(host);
      let asked = 0;
      const answers = async () => {
        asked++;
        host.hangUp();
        // The ssh program sees the end only when it has its answer.
        if (client === 'ssh2') await expect.poll(() => host.openConnections).toBe(0);
        return [new Secret('too late')];
      };
      const impatient = {
        ...environment,
        sshTransport: client,
        prompts: { ...environment.prompts, answers },
      };
      const refusal = await refusalOf(open(host, impatient));
      expect(refusal).toMatchObject({ code: 'authentication-failed', isTransient: false });
      expect(refusal.advice).toContain('LoginGraceTime');
      expect(asked).toBe(client === 'ssh2' ? 4 : 5);
    }));
});

it('a server that wants a key and then a code is logged in to through the ssh program', async () => {
  const given: unknown[] = [];
  const menu = 'Duo two-factor login\n\n 1. Duo Push\n 2. Phone call\n\nPasscode or option (1-2): ';
  const host = await startLoginServer((context) => {
    if (context.method === 'publickey') {
      if (context.signature === undefined) context.accept();
      else context.reject(['keyboard-interactive'], true);
    } else if (context.method === 'keyboard-interactive') {
      context.prompt([{ prompt: menu, echo: true }], 'Second factor', 'For ada', (first) => {
        given.push(first);
        context.prompt([], '', 'A push was sent', () => context.accept());
      });
    } else context.reject(['publickey']);
  });
  cleanups.push(() => host.close());
  const environment = environmentFor(host, { answers: [['2']] });
  await open(host, { ...environment, sshTransport: 'system' });
  expect(given).toEqual([['2']]);
  expect(environment.serverQuestions).toHaveLength(1);
  expect(environment.serverQuestions[0]?.prompts[0]?.text).toContain('2. Phone call');
  expect([host.connections, host.logins]).toEqual([1, 1]);
});

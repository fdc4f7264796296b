import { describe, expect, it } from 'vitest';
import { openSshTransport } from '../../src/remote/openTransport';
import { startLoginServer } from '../support/loginServer';
import { cleanupsAfterEach } from './cleanups';
import { environmentFor, never, noProgress, refusalOf } from './hostFixture';

const cleanups = cleanupsAfterEach();
const password = 'correct horse battery staple';

async function passwordServer(isRight: boolean) {
  const host = await startLoginServer((context) => {
    if (context.method === 'password' && isRight) context.accept();
    else context.reject(['password']);
  });
  cleanups.push(() => host.close());
  const traced: string[] = [];
  const environment = {
    ...environmentFor(host, { passwords: [password, password, password] }),
    trace: (message: string) => void traced.push(message),
  };
  return { host, environment, traced };
}

describe('what is logged of a login by the ssh program', () => {
  it('is the reason for it, the algorithms and the way in; its messages stay as they are', async () => {
    const sshd = await cleanups.server();
    const environment = { ...environmentFor(sshd), sshTransport: 'system' as const };
    const { transport } = await openSshTransport(sshd.alias, environment, never, noProgress);
    const log = () => environment.logged.join('\n');
    await transport.close();
    expect(log()).toContain('with the ssh program: the settings say so');
    expect(log()).toMatch(/loopback: key exchange done, \S+25519\S*, ssh-ed25519, \S+.* \(after \d+ ms\)/);
    expect(log()).toMatch(/loopback: the server took publickey \(after \d+ ms\)/);
    expect(log()).not.toMatch(/debug1|Transferred|Bytes per second/);
  });

  it('leaves out of a failure what was said aside', async () => {
    const sshd = await cleanups.server({ config: ['PubkeyAuthentication no', 'PasswordAuthentication yes'] });
    const traced: string[] = [];
    const environment = {
      ...environmentFor(sshd, { passwords: [password, password, password] }),
      sshTransport: 'system' as const,
      trace: (message: string) => void traced.push(message),
    };
    const refusal = await refusalOf(openSshTransport(sshd.alias, environment, never, noProgress));
    expect(refusal.code).toBe('authentication-failed');
    expect(refusal.message).not.toContain('debug1');
    expect(traced.join('\n')).toContain('debug1: Authentications that can continue: password');
    expect([...traced, ...environment.logged, refusal.message].join('\n')).not.toContain(password);
  });
});

describe('what is logged of a login', () => {
  it('is the way and its reason, the algorithms, and how long each phase took', async () => {
    const { host, environment } = await passwordServer(true);
    const { transport } = await openSshTransport(host.alias, environment, never, noProgress);
    cleanups.push(() => transport.close());
    const log = environment.logged.join('\n');
    expect(log).toContain(
      `Reaching ada@127.0.0.1:${host.port} with the built-in client: nothing here needs the ssh program`,
    );
    expect(log).toMatch(
      /login: key exchange done, curve25519-sha256\S*, ssh-ed25519, \S+.* \(after \d+ ms\)/,
    );
    expect(log).toMatch(/login: logged in as ada, tried: .*password \(after \d+ ms\)/);
  });

  it('is every step where that is wanted, and the password in none of it', async () => {
    for (const isRight of [true, false]) {
      const { host, environment, traced } = await passwordServer(isRight);
      const opening = openSshTransport(host.alias, environment, never, noProgress);
      if (isRight) {
        const { transport } = await opening;
        cleanups.push(() => transport.close());
      } else {
        expect((await refusalOf(opening)).code).toBe('authentication-failed');
      }
      expect(traced.join('\n')).toContain('USERAUTH_REQUEST (password)');
      expect([...traced, ...environment.logged].join('\n')).not.toContain(password);
    }
  });
});

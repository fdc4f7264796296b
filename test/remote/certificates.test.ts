import { execFile } from 'node:child_process';
import { rm, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { openSshTransport } from '../../src/remote/openTransport';
import { makeKey, type Sshd } from '../support/sshd';
import { cleanupsAfterEach } from './cleanups';
import { environmentFor, never, noProgress, refusalOf } from './hostFixture';

const run = promisify(execFile);
const cleanups = cleanupsAfterEach();
const { server } = cleanups;

/** A server that takes whom its authority has certified, and nobody else. */
async function certifyingServer(): Promise<{ readonly sshd: Sshd; readonly authority: string }> {
  const made = await server();
  const authority = await makeKey(join(made.folder, 'authority'));
  const sshd = await server({ config: [`TrustedUserCAKeys ${authority}.pub`] });
  await writeFile(join(sshd.folder, 'authorized_keys'), '');
  return { sshd, authority };
}

const certify = (authority: string, key: string, ...options: readonly string[]) =>
  run('ssh-keygen', ['-q', '-s', authority, '-I', 'ada', ...options, `${key}.pub`]);

const principal = ['-n', userInfo().username];

describe('a user certificate', () => {
  it('in an agent alone logs in, through the ssh program', async () => {
    const { sshd, authority } = await certifyingServer();
    const key = await makeKey(join(sshd.folder, 'in-agent'));
    await certify(authority, key, ...principal);
    const socket = join(sshd.folder, 'agent.sock');
    const { stdout } = await run('ssh-agent', ['-a', socket]);
    const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(stdout)?.[1]);
    cleanups.push(() => Promise.resolve(process.kill(pid)));
    await run('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
    for (const path of [key, `${key}.pub`, `${key}-cert.pub`]) await rm(path);
    const config = await readFile(sshd.sshConfigPath, 'utf8');
    await writeFile(sshd.sshConfigPath, config.replace('IdentityAgent none', `IdentityAgent ${socket}`));
    const { transport, description } = await openSshTransport(
      sshd.alias,
      environmentFor(sshd),
      never,
      noProgress,
    );
    cleanups.push(() => transport.close());
    expect(description).toContain('the agent has a ssh-ed25519-cert-v01@openssh.com key');
    expect((await transport.exec('echo in')).stdout).toBe('in\n');
    expect(await sshd.log()).toContain('Accepted publickey');
  });

  it.each([
    ['has expired', [...principal, '-V', '20200101:20200102']],
    ['is for somebody else', ['-n', 'grace']],
  ])('that %s is refused once, with what to look at', async (_what, options) => {
    const { sshd, authority } = await certifyingServer();
    await certify(authority, sshd.identityPath, ...options);
    const refusal = await refusalOf(openSshTransport(sshd.alias, environmentFor(sshd), never, noProgress));
    expect(refusal).toMatchObject({ code: 'authentication-failed', isTransient: false });
    expect(refusal.advice).toContain('certificate');
  });
});

import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connectHost } from '../../src/remote/connectHost';
import { openSshTransport } from '../../src/remote/openTransport';
import type { Transport } from '../../src/remote/transport';
import { makeKey, type Sshd } from '../support/sshd';
import { startTcpProxy } from '../support/tcpProxy';
import { cleanupsAfterEach } from './cleanups';
import { environmentFor, fakeSpec, never, newSessionId, noProgress, refusalOf } from './hostFixture';

const cleanups = cleanupsAfterEach();
const { server } = cleanups;
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

async function open(sshd: Sshd, sshTransport: 'ssh2' | 'system'): Promise<Transport> {
  const environment = { ...environmentFor(sshd), sshTransport };
  const { transport } = await openSshTransport(sshd.alias, environment, never, noProgress);
  cleanups.push(() => transport.close());
  return transport;
}

describe.each(['ssh2', 'system'] as const)('with the client "%s", a server', (sshTransport) => {
  it.each(['AllowTcpForwarding no', 'AllowStreamLocalForwarding no', 'DisableForwarding yes'])(
    'with %s carries all that a session needs',
    async (line) => {
      const sshd = await server({ config: [line] });
      const environment = { ...environmentFor(sshd), sshTransport };
      const client = await connectHost({ kind: 'ssh', alias: sshd.alias }, environment, never);
      cleanups.push(() => client.close());
      const id = newSessionId();
      await client.start(fakeSpec(id, 3), noProgress, never);
      const listener = { onEntries: noProgress, onVerdict: noProgress, onLost: noProgress };
      const attachment = await client.attach(id, 1, listener);
      expect(attachment.lastSeq).toBe(3);
      await attachment.close();
    },
  );

  it.each([
    ['another command', 'ForceCommand echo "This account is for backups."', 'for backups'],
    ['nothing but sftp', 'ForceCommand internal-sftp', ''],
    ['a command that fails', 'ForceCommand echo "No more." >&2; exit 1', 'No more.'],
  ])('that runs %s instead of what is asked for says so', async (_what, line, said) => {
    const sshd = await server({ config: [line] });
    const environment = { ...environmentFor(sshd), sshTransport };
    const refusal = await refusalOf(connectHost({ kind: 'ssh', alias: sshd.alias }, environment, never));
    expect(refusal).toMatchObject({ code: 'unsupported-host', isTransient: false });
    expect(refusal.message).toContain(said);
    expect(refusal.advice).toContain('ForceCommand');
  });

  it('with MaxSessions 10 has nothing left of fifteen commands in a row, nor of as many at once', async () => {
    const sshd = await server({ config: ['MaxSessions 10', 'LogLevel DEBUG'] });
    const transport = await open(sshd, sshTransport);
    const numbers = Array.from({ length: 15 }, (_, index) => index);
    for (const number of numbers) expect((await transport.exec(`echo ${number}`)).stdout).toBe(`${number}\n`);
    const ended = numbers.map(async () => {
      const process = await transport.spawn('exec true');
      process.stdout.resume();
      process.stderr.resume();
      return process.exited;
    });
    expect(await Promise.all(ended)).toEqual(numbers.map(() => ({ code: 0, signal: undefined })));
    // On the host: only the processes that serve the connection; and every channel was freed, the last one too.
    const others = async () => (await sshd.sessions()).filter(({ name }) => name !== 'sshd');
    await expect.poll(others).toEqual([]);
    const channels = async () => (await sshd.log()).match(/nchannels \d+/g)?.at(-1);
    await expect.poll(channels).toBe('nchannels 1');
  });

  it('with MaxAuthTries 1 takes the right key, and is not asked again after a wrong one', async () => {
    const sshd = await server({ config: ['MaxAuthTries 1'] });
    const transport = await open(sshd, sshTransport);
    expect((await transport.exec('echo in')).stdout).toBe('in\n');
    const stranger = await makeKey(join(sshd.folder, 'stranger'));
    const config = await readFile(sshd.sshConfigPath, 'utf8');
    await writeFile(sshd.sshConfigPath, config.replace(sshd.identityPath, stranger));
    const environment = { ...environmentFor(sshd), sshTransport };
    const refusal = await refusalOf(openSshTransport(sshd.alias, environment, never, noProgress));
    expect(refusal).toMatchObject({ code: 'authentication-failed', isTransient: false });
    expect(refusal.advice).not.toBe('');
    expect((await sshd.log()).match(/Connection from|Postponed|Failed publickey/g)?.length ?? 0).toBeLessThan(
      4,
    );
  });
});

it.each([
  // Five seconds, whatever the machine: the limit on the link makes it so.
  ['RekeyLimit default 2s', { bytesPerSecond: 1_200_000, delayMs: 10 }],
  ['RekeyLimit 1M', {}],
] as const)('a server with %s takes an upload whole, with either client', async (line, link) => {
  const sshd = await server({ config: [line, 'LogLevel DEBUG'] });
  const proxy = await startTcpProxy({ port: sshd.port, ...link });
  cleanups.push(() => proxy.close());
  const config = await readFile(sshd.sshConfigPath, 'utf8');
  await writeFile(sshd.sshConfigPath, config.replace(`Port ${sshd.port}`, `Port ${proxy.port}`));
  const content = randomBytes(6_000_000);
  async function* pieces() {
    for (let at = 0; at < content.length; at += 64 * 1024)
      yield await Promise.resolve(content.subarray(at, at + 64 * 1024));
  }
  const upload = async (sshTransport: 'ssh2' | 'system') => {
    const path = join(sshd.home, sshTransport);
    const transport = await open(sshd, sshTransport);
    const target = { path, sha256: sha256(content), sizeBytes: content.length, executable: false };
    await transport.upload(pieces(), target);
    expect(sha256(await readFile(path))).toBe(sha256(content));
  };
  await Promise.all([upload('ssh2'), upload('system')]);
  // One exchange begins each of the two connections.
  const exchanges = (await sshd.log()).match(/SSH2_MSG_NEWKEYS received/g)?.length ?? 0;
  expect(exchanges).toBeGreaterThanOrEqual(6);
});

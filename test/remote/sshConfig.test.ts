import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listAliases } from '../../src/remote/sshAliases';
import { homeFolder, parseSshSettings, resolveHost } from '../../src/remote/sshConfig';
import { refusalOf } from './hostFixture';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ttt-ssh-config-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function config(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, text);
  return path;
}

describe('the settings of a host', () => {
  it('are those of ssh itself, with patterns, Match and Include', async () => {
    await config('included', 'Host gpu-*\n  Port 2201\n  IdentityFile %d/keys/%r@%h\n');
    const sshConfigPath = await config(
      'config',
      `Include ${folder}/included
Host gpu-1
  HostName 10.0.0.1
  HostKeyAlias farm
Host *
  User ada
  IdentitiesOnly yes
  StrictHostKeyChecking accept-new
  UserKnownHostsFile ${folder}/one ${folder}/two
  GlobalKnownHostsFile /dev/null
  ConnectTimeout 7
  IdentityAgent \${HOME_OF_AGENT}/agent.sock
Match host 10.0.0.1 user ada
  ServerAliveInterval 60
`,
    );
    process.env['HOME_OF_AGENT'] = '/agents';
    const host = await resolveHost('gpu-1', { sshPath: 'ssh', sshConfigPath });
    delete process.env['HOME_OF_AGENT'];
    expect(host).toEqual({
      alias: 'gpu-1',
      hostName: '10.0.0.1',
      port: 2201,
      user: 'ada',
      hostKeyAlias: 'farm',
      identityFiles: [`${homeFolder()}/keys/ada@10.0.0.1`],
      identitiesOnly: true,
      agentSocket: '/agents/agent.sock',
      knownHostsFiles: [`${folder}/one`, `${folder}/two`],
      hostKeyPolicy: 'accept-new',
      connectTimeoutMs: 7000,
      keepaliveIntervalMs: 60_000,
      keepaliveCountMax: 3,
    });
  });

  it('of a host that the configuration does not know are the defaults', async () => {
    const sshConfigPath = await config('empty', '');
    const host = await resolveHost('plain', { sshPath: 'ssh', sshConfigPath });
    expect(host).toMatchObject({
      hostName: 'plain',
      port: 22,
      user: userInfo().username,
      hostKeyPolicy: 'ask',
    });
    expect(host.identityFiles).toContain(`${homeFolder()}/.ssh/id_ed25519`);
    expect(host.keepaliveIntervalMs).toBe(15_000);
  });

  it.each([
    ['IdentityAgent none', undefined],
    ['IdentityAgent SSH_AUTH_SOCK', '/env.sock'],
    ['IdentityAgent $OTHER', '/other.sock'],
    ['', '/env.sock'],
  ])('find the agent by "%s"', (line, expected) => {
    const env = { SSH_AUTH_SOCK: '/env.sock', OTHER: '/other.sock' };
    expect(
      parseSshSettings(
        'a',
        line.toLowerCase().replace('$other', '$OTHER').replace('ssh_auth_sock', 'SSH_AUTH_SOCK'),
        env,
      ).agentSocket,
    ).toBe(expected);
  });

  it.each(['-oProxyCommand=touch /tmp/x', '', 'a b', 'a;b', '$(id)', 'a\nb', '`id`'])(
    'are not asked for under the name %j',
    async (alias) => {
      const refusal = await refusalOf(resolveHost(alias, { sshPath: 'ssh', sshConfigPath: undefined }));
      expect(refusal.code).toBe('unknown-host');
    },
  );

  it('that ssh cannot read are an error with its words', async () => {
    const sshConfigPath = await config('broken', 'Host a\n  Bogus 1\n');
    const refusal = await refusalOf(resolveHost('a', { sshPath: 'ssh', sshConfigPath }));
    expect(refusal.code).toBe('ssh-config');
    expect(refusal.message).toContain('line 2: Bad configuration option: bogus');
    const noSsh = await refusalOf(resolveHost('a', { sshPath: join(folder, 'no-ssh'), sshConfigPath }));
    expect(noSsh.message).toContain('was not found');
  });

  it.each(['proxyjump a', 'proxycommand nc %h %p', 'revokedhostkeys /krl'])('with %s are refused', (line) => {
    expect(() => parseSshSettings('a', line, {})).toThrow(/not supported yet/);
  });
});

describe('the list of hosts', () => {
  it('has the names of all Host lines, includes followed, patterns left out', async () => {
    await config('ssh/conf.d/10-b', 'Host included-b\nInclude ../conf.d/20-*\n');
    await config('ssh/conf.d/20-c', `Host included-c\nInclude conf.d/10-b\n`);
    await config('ssh/conf.d/.hidden', 'Host hidden\n');
    await config('ssh/quoted name', 'Host in-quotes\n');
    await config(
      'ssh/config',
      `# Host commented
Include conf.d/* missing "${folder}/ssh/quoted name" broken[
Host one two  three
  HostName 10.0.0.1
host=four
Host *.example !five six? *
Match host seven
  User x
Host "eight"
  Include conf.d/10-b
`,
    );
    expect(await listAliases({ sshConfigPath: undefined, sshFolder: join(folder, 'ssh') })).toEqual([
      'included-b',
      'included-c',
      'in-quotes',
      'one',
      'two',
      'three',
      'four',
      'eight',
    ]);
  });

  it('is empty without a configuration', async () => {
    expect(await listAliases({ sshConfigPath: join(folder, 'none') })).toEqual([]);
  });
});

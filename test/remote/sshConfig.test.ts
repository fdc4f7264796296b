import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listAliases } from '../../src/remote/config/sshAliases';
import { homeFolder, parseSshSettings } from '../../src/remote/config/resolvedHost';
import { resolveHost, resolveRoute } from '../../src/remote/config/sshConfig';
import { readSshConfigFiles } from '../../src/remote/config/sshConfigFiles';
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
      proxyJump: undefined,
      proxyCommand: undefined,
      addressFamily: undefined,
      bindAddress: undefined,
      certificateFiles: [],
      loginMethods: ['publickey', 'keyboard-interactive', 'password'],
      passwordPrompts: 3,
      isBatch: false,
      wantsGssapi: false,
      onlyForSsh: [],
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
  });

  it.each([
    ['revokedhostkeys /krl', 'RevokedHostKeys'],
    ['knownhostscommand /bin/keys %H', 'KnownHostsCommand'],
    ['verifyhostkeydns true', 'VerifyHostKeyDNS'],
    ['pkcs11provider /lib/p11.so', 'PKCS11Provider'],
    ['proxyusefdpass yes', 'ProxyUseFdpass'],
  ])('say what only ssh itself can honour: %s', (line, name) => {
    expect(parseSshSettings('a', line, {}).onlyForSsh).toEqual([name]);
  });

  it('leave out login methods that are switched off, in the preferred order', () => {
    const output =
      'preferredauthentications gssapi-with-mic,password,publickey,keyboard-interactive\nkbdinteractiveauthentication no';
    expect(parseSshSettings('a', output, {}).loginMethods).toEqual(['password', 'publickey']);
  });
});

describe('the way to a host', () => {
  const route = async (text: string, alias = 'gpu') => {
    const sshConfigPath = await config('route', text);
    const hosts = await resolveRoute(alias, { sshPath: 'ssh', sshConfigPath });
    return hosts.map(({ alias, user, hostName, port }) => `${alias}=${user}@${hostName}:${port}`);
  };

  it('is direct without a jump, and "none" takes a jump away', async () => {
    expect(await route('User ada\nHost gpu\n  ProxyJump none\nHost *\n  ProxyJump gate')).toEqual([
      'gpu=ada@gpu:22',
    ]);
  });

  it('has each hop with its own settings, those of the jump first', async () => {
    const text = `
Host gpu
  HostName 10.0.0.7
  ProxyJump one,bob@two:2222,ssh://[127.0.0.3]:2003
Host one
  HostName 10.0.0.1
  Port 2001
Host two
  HostName 10.0.0.2
  User ignored
  Port 9999
Host *
  User ada`;
    expect(await route(text)).toEqual([
      'one=ada@10.0.0.1:2001',
      'two=bob@10.0.0.2:2222',
      '127.0.0.3=ada@127.0.0.3:2003',
      'gpu=ada@gpu:22'.replace('@gpu', '@10.0.0.7'),
    ]);
  });

  it('follows the jumps of the jump hosts', async () => {
    const text =
      'User ada\nHost gpu\n  ProxyJump inner\nHost inner\n  ProxyJump outer:23\nHost outer\n  ProxyCommand nc %h %p\n';
    expect(await route(text)).toEqual(['outer=ada@outer:23', 'inner=ada@inner:22', 'gpu=ada@gpu:22']);
    const sshConfigPath = await config('route', text);
    const hosts = await resolveRoute('gpu', { sshPath: 'ssh', sshConfigPath });
    expect(hosts.map(({ proxyCommand }) => proxyCommand)).toEqual(['nc %h %p', undefined, undefined]);
  });

  it('that leads in a circle is an error', async () => {
    for (const text of [
      'ProxyJump gate',
      'Host gpu\n ProxyJump a\nHost a\n ProxyJump b\nHost b\n ProxyJump a',
    ]) {
      const refusal = await refusalOf(route(text));
      expect(refusal.code).toBe('ssh-config');
      // ssh itself notices the shortest circle.
      expect(refusal.message).toMatch(/does not end|jumphost loop/);
    }
  });
});

describe('without an ssh program', () => {
  it('the files are read here, and what was left out is said', async () => {
    const sshConfigPath = await config('no-ssh', 'Host a\n  Port 22022\nMatch exec "true"\n  User x\n');
    const said: string[] = [];
    const host = await resolveHost('bob@a', {
      sshPath: join(folder, 'no-ssh-program'),
      sshConfigPath,
      log: (_level, message) => said.push(message),
    });
    expect(host).toMatchObject({ port: 22022, user: 'bob', hostName: 'a' });
    expect(said.join()).toMatch(/was not found.*Not honoured: Match exec/);
  });

  it('hosts are what ssh says they are', async () => {
    await config('oracle.d/10', 'Host gpu-2\n  IdentityFile "~/with space"\nHost *\n  ConnectTimeout 3\n');
    const sshConfigPath = await config(
      'oracle',
      `# a comment
IdentityFile ~/first   # said last
Host gpu-* !gpu-3
  IdentityFile=%d/%n-%h
  HostName %h.farm
  Port = 2202
  UserKnownHostsFile "${folder}/a" ~/c
  Include ${folder}/oracle.d/*
Host gpu-3 gate
  ProxyCommand sh -c "nc '%h' %p" # kept
  ProxyJump never
  StrictHostKeyChecking no
Match originalhost gpu-1,gate user ada
  IdentitiesOnly yes
  HostKeyAlias alias
Match host *.farm !user ada
  ProxyJump gate,x@gate:3
Match all
  User ada
  IdentityAgent none
  PreferredAuthentications password,publickey
`,
    );
    for (const alias of ['gpu-1', 'gpu-2', 'gpu-3', 'gate', 'other', 'ada@gpu-1', 'GPU-2']) {
      const { host } = await readSshConfigFiles(alias, sshConfigPath);
      const oracle = await resolveHost(alias, { sshPath: 'ssh', sshConfigPath });
      // Kinds of keys that only some builds of ssh know.
      const isCommon = (path: string) => !/xmss|dsa$/.test(path.replace('ecdsa', ''));
      expect(host).toEqual({ ...oracle, identityFiles: oracle.identityFiles.filter(isCommon) });
    }
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

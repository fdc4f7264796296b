import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  decideHostKey,
  failClosed,
  HostCertificateNeeded,
  HostKeyVerifier,
} from '../../src/remote/hostKeys/hostKeyVerifier';
import { fingerprintOf } from '../../src/remote/hostKeys/hostKeyBlob';
import {
  judgeHostKey,
  knownHostName,
  knownHostsPathsOf,
  knownKeyTypes,
  otherPlacesOf,
} from '../../src/remote/hostKeys/knownHosts';
import {
  forgetHostKey,
  pinnedHostNames,
  readKnownHostsFiles,
  rememberHostKey,
} from '../../src/remote/hostKeys/knownHostsStore';
import { fingerprintOfFile, makeKey, startSshd } from '../support/sshd';
import { refusalOf } from './hostFixture';

const run = promisify(execFile);
let folder: string;
/** Public keys, `type base64`. */
let keys: string[];
const blobOf = (key: string) => Buffer.from(key.split(' ')[1]!, 'base64');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ttt-known-hosts-'));
  keys = [];
  for (const [index, type] of ['ed25519', 'ed25519', 'ecdsa', 'rsa'].entries()) {
    const path = await makeKey(join(folder, `key-${index}`), type);
    keys.push((await readFile(`${path}.pub`, 'utf8')).split(' ').slice(0, 2).join(' '));
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the verdict on a host key', () => {
  const judge = (text: string, key = 0) =>
    judgeHostKey('alpha', blobOf(keys[key]!), [{ path: 'file', text }]).kind;

  it('prefers revoked to match, match to mismatch, mismatch to another type, and that to an authority', () => {
    const match = `alpha ${keys[0]}\n`;
    const mismatch = `alpha ${keys[1]}\n`;
    const otherType = `alpha ${keys[2]}\n`;
    const authority = `@cert-authority * ${keys[3]}\n`;
    expect(judge(match + mismatch + `@revoked * ${keys[0]}\n`)).toBe('revoked');
    expect(judge(authority + mismatch + otherType + match)).toBe('match');
    expect(judge(authority + otherType + mismatch)).toBe('mismatch');
    expect(judge(authority + otherType)).toBe('other-key-type');
    expect(judge(authority)).toBe('ca-only');
    expect(judge(`beta ${keys[0]}\n@revoked beta ${keys[0]}\n`)).toBe('unknown');
  });

  it('is the one that ssh acts upon', async () => {
    const sshd = await startSshd();
    try {
      const name = knownHostName({ hostName: '127.0.0.1', port: sshd.port, hostKeyAlias: undefined });
      const server = (await readFile(`${sshd.hostKeyPath}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
      const cases = [
        `${name} ${server}`,
        `${name} ${server}\r`,
        `${name} ${keys[0]}`,
        `${name} ${keys[0]}\n${name} ${server}`,
        `@revoked ${name} ${server}\n${name} ${server}`,
        `*,!${name} ${server}`,
        `[127.0.0.*]:* ${server}`,
        `[127.0.0.1]:${sshd.port + 1} ${server}`,
        `other ${server}`,
        `127.0.0.1 ${server}`,
        `127.0.0.1 ${keys[0]}`,
        `127.0.0.1 ${server}\n${name} ${keys[0]}`,
        `@cert-authority ${name} ${server}`,
      ];
      for (const text of cases) {
        await writeFile(sshd.knownHostsPath, text);
        const accepted = await run('ssh', [
          ...['-F', sshd.sshConfigPath, '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=yes'],
          ...['-o', 'UpdateHostKeys=no', sshd.alias, 'true'],
        ]).then(
          () => true,
          () => false,
        );
        const decision = decideHostKey(blobOf(server), {
          name,
          nameWithoutPort: '127.0.0.1',
          policy: 'yes',
          files: [{ path: 'file', text }],
          ownPath: 'own',
        });
        expect([text, decision.kind === 'accept']).toEqual([text, accepted]);
      }
    } finally {
      await sshd.stop();
    }
  });

  it('looks under the name without its port for what settles the question alone', () => {
    const name = { name: '[alpha]:2222', nameWithoutPort: 'alpha', policy: 'ask', ownPath: 'own' } as const;
    const decide = (text: string) =>
      decideHostKey(blobOf(keys[0]!), { ...name, files: [{ path: 'file', text }] });
    const codeOf = (text: string) => {
      const decision = decide(text);
      return decision.kind === 'refuse' ? decision.error.code : decision.kind;
    };
    expect(codeOf(`alpha ${keys[0]}`)).toBe('accept');
    expect(codeOf(`@revoked alpha ${keys[0]}`)).toBe('host-key-revoked');
    expect(codeOf(`alpha ${keys[1]}`)).toBe('ask');
    expect(codeOf(`@cert-authority [alpha]:2222 ${keys[3]}\nalpha ${keys[0]}`)).toBe('accept');
    const authority = decide(`@cert-authority *alpha ${keys[3]}`);
    expect(authority.kind === 'refuse' && authority.error).toBeInstanceOf(HostCertificateNeeded);
  });

  it('rests on all files together', () => {
    const files = [
      { path: 'one', text: `alpha ${keys[0]}\n` },
      { path: 'two', text: `\n@revoked * ${keys[0]}\n` },
    ];
    expect(judgeHostKey('alpha', blobOf(keys[0]!), files)).toMatchObject({
      kind: 'revoked',
      at: { path: 'two', line: 2 },
    });
    expect(knownKeyTypes(['alpha', 'beta'], files)).toEqual([]);
    expect(knownKeyTypes(['beta', undefined, 'alpha'], files.slice(0, 1))).toEqual(['ssh-ed25519']);
  });

  it('names the other places where the same key is known', () => {
    const text = `beta,gamma ${keys[0]}\nalpha ${keys[0]}\nbeta ${keys[1]}\n@revoked beta ${keys[0]}\n`;
    expect(otherPlacesOf('alpha', blobOf(keys[0]!), [{ path: 'file', text }])).toMatchObject([
      { hosts: 'beta,gamma', line: 1 },
    ]);
  });

  it('reads the lists of files that ssh -G prints, in which spaces are not quoted', () => {
    const words = ['/a', 'b/known', '~/.ssh/x', 'C:\\Users\\Ada', 'L/known_hosts', '__PROGRAMDATA__\\ssh/y'];
    expect(knownHostsPathsOf(words)).toEqual([
      '/a b/known',
      '~/.ssh/x',
      'C:\\Users\\Ada L/known_hosts',
      '__PROGRAMDATA__\\ssh/y',
    ]);
    expect(knownHostsPathsOf([])).toEqual([]);
  });

  it('uses an alias without a port, as ssh does', () => {
    expect(knownHostName({ hostName: 'Example.COM', port: 22, hostKeyAlias: undefined })).toBe('example.com');
    expect(knownHostName({ hostName: 'Example.COM', port: 2200, hostKeyAlias: undefined })).toBe(
      '[example.com]:2200',
    );
    expect(knownHostName({ hostName: 'Example.COM', port: 2200, hostKeyAlias: 'Farm' })).toBe('farm');
  });

  it('shows the fingerprint that ssh-keygen shows', async () => {
    for (const [index, key] of keys.entries()) {
      expect(fingerprintOf(blobOf(key))).toBe(await fingerprintOfFile(join(folder, `key-${index}.pub`)));
    }
  });
});

describe('our own store of host keys', () => {
  it('keeps one key of a type for a name, readable by the owner alone, and forgets it when told', async () => {
    const path = join(folder, 'new', 'known_hosts');
    await Promise.all([
      rememberHostKey(path, 'alpha', blobOf(keys[0]!)),
      rememberHostKey(path, 'alpha', blobOf(keys[2]!)),
      rememberHostKey(path, '[beta]:2222', blobOf(keys[3]!)),
    ]);
    await rememberHostKey(path, 'alpha', blobOf(keys[1]!));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await readFile(path, 'utf8')).split('\n').filter(Boolean).sort()).toEqual(
      [`alpha ${keys[1]}`, `alpha ${keys[2]}`, `[beta]:2222 ${keys[3]}`].sort(),
    );
    expect(await pinnedHostNames(path)).toEqual(['alpha', '[beta]:2222']);
    expect(await forgetHostKey(path, 'alpha')).toBe(2);
    expect(await forgetHostKey(path, 'alpha')).toBe(0);
    expect(await readFile(path, 'utf8')).toBe(`[beta]:2222 ${keys[3]}\n`);
  });

  it('that cannot be read, or is no text, refuses every key', async () => {
    // A folder in its place cannot be read by anyone, root included.
    expect((await refusalOf(readKnownHostsFiles([folder]))).code).toBe('host-key-refused');
    const path = join(folder, 'utf16');
    await writeFile(path, Buffer.from(`\ufeffalpha ${keys[0]}\r\n`, 'utf16le'));
    const refusal = await refusalOf(readKnownHostsFiles([path]));
    expect(refusal.code).toBe('host-key-refused');
    expect(refusal.message).toContain(path);
  });
});

describe('the verifier', () => {
  const malformed: readonly (readonly [string, () => unknown])[] = [
    ['false', () => false],
    ['nothing', () => undefined],
    ['null', () => null],
    ['a number', () => 1],
    ['a word', () => 'true'],
    ['an object', () => ({ valid: true })],
    ['a promise of true', () => Promise.resolve(true)],
    ['a promise of false', () => Promise.resolve(false)],
    [
      'an exception',
      () => {
        throw new Error('broken');
      },
    ],
  ];
  it.each(malformed)('takes %s for a no, at once', (_shape, decide) => {
    const answers: unknown[] = [];
    failClosed(decide)(Buffer.alloc(0), (valid) => answers.push(valid));
    expect(answers).toEqual([false]);
  });

  it('lets ssh2 go on to the login for a literal true alone', async () => {
    const sshd = await startSshd();
    try {
      const privateKey = await readFile(sshd.identityPath);
      const outcomeOf = (decide: () => unknown) =>
        new Promise<string>((resolve) => {
          const client = new ssh2.Client();
          client.on('error', () => undefined);
          client.on('close', () => resolve('refused'));
          client.on('ready', () => {
            resolve('logged in');
            client.end();
          });
          client.connect({
            host: '127.0.0.1',
            port: sshd.port,
            username: userInfo().username,
            privateKey,
            hostVerifier: failClosed(decide),
          });
        });
      for (const [shape, decide] of malformed)
        expect([shape, await outcomeOf(decide)]).toEqual([shape, 'refused']);
      expect(await sshd.log()).not.toMatch(/userauth|Accepted|Failed/);
      expect(await outcomeOf(() => true)).toBe('logged in');
    } finally {
      await sshd.stop();
    }
  });

  it('decides once, and at a re-keying takes the same key only', () => {
    let decisions = 0;
    const verifier = new HostKeyVerifier(() => {
      decisions++;
      return { kind: 'accept' };
    });
    const answers: boolean[] = [];
    for (const key of [0, 0, 1, 0]) verifier.callback(blobOf(keys[key]!), (valid) => answers.push(valid));
    expect(answers).toEqual([true, true, false, true]);
    expect(decisions).toBe(1);
  });

  it('refuses a key that is none', () => {
    const known = {
      name: 'alpha',
      nameWithoutPort: undefined,
      policy: 'no',
      files: [],
      ownPath: 'own',
    } as const;
    expect(decideHostKey(Buffer.from('nonsense'), known).kind).toBe('refuse');
    expect(decideHostKey(blobOf(keys[0]!), known).kind).toBe('accept-and-pin');
    expect(decideHostKey(blobOf(keys[0]!), { ...known, policy: 'ask' }).kind).toBe('ask');
    expect(decideHostKey(blobOf(keys[0]!), { ...known, policy: 'yes' }).kind).toBe('refuse');
  });
});

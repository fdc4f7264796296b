import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decideHostKey, failClosed, HostKeyVerifier } from '../../src/remote/hostKeyVerifier';
import {
  fingerprintOf,
  judgeHostKey,
  knownHostName,
  linesFor,
  type KnownHostsFile,
} from '../../src/remote/knownHosts';
import {
  forgetHostKey,
  pinnedHostNames,
  readKnownHostsFiles,
  rememberHostKey,
} from '../../src/remote/knownHostsStore';
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

describe('a known_hosts file', () => {
  const host = fc.constantFrom(
    'alpha',
    'beta.example',
    'ALPHA',
    '10.0.0.1',
    '[alpha]:2222',
    '[beta.example]:22',
  );
  const pattern = fc.oneof(
    host,
    host.map((name) => `!${name}`),
    fc.constantFrom(
      '*',
      'a*',
      '*.example',
      '?lpha',
      '!*.example',
      '[alpha]:*',
      '',
      'alph?',
      '10.0.*.1',
      '*a*a*',
    ),
  );
  const line = fc.record({
    marker: fc.constantFrom('', '', '', '', '@revoked ', '@cert-authority ', '@unknown '),
    hosts: fc.array(pattern, { minLength: 1, maxLength: 3 }).map((patterns) => patterns.join(',')),
    key: fc.nat(3),
    damage: fc.constantFrom(
      'none',
      'none',
      'none',
      'none',
      'comment',
      'wrong-type',
      'cut',
      'commented-out',
      'no-key',
    ),
    gap: fc.constantFrom(' ', '\t', '  '),
    end: fc.constantFrom('\n', '\r\n'),
  });
  const file = fc.array(fc.oneof(line, fc.constantFrom('\n', '# words\n', '   \n')), {
    minLength: 1,
    maxLength: 7,
  });

  const textOf = (
    lines: (
      string | { marker: string; hosts: string; key: number; damage: string; gap: string; end: string }
    )[],
  ) =>
    lines
      .map((entry) => {
        if (typeof entry === 'string') return entry;
        const [type = '', base64 = ''] = keys[entry.key]!.split(' ');
        const body = {
          none: `${type}${entry.gap}${base64}`,
          comment: `${type}${entry.gap}${base64} someone@somewhere`,
          'wrong-type': `ssh-dss${entry.gap}${base64}`,
          cut: `${type}${entry.gap}${base64.slice(0, 20)}`,
          'commented-out': `${type}${entry.gap}${base64}`,
          'no-key': type,
        }[entry.damage];
        const start = entry.damage === 'commented-out' ? '#' : '';
        return `${start}${entry.marker}${entry.hosts}${entry.gap}${body ?? ''}${entry.end}`;
      })
      .join('');

  /** Lines that ssh-keygen finds: `line number, marker, fingerprint`. */
  const oracle = async (path: string, name: string) => {
    const { stdout } = await run('ssh-keygen', ['-l', '-F', name, '-f', path]).catch((error: unknown) => {
      // It ends with 1 when nothing is found.
      if (error instanceof Error && 'code' in error && error.code === 1) return { stdout: '' };
      throw error;
    });
    const lines = stdout.split('\n').filter((text) => text !== '');
    const found: string[] = [];
    for (let index = 0; index < lines.length; index++) {
      const head = /^# Host .* found: line (\d+) ?(CA|REVOKED)?/.exec(lines[index]!);
      const fingerprint = /SHA256:\S+/.exec(lines[index + 1] ?? '')?.[0];
      if (head !== null && fingerprint !== undefined)
        found.push(`${head[1]} ${head[2] ?? ''} ${fingerprint}`);
    }
    return found;
  };
  const ours = (known: KnownHostsFile, name: string) =>
    [...linesFor(name, known)].map(({ line: number, marker, key }) => {
      const word = { none: '', revoked: 'REVOKED', 'cert-authority': 'CA' }[marker];
      return `${number} ${word} ${fingerprintOf(key)}`;
    });

  it('says of every name what ssh-keygen says, plain and hashed', async () => {
    let compared = 0;
    let found = 0;
    await fc.assert(
      fc.asyncProperty(file, host, async (lines, name) => {
        const path = join(folder, 'generated');
        await writeFile(path, textOf(lines), { mode: 0o600 });
        const lookup = name.toLowerCase();
        for (const hashed of [false, true]) {
          if (hashed) {
            // It refuses to hash a file with damaged lines; those are compared unhashed only.
            const done = await run('ssh-keygen', ['-q', '-H', '-f', path]).then(
              () => true,
              () => false,
            );
            if (!done) return;
          }
          const known = { path, text: await readFile(path, 'utf8') };
          const expected = await oracle(path, lookup);
          expect(ours(known, lookup)).toEqual(expected);
          compared++;
          if (expected.length > 0) found++;
        }
      }),
      { numRuns: 250 },
    );
    expect(compared).toBeGreaterThan(150);
    expect(found).toBeGreaterThan(30);
  }, 120_000);

  it('never makes the reader fail, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        const verdict = judgeHostKey('alpha', blobOf(keys[0]!), [{ path: 'any', text }]);
        expect(verdict.kind).toBe('unknown');
      }),
    );
  });
});

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

  it('that cannot be read refuses every key', async () => {
    // A folder in its place cannot be read by anyone, root included.
    expect((await refusalOf(readKnownHostsFiles([folder]))).code).toBe('host-key-refused');
  });
});

describe('the verifier', () => {
  it('takes a literal true for a yes and nothing else', () => {
    const shapes: readonly (() => unknown)[] = [
      () => false,
      () => undefined,
      () => null,
      () => 1,
      () => 'true',
      () => ({}),
      () => Promise.resolve(true),
      () => Promise.resolve(false),
      () => {
        throw new Error('broken');
      },
    ];
    const answerOf = (decide: () => unknown) => {
      const answers: unknown[] = [];
      failClosed(decide)(Buffer.alloc(0), (valid) => answers.push(valid));
      return answers;
    };
    for (const shape of shapes) expect(answerOf(shape)).toEqual([false]);
    expect(answerOf(() => true)).toEqual([true]);
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

import { execFile } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fingerprintOf, keyTypeOf } from '../../src/remote/hostKeys/hostKeyBlob';
import { decideHostKey } from '../../src/remote/hostKeys/hostKeyVerifier';
import { judgeHostKey, linesFor, type HostKeyVerdict } from '../../src/remote/hostKeys/knownHosts';
import { makeKey, startSshd } from '../support/sshd';

const run = promisify(execFile);

interface Key {
  readonly type: string;
  readonly blob: Buffer;
}

let folder: string;
let keys: Key[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ttt-oracle-'));
  const made = ['ed25519', 'ed25519', 'ecdsa', 'ecdsa', 'rsa'].map(async (type, index) => {
    const path = await makeKey(join(folder, `key-${index}`), type);
    const [name = '', base64 = ''] = (await readFile(`${path}.pub`, 'utf8')).split(' ');
    return { type: name, blob: Buffer.from(base64, 'base64') };
  });
  keys = await Promise.all(made);
  const sk = 'sk-ssh-ed25519@openssh.com';
  keys.push({ type: sk, blob: fields(sk, keys[0]!.blob.subarray(-32), 'ssh:') });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Length-prefixed fields. */
function fields(...values: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat(
    values.flatMap((value) => {
      const bytes = Buffer.from(value);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

/** All names are lower-case, as both sides look them up. */
const names = ['alpha', 'beta.example', '10.0.0.1', '[alpha]:2222', '[beta.example]:22', '::1', '[::1]:2222'];
const name = fc.constantFrom(...names);
const salt = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => Buffer.from(bytes));

function hashed(hostName: string, bytes: Buffer, form: string): string {
  const hash = createHmac('sha1', bytes).update(hostName).digest('base64');
  const whole = `|1|${bytes.toString('base64')}|${hash}`;
  switch (form) {
    case 'upper':
      return `|1|${bytes.toString('base64')}|${createHmac('sha1', bytes).update(hostName.toUpperCase()).digest('base64')}`;
    case 'short-salt':
      return `|1|${bytes.subarray(1).toString('base64')}|${hash}`;
    case 'version':
      return whole.replace('|1|', '|2|');
    case 'tail':
      return `${whole}|`;
    case 'listed':
      return `${whole},${hostName}`;
    case 'second':
      return `${hostName},${whole}`;
    default:
      return whole;
  }
}

const patterns = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: name },
      { weight: 1, arbitrary: name.map((text) => text.toUpperCase()) },
      { weight: 2, arbitrary: name.map((text) => `!${text}`) },
      {
        weight: 3,
        arbitrary: fc.constantFrom(
          ...['*', 'a*', '*.example', '?lpha', '!*.example', '[alpha]:*', '', '!', 'alph?', '10.0.*.1'],
          ...['*a*a*', '[*]:2222', '!!alpha', '**', '?', 'ALPH*', 'a'.repeat(1022), `!${'a'.repeat(1023)}`],
        ),
      },
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((list) => list.join(','));
const hosts = fc.oneof(
  { weight: 3, arbitrary: patterns },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        name,
        salt,
        fc.constantFrom('right', 'right', 'upper', 'short-salt', 'version', 'tail', 'listed', 'second'),
      )
      .map((parts) => hashed(...parts)),
  },
);

const line = fc.record({
  lead: fc.constantFrom('', '', '', ' ', '\t'),
  marker: fc.constantFrom(
    // Not with a tab behind it: OpenSSH passes over such a line, where the revocation is honoured here.
    ...['', '', '', '', '', '', '@revoked ', '@revoked  ', '@cert-authority ', '@unknown '],
    ...['@revoked @cert-authority ', '@', '@REVOKED '],
  ),
  hosts,
  key: fc.nat(5),
  damage: fc.constantFrom(
    ...[
      'none',
      'none',
      'none',
      'none',
      'none',
      'none',
      'none',
      'comment',
      'wrong-type',
      'alias',
      'short-name',
    ],
    ...[
      'cut',
      'cut-byte',
      'more',
      'no-key',
      'no-type',
      'unknown-type',
      'off-curve',
      'bits',
      'inner-space',
      'quoted',
    ],
  ),
  gap: fc.constantFrom(' ', ' ', '\t', '  ', ' \t'),
  end: fc.constantFrom('\n', '\n', '\r\n', ' \n'),
});
type Line = typeof line extends fc.Arbitrary<infer T> ? T : never;
const file = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: line },
    fc.constantFrom('\n', '# words\n', '   \n', '\r\n', '#alpha x y\n'),
  ),
  { minLength: 1, maxLength: 6 },
);

function textOf(lines: readonly (Line | string)[]): string {
  return lines
    .map((entry) => {
      if (typeof entry === 'string') return entry;
      const { gap, damage } = entry;
      const { type, blob } = keys[entry.key]!;
      const base64 = blob.toString('base64');
      const bodies: Readonly<Record<string, string>> = {
        comment: `${type}${gap}${base64}${gap}someone@somewhere # here`,
        'wrong-type': `ssh-dss${gap}${base64}`,
        alias: `rsa-sha2-512${gap}${base64}`,
        'short-name': `${{ 'ssh-ed25519': 'ED25519', 'ssh-rsa': 'RSA' }[type] ?? 'ECDSA'}${gap}${base64}`,
        cut: `${type}${gap}${base64.slice(0, 20)}`,
        'cut-byte': `${type}${gap}${blob.subarray(0, -1).toString('base64')}`,
        more: `${type}${gap}${Buffer.concat([blob, Buffer.from([0])]).toString('base64')}`,
        'no-key': type,
        'no-type': base64,
        'unknown-type': `ssh-new${gap}${fields('ssh-new', 'x').toString('base64')}`,
        'off-curve': `${type}${gap}${flipped(blob).toString('base64')}`,
        bits: `${type}${gap}${base64.replace(/([A-Za-z0-9+/])(=*)$/, '/$2')}`,
        'inner-space': `${type}${gap}${base64.slice(0, 10)}\r\v\f${base64.slice(10)}`,
        quoted: `${type}${gap}"${base64}"`,
      };
      return `${entry.lead}${entry.marker}${entry.hosts}${gap}${bodies[damage] ?? `${type}${gap}${base64}`}${entry.end}`;
    })
    .join('');
}

/** The key with a bit of its last field changed, which no longer is a point of an ECDSA curve. */
function flipped(blob: Buffer): Buffer {
  const copy = Buffer.from(blob);
  copy[copy.length - 1]! ^= 1;
  return copy;
}

interface Found {
  readonly line: number;
  readonly marker: string;
  readonly fingerprint: string;
}

/** What ssh-keygen finds for a name: one call for any number of lines. */
async function oracle(path: string, lookup: string): Promise<Found[]> {
  const { stdout } = await run('ssh-keygen', ['-l', '-F', lookup, '-f', path], {
    maxBuffer: 64 * 1024 * 1024,
  }).catch((error: unknown) => {
    // It ends with 1 when nothing is found.
    if (error instanceof Error && 'code' in error && error.code === 1) return { stdout: '' };
    throw error;
  });
  const lines = stdout.split('\n');
  return lines.flatMap((head, index) => {
    const match = /^# Host .* found: line (\d+) ?(CA|REVOKED)?/.exec(head);
    const fingerprint = /SHA256:\S+/.exec(lines[index + 1] ?? '')?.[0];
    return match === null || fingerprint === undefined
      ? []
      : [{ line: Number(match[1]), marker: match[2] ?? '', fingerprint }];
  });
}

/** The verdict as the rules say it, from what ssh-keygen found. */
function expectedVerdict(found: readonly Found[], shown: Key, types: ReadonlyMap<string, string>): string {
  const fingerprint = fingerprintOf(shown.blob);
  const plain = found.filter(({ marker }) => marker === '');
  if (found.some((at) => at.marker === 'REVOKED' && at.fingerprint === fingerprint)) return 'revoked';
  if (plain.some((at) => at.fingerprint === fingerprint)) return 'match';
  if (plain.some((at) => types.get(at.fingerprint) === shown.type)) return 'mismatch';
  if (plain.length > 0) return 'other-key-type';
  return found.some(({ marker }) => marker === 'CA') ? 'ca-only' : 'unknown';
}

describe('known_hosts files', () => {
  it('give the lines and the verdicts that ssh-keygen gives, over thousands of files', async () => {
    const filesABatch = 100;
    let files = 0;
    const verdicts = new Map<HostKeyVerdict['kind'], number>();
    const path = join(folder, 'generated');
    await fc.assert(
      fc.asyncProperty(
        fc.array(file, { minLength: filesABatch, maxLength: filesABatch, size: 'max' }),
        fc.array(fc.nat(5), { minLength: filesABatch, maxLength: filesABatch, size: 'max' }),
        async (batch, shownKeys) => {
          // One after the other in one file: a verdict rests on lines, and the lines of each stay apart by their number.
          const texts = batch.map(textOf);
          await writeFile(path, texts.join(''), { mode: 0o600 });
          const types = new Map<string, string>();
          const lookups = await Promise.all(names.map((lookup) => oracle(path, lookup)));
          for (const text of texts) {
            for (const lookup of names) {
              for (const { key, keyType } of linesFor(lookup, { path, text }))
                types.set(fingerprintOf(key), keyType);
            }
          }
          for (const [nameIndex, lookup] of names.entries()) {
            let firstLine = 1;
            for (const [index, text] of texts.entries()) {
              const lineCount = text.split('\n').length - 1;
              const start = firstLine;
              firstLine += lineCount;
              const found = lookups[nameIndex]!.filter((at) => at.line >= start && at.line < firstLine);
              const ours = [...linesFor(lookup, { path, text })].map(({ line: number, marker, key }) => ({
                line: number + start - 1,
                marker: { none: '', revoked: 'REVOKED', 'cert-authority': 'CA' }[marker],
                fingerprint: fingerprintOf(key),
              }));
              expect([lookup, text, ours]).toEqual([lookup, text, found]);
              const shown = keys[shownKeys[index]!]!;
              const { kind } = judgeHostKey(lookup, shown.blob, [{ path, text }]);
              expect([lookup, text, kind]).toEqual([lookup, text, expectedVerdict(found, shown, types)]);
              verdicts.set(kind, (verdicts.get(kind) ?? 0) + 1);
            }
          }
          files += batch.length;
        },
      ),
      {
        numRuns: 40,
        endOnFailure: true,
        // The difference says it all; hundreds of generated lines around it would bury it.
        asyncReporter({ failed, seed, errorInstance }) {
          if (failed) throw new Error(`with seed ${seed}`, { cause: errorInstance });
          return Promise.resolve();
        },
      },
    );
    expect(files).toBeGreaterThanOrEqual(4000);
    // The generator reaches every verdict often enough for the comparison to mean something.
    for (const kind of ['revoked', 'match', 'mismatch', 'other-key-type', 'ca-only', 'unknown'] as const)
      expect([kind, (verdicts.get(kind) ?? 0) > 100]).toEqual([kind, true]);
  }, 240_000);

  it('hashed by ssh-keygen name the same hosts', async () => {
    const path = join(folder, 'to-hash');
    const { type, blob } = keys[0]!;
    const plain = Array.from({ length: 300 }, (_, index) =>
      index % 2 === 0 ? `host-${index}.example` : `[host-${index}]:${2000 + index}`,
    );
    await writeFile(path, plain.map((host) => `${host} ${type} ${blob.toString('base64')}\n`).join(''));
    await run('ssh-keygen', ['-q', '-H', '-f', path]);
    const text = await readFile(path, 'utf8');
    expect(text).not.toContain('host-');
    for (const [index, host] of plain.entries())
      expect([...linesFor(host, { path, text })].map((at) => at.line)).toEqual([index + 1]);
    expect([...linesFor('host-300.example', { path, text })]).toEqual([]);
  });

  it('never make the reader fail, whatever is in them', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        expect(judgeHostKey('alpha', keys[0]!.blob, [{ path: 'any', text }]).kind).toBe('unknown');
      }),
    );
  });
});

describe('a decision', () => {
  it('is the one that ssh itself comes to, for generated files', async () => {
    const sshd = await startSshd();
    try {
      const [type = '', base64 = ''] = (await readFile(`${sshd.hostKeyPath}.pub`, 'utf8')).split(' ');
      const server = { type, blob: Buffer.from(base64, 'base64') };
      const address = `[127.0.0.1]:${sshd.port}`;
      const places = [
        address,
        '127.0.0.1',
        '127.0.0.*',
        `[127.0.0.1]:*`,
        `!${address}`,
        '!127.0.0.1',
        '*',
        'other',
      ];
      const entry = fc.record({
        marker: fc.constantFrom('', '', '', '', '@revoked ', '@cert-authority '),
        hosts: fc.array(fc.constantFrom(address, ...places), { minLength: 1, maxLength: 2 }),
        // Most often the server's own, else a third of the files would settle nothing.
        key: fc.constantFrom(undefined, undefined, 0, 2, 4),
      });
      const answers = { yes: 0, no: 0 };
      await fc.assert(
        fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 4 }), async (entries) => {
          const text = entries
            .map(({ marker, hosts: list, key }) => {
              const { type: name, blob } = key === undefined ? server : keys[key]!;
              return `${marker}${list.join(',')} ${name} ${blob.toString('base64')}\n`;
            })
            .join('');
          await writeFile(sshd.knownHostsPath, text);
          const ssh = await run('ssh', [
            ...['-F', sshd.sshConfigPath, '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=yes'],
            ...['-o', 'UpdateHostKeys=no', sshd.alias, 'true'],
          ]).then(
            () => 'yes' as const,
            () => 'no' as const,
          );
          const { kind } = decideHostKey(server.blob, {
            name: address,
            nameWithoutPort: '127.0.0.1',
            policy: 'yes',
            files: [{ path: 'file', text }],
            ownPath: 'own',
          });
          expect([text, kind === 'accept' ? 'yes' : 'no']).toEqual([text, ssh]);
          answers[ssh]++;
        }),
        { numRuns: 60 },
      );
      expect(Math.min(answers.yes, answers.no)).toBeGreaterThan(10);
    } finally {
      await sshd.stop();
    }
  }, 240_000);
});

describe('a public key', () => {
  it('has the type and fingerprint that ssh-keygen says, and any byte less or more makes it none', async () => {
    for (const { type, blob } of keys) {
      const path = join(folder, 'one.pub');
      await writeFile(path, `${type} ${blob.toString('base64')}\n`);
      const { stdout } = await run('ssh-keygen', ['-lf', path]);
      expect(keyTypeOf(blob)).toBe(type);
      expect(fingerprintOf(blob)).toBe(stdout.split(' ')[1]);
      for (const length of [0, 3, 4, blob.length - 1])
        expect(keyTypeOf(blob.subarray(0, length))).toBeUndefined();
      expect(keyTypeOf(Buffer.concat([blob, randomBytes(1)]))).toBeUndefined();
    }
  });

  it('in a second spelling of the same number is none', () => {
    const rsa = keys.find(({ type }) => type === 'ssh-rsa')!.blob;
    const exponent = rsa.subarray(11 + 4, 11 + 4 + rsa.readUInt32BE(11));
    const modulus = rsa.subarray(11 + 4 + exponent.length + 4);
    expect(fields('ssh-rsa', exponent, modulus).equals(rsa)).toBe(true);
    const padded = fields('ssh-rsa', exponent, Buffer.concat([Buffer.from([0]), modulus]));
    expect(keyTypeOf(padded)).toBeUndefined();
  });
});

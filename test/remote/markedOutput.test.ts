import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MarkedOutput, markCommand, markScript } from '../../src/remote/shell/markedOutput';
import { shellAssignments, shellQuote } from '../../src/remote/shell/shellQuote';

const nonce = '0123456789abcdef01234567';

function pushInPieces(output: MarkedOutput, bytes: Buffer, cuts: readonly number[]): string {
  const points = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((one, two) => one - two);
  let from = 0;
  const parts: Buffer[] = [];
  for (const to of [...points, bytes.length]) {
    parts.push(output.push(bytes.subarray(from, to)));
    from = to;
  }
  return Buffer.concat(parts).toString('utf8');
}

describe('marked output', () => {
  it('gives exactly what the script printed, however the stream is cut', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'é', '\n', '@', '@@', nonce, `@@${nonce}`, 'E ', '0'),
    });
    fc.assert(
      fc.property(
        text,
        text,
        text,
        fc.nat(255),
        fc.array(fc.nat(400)),
        (before, content, after, code, cuts) => {
          const marker = (letter: string) => `@@${nonce}${letter}`;
          // A nonce is random: what a script prints never holds the whole of a marker.
          fc.pre(![before, content].some((part) => part.includes(`${nonce}E `)));
          const bytes = Buffer.from(
            `${before}${marker('B 12@@\n')}${content}${marker(`E ${code}@@\n`)}${after}`,
          );
          const output = new MarkedOutput(nonce);
          expect(pushInPieces(output, bytes, cuts)).toBe(content);
          expect(output.exitCode).toBe(code);
        },
      ),
    );
  });

  it('passes a whole line on at once, without waiting for more', () => {
    const output = new MarkedOutput(nonce);
    output.push(Buffer.from(`@@${nonce}B 12@@\n`));
    expect(output.push(Buffer.from('{"kind":"progress"}\n')).toString()).toBe('{"kind":"progress"}\n');
  });

  it('keeps count of what comes before, so that endless noise is noticed', () => {
    const output = new MarkedOutput(nonce, 1000);
    for (let count = 0; count < 20; count++) output.push(Buffer.alloc(100, 'x'));
    expect(output.hasTooMuchNoise).toBe(true);
    expect(output.hasBegun).toBe(false);
  });

  it.each(['/bin/sh', '/bin/bash'])('comes out of %s with the code of the script', (shell) => {
    for (const [script, stdout, code] of [
      ['echo one; echo two; exit 3', 'one\ntwo\n', 3],
      ['printf "no newline"', 'no newline', 0],
      ['cat; false', '', 1],
      ["kill -TERM $(exec sh -c 'echo $PPID'); echo survived", '', 143],
    ] as const) {
      const result = spawnSync(shell, ['-s'], { input: markScript(script, nonce) });
      const output = new MarkedOutput(nonce);
      expect([script, output.push(result.stdout).toString(), output.exitCode]).toEqual([
        script,
        stdout,
        code,
      ]);
    }
  });

  it('lets a command read what follows on standard input', () => {
    const result = spawnSync('/bin/sh', ['-c', markCommand('wc -c', nonce)], { input: Buffer.alloc(70_000) });
    const output = new MarkedOutput(nonce);
    expect(output.push(result.stdout).toString().trim()).toBe('70000');
  });
});

describe('quoting', () => {
  it('gives a shell any word as it is', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ unit: fc.constantFrom('a', "'", '"', '\\', '$', '`', ' ', '\n', '!', '*', 'é') }),
        ),
        (words) => {
          const script = `for word in "$@"; do printf '%s\\0' "$word"; done`;
          const result = spawnSync('/bin/sh', ['-c', `set -- ${words.map(shellQuote).join(' ')}; ${script}`]);
          expect(result.stdout.toString()).toBe(words.map((word) => `${word}\0`).join(''));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('refuses what a shell cannot hold', () => {
    expect(() => shellQuote('a\0b')).toThrow(TypeError);
    expect(() => shellAssignments({ 'A=1; rm': 'x' })).toThrow(TypeError);
    expect(shellAssignments({ A: "it's", B_1: '' })).toBe(`A='it'\\''s' B_1=''`);
  });
});

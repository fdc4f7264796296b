import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changeOutsideBlocks, hasEvolveBlocks } from '../../../src/domain/extraction/evolveBlocks';

const program = `import math
# EVOLVE-BLOCK-START
def solve():
    return 1
# EVOLVE-BLOCK-END
print(solve())
`;

describe('blocks that may change', () => {
  it('are known in any comment', () => {
    expect(hasEvolveBlocks(program)).toBe(true);
    expect(hasEvolveBlocks('// EVOLVE-BLOCK-START\n// EVOLVE-BLOCK-END')).toBe(true);
    expect(hasEvolveBlocks('<!-- EVOLVE-BLOCK-START -->\r\nx\r\n<!-- EVOLVE-BLOCK-END -->')).toBe(true);
  });

  it.each([
    ['none', 'x = 1\n'],
    ['no end', '# EVOLVE-BLOCK-START\nx = 1\n'],
    ['no start', 'x = 1\n# EVOLVE-BLOCK-END\n'],
    ['one within another', '# EVOLVE-BLOCK-START\n# EVOLVE-BLOCK-START\n# EVOLVE-BLOCK-END\n'],
    ['both on a line', '# EVOLVE-BLOCK-START EVOLVE-BLOCK-END\n'],
  ])('are none where there is %s', (_, text) => {
    expect(hasEvolveBlocks(text)).toBe(false);
    expect(changeOutsideBlocks(text, 'something else')).toBeUndefined();
  });
});

describe('a change', () => {
  it('within a block is allowed', () => {
    expect(
      changeOutsideBlocks(program, program.replace('return 1', 'x = 2\n\n    return x')),
    ).toBeUndefined();
  });

  it('of spaces at the ends of lines, of line ends and of the last line end is none', () => {
    expect(changeOutsideBlocks(program, program.replaceAll('\n', ' \r\n').trimEnd())).toBeUndefined();
  });

  it('before, behind or between the blocks is told', () => {
    expect(changeOutsideBlocks(program, program.replace('import math', 'import cheat'))).toBe(
      'Only what stands between lines with EVOLVE-BLOCK-START and EVOLVE-BLOCK-END may change; outside of them "import math" became "import cheat".',
    );
    expect(changeOutsideBlocks(program, `${program}score = 100\n`)).toContain('nothing became "score = 100"');
    expect(changeOutsideBlocks(program, program.replace('print(solve())\n', ''))).toContain(
      '"print(solve())" became nothing',
    );
    expect(changeOutsideBlocks(program, program.replace('BLOCK-END', 'BLOCK-END now'))).toBeDefined();
  });

  it('of the number of blocks is told', () => {
    expect(changeOutsideBlocks(program, 'print(100)')).toBe(
      'The program must keep its 1 block between lines with EVOLVE-BLOCK-START and EVOLVE-BLOCK-END.',
    );
    expect(changeOutsideBlocks(program, program + program)).toContain('must keep its 1 block');
  });

  it('is found wherever one line outside is another one', () => {
    const line = fc.stringMatching(/^[a-z ]{0,12}$/);
    const part = fc.array(line, { maxLength: 4 });
    const parts = fc.array(part, { minLength: 3, maxLength: 7 }).filter(({ length }) => length % 2 === 1);
    const joined = (all: readonly (readonly string[])[]): string =>
      all
        .flatMap((lines, index) => [
          ...(index === 0 ? [] : [index % 2 === 1 ? '# EVOLVE-BLOCK-START' : '# EVOLVE-BLOCK-END']),
          ...lines,
        ])
        .join('\n');
    fc.assert(
      fc.property(parts, fc.nat(), fc.stringMatching(/^[A-Z]{1,5}$/), (all, where, added) => {
        const index = where % all.length;
        const changed = all.map((lines, place) => (place === index ? [...lines, added] : lines));
        expect(changeOutsideBlocks(joined(all), joined(changed)) === undefined).toBe(index % 2 === 1);
      }),
    );
  });
});

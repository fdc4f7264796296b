import { describe, expect, it } from 'vitest';
import { meetsPythonRequirement } from '../../src/evaluation/pythonVersion';

describe('a Python requirement', () => {
  it.each([
    ['>=3.11', [3, 11, 0], true],
    ['>=3.11', [3, 9, 18], false],
    ['>=3.9', [3, 10, 0], true],
    ['>=3.10, <3.13', [3, 13, 0], false],
    ['>=3.10,<3.13', [3, 12, 9], true],
    ['~=3.10', [3, 14, 0], true],
    ['~=3.10', [4, 0, 0], false],
    ['~=3.10.2', [3, 10, 1], false],
    ['~=3.10.2', [3, 10, 9], true],
    ['==3.12.*', [3, 12, 4], true],
    ['==3.12', [3, 12, 4], false],
    ['==3.12', [3, 12, 0], true],
    ['3.12', [3, 12, 4], true],
    ['!=3.12.*', [3, 12, 4], false],
    ['>3.11', [3, 11, 1], true],
    ['<=3.11', [3, 11, 1], false],
  ] as const)('%s is met by %j: %s', (requirement, version, meets) => {
    expect(meetsPythonRequirement(requirement, version)).toBe(meets);
  });

  it.each(['', 'three', '>=3.x', '>=3.11;', '~=3', '>=3.11.*', '=>3.11'])(
    '%j cannot be read',
    (requirement) => {
      expect(meetsPythonRequirement(requirement, [3, 11, 0])).toBeUndefined();
    },
  );
});

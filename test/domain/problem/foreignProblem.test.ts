import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostPlaces, normalPath } from '../../../src/domain/problem/hostPlaces';
import { parseProblem } from '../../../src/domain/problem/parseProblem';
import { checkProblemFiles } from '../../../src/domain/problem/problemFiles';

function problemFile(keys: string): string {
  return `---\n${keys}\nmetric: { name: time, goal: minimize }\n---\n# Kernel\nMake it fast.\n`;
}

function messages(keys: string): readonly string[] {
  return parseProblem(problemFile(keys)).diagnostics.map(({ message }) => message);
}

describe('a problem with a folder of another tool', () => {
  const keys = 'candidate: ../kernels/./mine.py\nevaluator: { format: gpu-mode, folder: ../ref/trimul/ }';

  it('is read with its paths made plain', () => {
    const { problem, diagnostics } = parseProblem(problemFile(keys));
    expect(diagnostics).toEqual([]);
    expect(problem).toMatchObject({
      candidate: '../kernels/mine.py',
      evaluator: { kind: 'foreign', format: 'gpu-mode', folder: '../ref/trimul' },
    });
  });

  it('names a folder that is not there', () => {
    const parsed = parseProblem(problemFile(keys));
    expect(checkProblemFiles(parsed, () => false).map(({ message }) => message)).toEqual([
      'There is no file "../kernels/mine.py": create it with the initial program, or correct the path.',
      'There is no folder "../ref/trimul": correct the path; it is relative to this file, or absolute.',
    ]);
  });

  it.each([
    [
      'candidate: a.py\nevaluate: python3 e.py\nevaluator: { format: gpu-mode, folder: x }',
      'evaluate and evaluator both say what scores the program: remove one of the two.',
    ],
    [
      'candidate: a.py\nevaluator: { format: gpu-mod, folder: x }',
      '"evaluator.format" cannot be "gpu-mod". Did you mean "gpu-mode"?',
    ],
    [
      'candidate: a.py\nevaluator: { format: atcoder, folder: x, mode: test }',
      'evaluator.mode is for gpu-mode, and this folder is of atcoder: remove it.',
    ],
    [
      'candidate: a.py\nevaluator: { format: atcoder, folder: "~/x" }',
      '"evaluator.folder" cannot begin with ~: write the whole path.',
    ],
    [
      'candidate: src/\nevaluator: { format: atcoder, folder: x }',
      '"candidate" names a folder: add the name of the program.',
    ],
    ['candidate: a.py\nevaluator: { folder: x }', '"evaluator" needs "format": add format: gpu-mode.'],
    ['candidate: a.py', 'The front matter needs "evaluate": add evaluate: python3 evaluate.py.'],
  ])('%j is told what is wrong', (front, message) => {
    expect(messages(front)).toContain(message);
  });
});

describe('the places in the copy of a session', () => {
  const places = (folder: string, candidate: string) =>
    hostPlaces({ candidate, evaluator: { kind: 'foreign', format: 'atcoder', folder } });

  it.each([
    ['.', 'main.cpp', 'task/main.cpp'],
    ['../ahc', '../ahc/src/main.rs', 'task/src/main.rs'],
    ['/home/u/ahc', '/home/u/ahc/main.cpp', 'task/main.cpp'],
    ['/home/u/ahc', '/home/u/ahc2/main.cpp', 'candidate/main.cpp'],
    ['.', '../main.cpp', 'candidate/main.cpp'],
    ['.', '/tmp/main.cpp', 'candidate/main.cpp'],
    ['C:/ahc', 'C:/ahc/a/../main.cpp', 'task/main.cpp'],
  ])('with the folder %s the candidate %s lies at %s', (folder, candidate, place) => {
    expect(places(folder, candidate)).toEqual({ candidate: place, folder: 'task' });
  });

  it('are those of the problem where its own command scores', () => {
    const evaluator = { kind: 'command', command: 'sh e.sh' } as const;
    expect(hostPlaces({ candidate: 'src/a.py', evaluator })).toEqual({ candidate: 'src/a.py' });
  });

  it('never leave the copy, whatever the paths', () => {
    const path = fc
      .array(fc.constantFrom('..', '.', 'a', 'b', ''), { minLength: 1, maxLength: 6 })
      .map((segments) => `${segments.join('/')}/x`);
    fc.assert(
      fc.property(path, path, fc.boolean(), (folder, candidate, isAbsolute) => {
        const root = isAbsolute ? '/' : '';
        const place = places(root + folder, root + candidate).candidate;
        expect(place).toMatch(/^(task|candidate)\/[^/]/);
        expect(place.split('/')).not.toContain('..');
        expect(normalPath(place)).toBe(place);
      }),
    );
  });
});

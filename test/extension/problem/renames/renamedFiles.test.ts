import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseProblem } from '../../../../src/domain/problem/parseProblem';
import { Lines } from '../../../../src/domain/text/lines';
import { renameEdits, type Rename } from '../../../../src/extension/problem/renames/renamedFiles';

const problemPath = '/w/erdos/erdos.discover';

function problem(candidate: string, evaluate: string): string {
  return `---\ncandidate: ${candidate}\nevaluate: ${evaluate}\nmetric: { name: c5, goal: minimize }\n---\n# T\n`;
}

function renamed(text: string, ...renames: readonly Rename[]): string {
  const lines = new Lines(text);
  return renameEdits(text, parseProblem(text).places, problemPath, renames)
    .map(({ range, newText }) => ({
      from: lines.offsetAt(range.start),
      to: lines.offsetAt(range.end),
      newText,
    }))
    .sort((a, b) => b.from - a.from)
    .reduce((result, { from, to, newText }) => result.slice(0, from) + newText + result.slice(to), text);
}

const at = (from: string, to: string): Rename => ({ from: `/w/${from}`, to: `/w/${to}` });

describe('a problem file, when files are renamed', () => {
  const plain = problem('initial.py', 'python3 evaluate.py --fast');

  it.each([
    [
      'the program',
      at('erdos/initial.py', 'erdos/start.py'),
      problem('start.py', 'python3 evaluate.py --fast'),
    ],
    [
      'the program, into a folder',
      at('erdos/initial.py', 'erdos/programs/initial.py'),
      problem('programs/initial.py', 'python3 evaluate.py --fast'),
    ],
    [
      'the evaluator',
      at('erdos/evaluate.py', 'erdos/judge.py'),
      problem('initial.py', 'python3 judge.py --fast'),
    ],
    [
      'the evaluator, to a name with a blank',
      at('erdos/evaluate.py', 'erdos/my judge.py'),
      problem('initial.py', "python3 'my judge.py' --fast"),
    ],
    [
      'the program, to a name that YAML must quote',
      at('erdos/initial.py', 'erdos/# one: 1.py'),
      problem('"# one: 1.py"', 'python3 evaluate.py --fast'),
    ],
    ['something else', at('erdos/other.py', 'erdos/more.py'), plain],
    ['a file whose name begins alike', at('erdos/initial', 'erdos/start'), plain],
    ['its whole folder', at('erdos', 'minimum-overlap'), plain],
    ['itself alone within its folder', at('erdos/erdos.discover', 'erdos/problem.discover'), plain],
    [
      'itself, into another folder',
      at('erdos/erdos.discover', 'erdos/problems/erdos.discover'),
      problem('../initial.py', 'python3 ../evaluate.py --fast'),
    ],
  ])('follows %s', (_what, rename, expected) => {
    expect(renamed(plain, rename)).toBe(expected);
  });

  it('keeps the quotes and the ./ that were written', () => {
    const quoted = problem('"initial.py"', './evaluate.sh');
    expect(renamed(quoted, at('erdos/initial.py', 'erdos/a.py'), at('erdos/evaluate.sh', 'erdos/b.sh'))).toBe(
      problem('"a.py"', './b.sh'),
    );
    expect(renamed(problem("'initial.py'", 'python3 "x y.py"'), at('erdos/x y.py', 'erdos/z w.py'))).toBe(
      problem("'initial.py'", 'python3 "z w.py"'),
    );
  });

  it("follows another tool's folder, relative and absolute", () => {
    const foreign = (folder: string): string =>
      `---\ncandidate: ../kernels/trimul/submission.py\nevaluator: { format: gpu-mode, folder: ${folder} }\nmetric: { name: us, goal: minimize }\n---\n# T\n`;
    const moved = at('kernels', 'reference/kernels');
    expect(renamed(foreign('../kernels/trimul'), moved)).toBe(
      foreign('../reference/kernels/trimul').replace('../kernels', '../reference/kernels'),
    );
    expect(renamed(foreign('/w/kernels/trimul'), moved)).toContain('folder: /w/reference/kernels/trimul }');
  });

  it('names the same program after any renaming within its folder', () => {
    // Problem files take no path that begins like one of Windows.
    const name = fc
      .stringMatching(/^[\w #:'"&-]{1,12}$/)
      .filter((text) => text.trim() === text && !/^[A-Za-z]:/.test(text));
    fc.assert(
      fc.property(name, (text) => {
        const after = renamed(plain, at('erdos/initial.py', `erdos/${text}.py`));
        expect(parseProblem(after).places.candidate?.path).toBe(`${text}.py`);
      }),
      { numRuns: 1000 },
    );
  });
});

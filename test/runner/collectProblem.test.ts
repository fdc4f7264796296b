import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { collectProblem, proposedProblem } from '../../src/runner/host/collectProblem';

const base = mkdtempSync(join(tmpdir(), 'collect-problem-'));
let folder = '';
let count = 0;

beforeEach(() => {
  folder = join(base, `${(count += 1)}`, 'two_heaps');
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

function put(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

describe('the files of a contest that go to a host', () => {
  it('are without the results of earlier runs', () => {
    put({
      'main.cpp': 'int main() {}',
      main: '\x7fELF',
      'tools/Cargo.toml': '[package]\nname = "tools"\n',
      'tools/src/bin/gen.rs': '',
      'tools/src/bin/vis.rs': '',
      'tools/in/0000.txt': '1',
      'tools/out/0000.txt': '1',
      'tools/err/0000.txt': '',
      'tools/target/release/gen': '',
      'pahcer/best_scores.json': '{}',
    });
    expect(
      collectProblem(folder)
        .files.map(({ path }) => path)
        .sort(),
    ).toEqual([
      'problem.discover',
      'task/main.cpp',
      'task/tools/Cargo.toml',
      'task/tools/src/bin/gen.rs',
      'task/tools/src/bin/vis.rs',
    ]);
  });
});

describe('the problem file proposed for a folder that does not say what it is called', () => {
  const program = '# EVOLVE-BLOCK-START\nx = 1\n# EVOLVE-BLOCK-END\n';

  it.each([
    ['OpenEvolve', { 'evaluator.py': 'def evaluate(path):\n    return {}\n', 'initial_program.py': program }],
    [
      'ShinkaEvolve',
      {
        'evaluate.py':
          'from shinka.core import run_shinka_eval\nimport argparse\n# --program_path --results_dir\n',
        'initial.py': program,
      },
    ],
    [
      'AtCoder',
      {
        'main.py': '',
        'tools/Cargo.toml': '',
        'tools/src/bin/gen.rs': '',
        'tools/src/bin/score.rs': '',
      },
    ],
  ])('has the name of the folder as its title in the form of %s', (_form, files) => {
    put(files);
    for (const name of ['.', '../two_heaps', folder])
      expect(proposedProblem(folder, name)).toMatch(/^title: two heaps$/m);
  });
});

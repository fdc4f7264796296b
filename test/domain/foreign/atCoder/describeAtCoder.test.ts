import { describe, expect, it } from 'vitest';
import { readAtCoderFolder } from '../../../../src/domain/foreign/atCoder/atCoderFolder';
import { describeAtCoder } from '../../../../src/domain/foreign/atCoder/describeAtCoder';
import type { FolderDescription, FolderFiles } from '../../../../src/domain/foreign/foreignFolder';
import { proposeProblem } from '../../../../src/domain/foreign/proposeProblem';
import { recogniseFolder } from '../../../../src/domain/foreign/recogniseFolder';
import { parseProblem } from '../../../../src/domain/problem/parseProblem';

function folder(texts: Readonly<Record<string, string | undefined>>): FolderFiles {
  return { paths: Object.keys(texts).sort(), read: (path) => texts[path] };
}

const tools = {
  'tools/Cargo.toml': '[package]\nname = "tools"\n',
  'tools/src/lib.rs': '',
  'tools/src/bin/gen.rs': '',
  'tools/src/bin/vis.rs': '',
  'tools/seeds.txt': '0\n1\n',
};
const reactive = {
  ...tools,
  'tools/src/bin/tester.rs': 'use std::process::{Command, Stdio};\nfn main() { Command::new("x"); }',
};
const config = (rest: string): string => `[problem]
problem_name = "ahc900"
objective = "Min"
score_regex = '(?m)^\\s*Score\\s*=\\s*(?P<score>\\d+)\\s*$'
[test]
start_seed = 10
end_seed = 60
${rest}`;
const batchSteps = `
[[test.compile_steps]]
program = "g++"
args = ["-std=c++20", "-O2", "solver.cpp"]
[[test.test_steps]]
program = "./a.out"
args = ["--fast", "--seed={SEED}"]
stdin = "./tools/in/{SEED04}.txt"
stdout = "./tools/out/{SEED04}.txt"
measure_time = true
[[test.test_steps]]
program = "cargo"
args = ["run", "--bin", "vis", "--release", "./in/{SEED04}.txt", "./out/{SEED04}.txt"]
current_dir = "./tools"
`;
const reactiveSteps = `
[[test.test_steps]]
program = "cargo"
args = ["run", "--bin", "tester", "--release", "../a.out", "-v"]
current_dir = "./tools"
stdin = "./tools/in/{SEED04}.txt"
measure_time = true
`;

function described(texts: Readonly<Record<string, string | undefined>>): FolderDescription {
  const found = describeAtCoder(folder(texts));
  if (found === undefined || !('description' in found)) throw new Error(JSON.stringify(found));
  return found.description;
}

function problemsOf(texts: Readonly<Record<string, string | undefined>>): readonly string[] {
  const found = describeAtCoder(folder(texts));
  if (found === undefined || !('problems' in found)) throw new Error(JSON.stringify(found));
  return found.problems;
}

describe('a folder of an AtCoder Heuristic Contest', () => {
  it('is known by its crate of tools, and needs nothing else but a program', () => {
    const description = described({ ...tools, 'main.cpp': '' });
    expect(description).toMatchObject({
      format: 'atcoder',
      candidate: 'main.cpp',
      metric: { name: 'mean_score', goal: 'maximize' },
      cases: 150,
      caseTimeMs: 2000,
      limits: { cpus: 4 },
    });
    expect(description.notes.join(' ')).toMatch(/Guessed: more points are better/);
    expect(description.notes.join(' ')).toMatch(/Guessed: 2 seconds a case/);
    // Enough for a host with a single core.
    expect(description.limits?.timeMs).toBeGreaterThan(150 * 2500);
  });

  it('gives a problem file without mistakes', () => {
    const files = folder({ ...tools, 'main.cpp': '', 'statement.md': '# Fish\n\nCatch them.' });
    const recognised = recogniseFolder(files);
    if (recognised.kind !== 'folder') throw new Error(recognised.kind);
    const { problem, diagnostics } = parseProblem(proposeProblem(recognised.description, '../ahc900'));
    expect(diagnostics).toEqual([]);
    expect(problem).toMatchObject({
      candidate: '../ahc900/main.cpp',
      evaluator: { kind: 'foreign', format: 'atcoder', folder: '../ahc900', cases: 150, caseTimeMs: 2000 },
      statement: expect.stringContaining('Catch them.') as unknown,
    });
  });

  it('may be the crate itself', () => {
    const inside = Object.fromEntries(
      Object.entries(tools).map(([path, text]) => [path.slice('tools/'.length), text]),
    );
    expect(described({ ...inside, 'main.py': '' }).candidate).toBe('main.py');
    expect(readAtCoderFolder(folder(inside))?.crate?.path).toBe('');
  });

  it('says by pahcer what it is called, what is better, which seeds, and which program', () => {
    const description = described({
      ...tools,
      'pahcer_config.toml': config(batchSteps),
      'solver.cpp': '',
      'main.cpp': '',
    });
    expect(description).toMatchObject({
      title: 'ahc900',
      candidate: 'solver.cpp',
      metric: { name: 'mean_score', goal: 'minimize' },
      cases: 50,
    });
    expect(description.notes.join(' ')).toMatch(/Arguments with \{SEED\}/);
  });

  it('says by ALE-Bench whether cases count by how they compare with those of others', () => {
    const of = (relative: unknown): ReturnType<typeof described> =>
      described({
        ...tools,
        'data.json': JSON.stringify({ metadata: { score_type: 'minimize', relative_score_type: relative } }),
        'main.rs': '',
      });
    for (const type of ['min', 'max', 'rank_min', 'rank_max']) {
      expect(of(type).metric).toEqual({ name: 'mean_log10_score', goal: 'minimize' });
      expect(of(type).notes.join(' ')).toMatch(/the mean of the logarithms/);
    }
    expect(of(undefined).metric.name).toBe('mean_score');
    expect(of(null).notes.join(' ')).not.toMatch(/log/);
    expect(described({ ...tools, 'main.rs': '' }).notes.join(' ')).toMatch(
      /relative.*mean_log10_score is nearer/,
    );
  });

  it('says by ALE-Bench what its limits are', () => {
    const data = JSON.stringify({
      metadata: { title: 'Fish', problem_type: 'batch', score_type: 'minimize' },
      constraints: { time_limit: 3.5, memory_limit: 512 * 1024 ** 2 },
    });
    expect(described({ ...tools, 'data.json': data, 'main.rs': '' })).toMatchObject({
      title: 'Fish',
      metric: { goal: 'minimize' },
      caseTimeMs: 3500,
      limits: { memoryBytes: 2 * 1024 ** 3 },
    });
    expect(described({ ...tools, 'data.json': 'of another tool', 'main.rs': '' }).caseTimeMs).toBe(2000);
  });

  it('is interactive when its tester starts a program', () => {
    expect(readAtCoderFolder(folder(reactive))?.isReactive).toBe(true);
    const batch = { ...tools, 'tools/src/bin/tester.rs': 'fn main() { std::fs::read("x"); }' };
    expect(readAtCoderFolder(folder(batch))?.isReactive).toBe(false);
    const data = JSON.stringify({ metadata: { problem_type: 'batch' } });
    expect(readAtCoderFolder(folder({ ...reactive, 'data.json': data }))?.isReactive).toBe(false);
    const byPahcer = readAtCoderFolder(folder({ ...reactive, 'pahcer_config.toml': config(reactiveSteps) }));
    expect(byPahcer).toMatchObject({
      isReactive: true,
      step: { program: '../a.out', args: ['-v'], currentDir: './tools' },
    });
  });

  it('is known by the visualizer alone, if its module has what we need', () => {
    const web = {
      'web/ab.js': 'export function gen(seed) {}\nexport function vis() {}',
      'web/ab_bg.wasm': undefined,
    };
    const description = described({ ...web, 'main.py': '' });
    expect(description.notes.join(' ')).toMatch(/visualizer makes the cases/);
    expect(readAtCoderFolder(folder(web))?.visualizer).toEqual({
      module: 'web/ab.js',
      wasm: 'web/ab_bg.wasm',
    });
    expect(describeAtCoder(folder({ ...web, 'web/ab.js': 'export function draw() {}' }))).toBeUndefined();
  });

  it('is not any crate, nor any folder', () => {
    expect(
      describeAtCoder(folder({ 'Cargo.toml': '[package]\nname = "app"', 'src/main.rs': '' })),
    ).toBeUndefined();
    expect(describeAtCoder(folder({ 'main.cpp': '' }))).toBeUndefined();
  });

  it('finds programs that Cargo.toml declares', () => {
    const declared = {
      'tools/Cargo.toml':
        '[package]\nname = "tools"\n[[bin]]\nname = "gen"\npath = "g.rs"\n[[bin]]\nname = "score"\n',
    };
    expect(readAtCoderFolder(folder(declared))?.crate?.programs).toEqual(['gen', 'score']);
  });
});

describe('the program of a contest', () => {
  it.each([
    [{ 'main.py': '', 'a.cpp': '' }, 'main.py'],
    [{ 'src/main.rs': '', 'Cargo.toml': '[package]\nname = "ahc900"' }, 'src/main.rs'],
    [{ 'my_solver.cpp': '' }, 'my_solver.cpp'],
    [{ 'Main.cc': '', 'other.cpp': '' }, 'Main.cc'],
  ])('of %j is %s', (files, path) => {
    expect(described({ ...tools, ...files }).candidate).toBe(path);
  });

  it('must be there, and must be clear', () => {
    expect(problemsOf(tools)).toEqual([
      'There is no program: put main.cpp, main.rs or main.py beside the tools.',
    ]);
    expect(problemsOf({ ...tools, 'x.cpp': '', 'y.cpp': '' })[0]).toMatch(
      /^Which is the program\? Call one of x\.cpp, y\.cpp main/,
    );
  });
});

describe('a folder with mistakes', () => {
  it.each([
    ['[test]\nstart_seed = 5\nend_seed = 5', /test\.end_seed \(5\) must be greater/],
    ['[test', /pahcer_config\.toml: it cannot be read, line 1/],
    [config('').replace('?P<score>', ''), /score_regex needs a group/],
  ])('names pahcer_config.toml: %j', (text, problem) => {
    expect(problemsOf({ ...tools, 'main.cpp': '', 'pahcer_config.toml': text })[0]).toMatch(problem);
  });

  it('says what the tools lack', () => {
    const rest = Object.fromEntries(
      Object.entries(tools).filter(([path]) => path !== 'tools/src/bin/vis.rs'),
    );
    expect(problemsOf({ ...rest, 'main.cpp': '' })[0]).toMatch(
      /neither score\.rs nor vis\.rs nor tester\.rs/,
    );
    const data = JSON.stringify({ metadata: { problem_type: 'reactive' } });
    expect(problemsOf({ ...tools, 'main.cpp': '', 'data.json': data })[0]).toMatch(/no src\/bin\/tester\.rs/);
  });

  it('notes steps of pahcer that it does not know, and an unknown objective', () => {
    const steps = '[[test.test_steps]]\nprogram = "./one"\n[[test.test_steps]]\nprogram = "./two"\n';
    const text = config(steps).replace('"Min"', '"Median"');
    const { notes, metric } = described({ ...tools, 'main.cpp': '', 'pahcer_config.toml': text });
    expect(metric.goal).toBe('maximize');
    expect(notes.join(' ')).toMatch(/not of the usual form/);
    expect(notes.join(' ')).toMatch(/neither "Max" nor "Min" but "Median"/);
  });
});

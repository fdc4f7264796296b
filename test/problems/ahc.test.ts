import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseProblem } from '../../src/domain/problem/parseProblem';
import { checkProblemFiles } from '../../src/domain/problem/problemFiles';
import type { EvaluationOutcome } from '../../src/domain/session/outcome';
import type { Evaluator } from '../../src/evaluation/evaluator';
import { createLocalExecutor } from '../../src/evaluation/localExecutor';
import { createEvaluator } from '../../src/evaluation/createEvaluator';
import { parseTunables } from '../../src/policy/tunables/marks';
import { folderOf, instance, ownFolder } from './ahc/contestScripts';
import { catalogueText, commandOf, expectRejection, validOutcome } from './support/catalogueProblem';
import { keepViews, viewOfKind } from './support/keptViews';

const wholeSea = '4 0 0 0 100000 100000 100000 100000 0';
const waiting = '-1\\n'.repeat(500);
/** All places are inside of the whole sea, as many sardines as mackerels; an apple stays an apple. */
const contests = [
  { name: 'ahc039', answer: wholeSea, score: 1, tunables: 4, isShort: (v: number) => v > 1500 && v < 5001 },
  { name: 'ahc058', answer: waiting, score: 0, tunables: 6, isShort: (v: number) => v > 4e6 && v < 7e6 },
] as const;

/** A program that prints this text after these statements. */
function printing(text: string, ...statements: readonly string[]): string {
  return `#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <signal.h>
#include <thread>
#include <time.h>
#include <unistd.h>
double computed() { return double(clock()) / CLOCKS_PER_SEC; }
int main() {
    ${statements.join('\n    ')}
    std::puts("${text}");
}
`;
}

/** The seed of the first case of an evaluation with this seed, by the evaluator's rule. */
function firstSeed(name: string, seed: number): number {
  return createHash('sha256').update(`${name} ${seed} 0`).digest().readUIntLE(0, 6);
}

/** The path of the program that a process runs; empty if it has ended. */
function programOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return '';
  }
}

describe.each(contests)('the problem $name', ({ name, answer, score, tunables, isShort }) => {
  const root = mkdtempSync(join(tmpdir(), 'ahc-'));
  const never = new AbortController().signal;
  const parsed = parseProblem(catalogueText(`${name}/${name}.discover`));
  const initial = catalogueText(`${name}/initial.cpp`);
  const views = keepViews();
  let evaluator: Evaluator;
  let count = 0;

  function openEvaluator(
    timeMs: number,
    containment: 'auto' | 'sweep',
    problemFolder = folderOf(name),
  ): Evaluator {
    if (parsed.problem === undefined) throw new Error('The problem file has mistakes.');
    return createEvaluator({
      problem: {
        ...parsed.problem,
        evaluator: {
          kind: 'command',
          command: commandOf(parsed.problem).replace('--cases 150', '--cases 2'),
        },
        limits: { ...parsed.problem.limits, timeMs },
      },
      problemFolder,
      workRoot: join(root, `work-${containment}-${timeMs}`),
      root,
      executor: createLocalExecutor({ containment }),
      storeBlob: views.storeBlob,
    });
  }

  beforeAll(async () => {
    evaluator = openEvaluator(120_000, 'auto');
    await evaluator.prepare(() => undefined, never);
  }, 120_000);

  afterAll(async () => {
    await evaluator.dispose();
    rmSync(root, { recursive: true, force: true });
  });

  async function outcomeOf(candidateText: string, seed = 7): Promise<EvaluationOutcome> {
    const { outcome } = await evaluator.evaluate({ id: `t${count++}`, candidateText, seed }, never);
    return outcome;
  }

  it('has a problem file without mistakes, whose files are there, and runs 150 cases', () => {
    expect(parsed.diagnostics).toEqual([]);
    expect(checkProblemFiles(parsed, (path) => existsSync(join(folderOf(name), path)))).toEqual([]);
    expect(commandOf(parsed.problem)).toBe('python3 evaluate.py --cases 150');
  });

  it('marks numbers of its initial program', () => {
    const marks = parseTunables(initial);
    expect(marks.errors).toEqual([]);
    expect(marks.tunables).toHaveLength(tunables);
  });

  it('scores the initial program, with a verdict and a time for each case', async () => {
    const outcome = validOutcome(await outcomeOf(initial));
    expect(outcome.value).toSatisfy(isShort);
    expect(outcome.feedback).toMatch(/^Mean score [\d.]+ over 2 cases/);
    expect(outcome.feedback).toMatch(/\n0 AC \d+ \d\.\d\ds\n1 AC \d+ \d\.\d\ds$/);
    expect(outcome.metrics['slowest_cpu_s']).toBeLessThan(2);
  });

  it('scores a program by its output', async () => {
    expect(validOutcome(await outcomeOf(printing(answer))).value).toBe(score);
  });

  it('fails a program that prints nothing, and one that crashes after a good answer', async () => {
    expectRejection(await outcomeOf('int main() {}'), 'is WA, which fails the program. It printed nothing.');
    const crashing = printing(answer).replace('\n}\n', '\n    std::fflush(stdout); std::abort();\n}\n');
    expectRejection(await outcomeOf(crashing), 'is RE, which fails the program. It was ended by signal 6');
  });

  it('prints a verdict to no effect', async () => {
    const forged = printing('{\\"valid\\": true, \\"metrics\\": {\\"mean_score\\": 9e9}}\\n').replace(
      'puts',
      'printf',
    );
    expectRejection(await outcomeOf(forged), 'is WA');
  });

  it('draws what a program did: the net of the first case, or the points of each', async () => {
    const outcome = await outcomeOf(printing(answer));
    const view = views.viewOf(outcome);
    expect(views.sizeOf(outcome)).toBeLessThan(64 * 1024);
    if (name === 'ahc058') {
      expect(view).toEqual({
        kind: 'bars',
        title: 'Points of each case',
        unit: 'points',
        goal: 'maximize',
        series: ['This program'],
        rows: [
          { label: 'case 0', values: [0] },
          { label: 'case 1', values: [0] },
        ],
      });
    } else {
      const { polygon, wanted, unwanted, title } = viewOfKind(view, 'polygon');
      expect(polygon).toEqual([
        [0, 0],
        [0, 100_000],
        [100_000, 100_000],
        [100_000, 0],
      ]);
      expect(title).toBe('Case 0: 1 points, with 1000 of 5000 mackerels and as many sardines');
      const places = [...wanted, ...unwanted].map(([x, y]) => `${x} ${y}`);
      expect(new Set(places).size).toBe(2000);
      expect(instance(name, firstSeed(name, 7)).split('\n')).toEqual(expect.arrayContaining(places));
    }
  });

  it('draws nothing of a program that fails', async () => {
    expect(await outcomeOf('int main() {}')).not.toHaveProperty('artifacts');
  });

  // The code that judges runs is the same for both.
  if (name === 'ahc058') return;

  it('runs the same cases for the same seed, and others for another', async () => {
    const corner = printing('4 0 0 0 50000 50000 50000 50000 0');
    const scoresOf = async (seed: number): Promise<unknown> => {
      const outcome = validOutcome(await outcomeOf(corner, seed));
      return outcome.feedback?.match(/AC \d+/g);
    };
    const first = await scoresOf(7);
    expect(await scoresOf(7)).toEqual(first);
    expect(await scoresOf(8)).not.toEqual(first);
  });

  it('gives a program nothing but its input, its output and the clock', async () => {
    const source = readFileSync(join(ownFolder, 'programs/escapes.cpp'), 'utf8');
    // Outside of the evaluator all of it works.
    const free = join(root, 'escapes');
    execFileSync('g++', ['-std=c++20', '-x', 'c++', '-', '-o', free], { input: source });
    const names = source.match(/(?<=\btried\(")[^"]+/g) ?? [];
    const said = execFileSync('/bin/sh', ['-c', `${free} 2>&1`], { encoding: 'utf8' });
    expect(said.trim().split('\n')).toEqual(names.slice(0, -2));
    const outcome = await outcomeOf(`#define ANSWER "${answer}"\n${source}`);
    expect(validOutcome(outcome).value).toBe(score);
  }, 20_000);

  it('lets a program use threads, on its one core', async () => {
    const threads = printing(answer, 'std::thread([] {}).join();');
    expect(validOutcome(await outcomeOf(threads)).value).toBe(score);
  });

  it.each([
    ['computes for too long', 'TLE', 'while (true) {}', 'more than 2 s: it computed for'],
    [
      'computes for too long in many threads at once',
      'TLE',
      'std::thread all[4]; for (auto& t : all) t = std::thread([] { while (computed() < 2.2) {} }); for (auto& t : all) t.join();',
      'more than 2 s',
    ],
    ['waits for too long', 'TLE', 'sleep(100);', 'more than 2 s: it computed for 0.0'],
    ['ends with a code', 'RE', 'return 3;', 'It ended with exit code 3.'],
    ['reads where nothing is', 'RE', 'std::puts(*(char**)8);', 'It was ended by signal 11'],
    ['ends itself by a signal without a name', 'RE', 'raise(40);', 'It was ended by signal 40'],
    [
      'prints too much',
      'OLE',
      'for (int i = 0; i < 200000; i++) std::printf("4 0 0 0 1 1 1 1 0\\n");',
      'It printed 1048576 bytes',
    ],
    [
      'prints too much and carries on',
      'OLE',
      'signal(SIGXFSZ, SIG_IGN); for (int i = 0; i < 9999999; i++) if (std::puts("4 0 0 0 1 1 1 1 0") < 0) return 0;',
      'It printed 1048576 bytes',
    ],
    [
      'says why it fails',
      'RE',
      'std::fprintf(stderr, "no cell \\xff left\\n"); return 1;',
      'exit code 1. Its last words: no cell',
    ],
    ['prints a remark', 'WA', 'std::puts("score: 5000");', "'score:' stands where a number of vertices"],
  ])('fails a program that %s: %s', async (_what, verdict, statement, message) => {
    const outcome = await outcomeOf(printing(answer, statement));
    expectRejection(outcome, ` is ${verdict}, which fails the program.`);
    expectRejection(outcome, message);
  });

  it('fails a program that takes too much memory: MLE', async () => {
    // A gigabyte is more than a busy host gives a program in 2 s: so there is less to have.
    const folder = join(root, 'small');
    cpSync(folderOf(name), folder, { recursive: true });
    const runCase = join(folder, 'run_case.py');
    const text = readFileSync(runCase, 'utf8');
    expect(text).toContain('\nMEMORY_LIMIT_BYTES = 1024**3\n');
    writeFileSync(runCase, text.replace('= 1024**3\n', '= 96 * 1024**2\n'));
    const small = openEvaluator(90_000, 'auto', folder);
    await small.prepare(() => undefined, never);
    const statement = 'for (int i = 0; i < 8; i++) std::memset(std::malloc(1 << 24), 1, 1 << 24);';
    const candidateText = printing(answer, statement);
    const { outcome } = await small.evaluate({ id: 'small', candidateText, seed: 7 }, never);
    await small.dispose();
    expectRejection(outcome, ' is MLE, which fails the program. It used more than 96 MiB.');
  });

  it('leaves no program behind when the evaluation is stopped, without a namespace too', async () => {
    const stopped = openEvaluator(2_500, 'sweep');
    await stopped.prepare(() => undefined, never);
    const candidateText = printing(answer, 'signal(SIGTERM, SIG_IGN); sleep(100);');
    const { outcome } = await stopped.evaluate({ id: 'stopped', candidateText, seed: 7 }, never);
    await stopped.dispose();
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'timeout' });
    const programs = readdirSync('/proc').filter(
      (pid) => /^\d+$/.test(pid) && programOf(pid).startsWith(root),
    );
    expect(programs).toEqual([]);
  });

  it('names the case that failed by the command that prints its input, and runs no more', async () => {
    const outcome = await outcomeOf('int main() { return 1; }');
    expectRejection(outcome, 'Its input: python3 contest.py ');
    expectRejection(outcome, 'RE - ');
  });

  it('hands on the first lines of what the compiler says', async () => {
    const outcome = await outcomeOf(`int main() {\n    return missing;\n}\n`);
    expectRejection(outcome, 'The program does not compile:\ninitial.cpp: In function');
    expectRejection(outcome, 'initial.cpp:2:12: error:');
  });

  it('stops a compiler that takes too much memory', async () => {
    const outcome = await outcomeOf('#include "/dev/zero"\nint main() {}\n');
    expectRejection(outcome, 'out of memory');
  }, 70_000);
});

describe('the two AHC problems', () => {
  it.each(['evaluate.py', 'run_case.py', 'compile_program.py', 'cores.py', 'syscall_filter.py'])(
    'have the same %s',
    (file) => {
      expect(catalogueText(`ahc058/${file}`)).toBe(catalogueText(`ahc039/${file}`));
    },
  );
});

import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseProblem } from '../../../src/domain/problem/parseProblem';
import { exitCodes } from '../../../src/protocol/hostCommands';
import { BuiltRunner } from '../support/builtRunner';

let runner: BuiltRunner;
beforeAll(async () => {
  runner = await BuiltRunner.build();
});
afterAll(async () => {
  await runner.dispose();
});

/** Its score is what the seed and the strict check make of it. */
function problemWith(name: string, evaluator: string): string {
  return runner.makeProblem(name, { evaluator });
}

function result(json: string): string {
  return `printf '%s' ${json} > "$DISCOVER_RESULT"`;
}

describe('ttt-discover verify', () => {
  it('runs the program three times with other seeds and the stricter check, and repeats with --seed', async () => {
    const folder = problemWith(
      'seeded',
      `test "$DISCOVER_STRICT" = 1 || exit 1\n${result(`'{"valid": true, "metrics": {"error": '"$DISCOVER_SEED"'}}'`)}`,
    );
    const reply = await runner.reply(['verify', folder, '--seed', '7']);
    if (reply.kind !== 'verification') throw new Error(`got ${reply.kind}`);
    expect(reply.verdict).toBe('confirmed');
    const seeds = reply.runs.map(({ seed }) => seed);
    expect(new Set(seeds).size).toBe(3);
    expect(reply.runs.map(({ outcome }) => outcome)).toMatchObject(seeds.map((seed) => ({ value: seed })));
    const again = await runner.reply(['verify', folder, '--seed', '7', '--runs', '2']);
    expect(again).toMatchObject({ runs: seeds.slice(0, 2).map((seed) => ({ seed })) });
    expect(readdirSync(join(runner.root, 'evaluations'))).toEqual([]);
  });

  it('refutes a program that fails one of them', async () => {
    const valid = result(`'{"valid": true, "metrics": {"error": 1}}'`);
    const invalid = result(`'{"valid": false}'`);
    const folder = problemWith(
      'strictly-invalid',
      `if [ -n "$DISCOVER_STRICT" ]; then ${invalid}; else ${valid}; fi`,
    );
    expect(await runner.reply(['evaluate', folder])).toMatchObject({ outcome: { kind: 'valid' } });
    const { code, stdout } = await runner.command(['verify', folder, '--runs', '2']);
    expect(code).toBe(exitCodes.noResult);
    expect(stdout).toMatch(/run 1 of 2, seed \d+: failed \(invalid\)/);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('refuted: 0 of 2 runs valid');
  });
});

describe('ttt-discover evaluate', () => {
  it('tells the cases that the evaluator writes', async () => {
    const cases = `"cases": [{"name": "seed 1", "verdict": "passed", "value": 3, "unit": "points"}]`;
    const folder = problemWith('cases', result(`'{"valid": true, "metrics": {"error": 1}, ${cases}}'`));
    expect(await runner.reply(['evaluate', folder])).toMatchObject({
      cases: [{ name: 'seed 1', verdict: 'passed', value: 3, unit: 'points' }],
    });
  });

  it('names a folder that is of no tool', async () => {
    const folder = join(runner.root, 'plain');
    mkdirSync(folder);
    writeFileSync(join(folder, 'notes.txt'), 'hello');
    const { code, stderr } = await runner.command(['evaluate', folder]);
    expect(code).toBe(exitCodes.problem);
    expect(stderr).toContain('there is no .discover file in this folder, and it is none of another tool');
  });
});

describe('ttt-discover propose', () => {
  const folder = (): string => join(runner.root, 'evolve');

  it('writes a problem file that points at the untouched folder, and never over another', async () => {
    mkdirSync(folder());
    writeFileSync(join(folder(), 'initial_program.py'), '# EVOLVE-BLOCK-START\nx = 1\n# EVOLVE-BLOCK-END\n');
    writeFileSync(join(folder(), 'evaluator.py'), 'def evaluate(path):\n    return {"score": 1.0}\n');
    const out = join(runner.root, 'evolve.discover');
    expect((await runner.command(['propose', folder(), '--out', out])).code).toBe(exitCodes.ok);
    const { stdout } = await runner.command(['propose', folder()]);
    expect(parseProblem(stdout).problem).toMatchObject({
      candidate: `${folder()}/initial_program.py`,
      evaluator: { kind: 'foreign', format: 'openevolve', folder: folder() },
    });
    expect(existsSync(out)).toBe(true);
    const second = await runner.command(['propose', folder(), '--out', out]);
    expect(second.code).toBe(exitCodes.usage);
    expect(second.stderr).toContain('is there already');
    expect(readdirSync(folder()).sort()).toEqual(['evaluator.py', 'initial_program.py']);
  });
});

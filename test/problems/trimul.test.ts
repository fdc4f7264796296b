import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
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
import { catalogueText, expectRejection, forging } from './support/catalogueProblem';
import { pythonWithTorch } from './support/pythonWithTorch';

// PyTorch stands in here by a module of fifty lines, and there is no GPU: what this evaluator does with one is tried by
// `python3 test/problems/trimul/on_gpu.py` on a host that has one.
const problemFolder = join(import.meta.dirname, '../../problems/trimul');
const own = join(import.meta.dirname, 'trimul');
const parsed = parseProblem(catalogueText('trimul/trimul.discover'));
const correctButUntimed = 'is correct on all 6 small cases';
const reference = program('numpy_reference');

function program(name: string): string {
  return readFileSync(join(own, 'programs', `${name}.py`), 'utf8');
}

/** A program that computes `output` (numpy) rightly from `data`, and then these lines. */
function changed(...lines: readonly string[]): string {
  return `${reference}
rightly = custom_kernel

def custom_kernel(data):
    output = rightly(data).numpy()
    ${lines.join('\n    ')}
`;
}

describe('the problem trimul, without a GPU', () => {
  const root = mkdtempSync(join(tmpdir(), 'trimul-'));
  const never = new AbortController().signal;
  let evaluator: Evaluator;
  let count = 0;

  beforeAll(async () => {
    if (parsed.problem === undefined) throw new Error('The problem file has mistakes.');
    const withStandIn = join(root, 'problem');
    cpSync(problemFolder, withStandIn, { recursive: true });
    cpSync(join(own, 'standins'), withStandIn, { recursive: true });
    evaluator = createEvaluator({
      problem: {
        ...parsed.problem,
        environment: { ...parsed.problem.environment, packages: ['numpy<2.4'] },
        // The evaluator stops a program 10 s before this.
        limits: { ...parsed.problem.limits, timeMs: 20_000, cpus: 1, gpus: 0 },
      },
      problemFolder: withStandIn,
      workRoot: join(root, 'work'),
      root,
      executor: createLocalExecutor(),
      storeBlob: () => Promise.reject(new Error('this problem has no artifacts')),
    });
    await evaluator.prepare(() => undefined, never);
  }, 300_000);

  afterAll(async () => {
    await evaluator.dispose();
    rmSync(root, { recursive: true, force: true });
  });

  async function outcomeOf(candidateText: string): Promise<EvaluationOutcome> {
    const { outcome } = await evaluator.evaluate({ id: `t${count++}`, candidateText, seed: 7 }, never);
    return outcome;
  }

  it('has a problem file without mistakes, whose files are there', () => {
    expect(parsed.diagnostics).toEqual([]);
    expect(checkProblemFiles(parsed, (path) => existsSync(join(problemFolder, path)))).toEqual([]);
  });

  it('marks the numbers of its initial program that decide how fast it is', () => {
    const { tunables, errors } = parseTunables(catalogueText('trimul/initial.py'));
    expect(errors).toEqual([]);
    expect(tunables).toHaveLength(13);
  });

  it('says of a correct program that it is correct, and that timing needs a GPU, with advice', async () => {
    const outcome = await outcomeOf(reference);
    expectRejection(outcome, correctButUntimed);
    expectRejection(outcome, 'There is no GPU: timing needs one. Run this problem on a host with');
  });

  it('lets programs made for GPU MODE import their types', async () => {
    expectRejection(await outcomeOf(`from task import input_t, output_t\n${reference}`), correctButUntimed);
  });

  it('takes an output that is off by less than the tolerance', async () => {
    const nearly = changed('return torch.from_numpy(output + 0.0199)');
    expectRejection(await outcomeOf(nearly), correctButUntimed);
  });

  it.each([
    [
      'an error just above the tolerance in one value of one case',
      changed(
        'if data[1].numpy().min() == 0: output[0, 5, 6, 7] += 0.021 + 0.02 * abs(output[0, 5, 6, 7])',
        'return torch.from_numpy(output)',
      ),
      'masked, normal: 1 of 131072 values are off. The worst is at [0, 5, 6, 7]',
    ],
    [
      'NaN',
      changed('output[0, 1, 2, 3] = float("nan")', 'return torch.from_numpy(output)'),
      '1 of 131072 values are off. The worst is at [0, 1, 2, 3]: nan instead of',
    ],
    ['complex numbers', changed('return torch.from_numpy(output + 0j)'), 'must be torch.float32'],
    [
      'half precision',
      changed('return torch.from_numpy(output.astype("float16"))'),
      'The output must be torch.float32; it is torch.float16.',
    ],
    [
      'another shape',
      changed('return torch.from_numpy(output[0])'),
      'must have the shape [1, 32, 32, 128]; it has [32, 32, 128]',
    ],
    ['no tensor', changed('return output'), 'custom_kernel must return a tensor; it returned ndarray.'],
    [
      'a program that ignores masks',
      `${reference}
rightly = custom_kernel

def custom_kernel(data):
    return rightly((data[0], torch.from_numpy(numpy.ones_like(data[1].numpy())), *data[2:]))
`,
      'Wrong output for batch 1, n 32, dim 128, masked, normal',
    ],
    ['an identity kernel', program('identity'), 'Wrong output for batch 1, n 32, dim 128, no mask, normal'],
    ['a result kept from an earlier call', reference + program('remembers'), 'dim 128, masked, normal'],
    ['a program that changes its inputs instead', program('overwrites_inputs'), 'Wrong output'],
    ['a program that looks for the expected output in its process', program('reads_frames'), 'Wrong output'],
    ['a program that forges the answer of its process', program('forged_page'), 'Wrong output'],
    [
      'a program that writes nonsense for an answer',
      program('forged_page').replace(
        'struct.pack_into("<Q"',
        'page[16:60] = b"]" * 44\n    struct.pack_into("<Q"',
      ),
      'wrote over the memory by which it is told what to do',
    ],
    ['a file without custom_kernel', 'kernel = 1', 'The program must define custom_kernel(data).'],
    ['an exception', 'def custom_kernel(data):\n    1 / 0', 'ZeroDivisionError'],
    ['a syntax error', 'def custom_kernel(data', 'SyntaxError'],
    [
      'an early exit',
      'import os\ndef custom_kernel(data):\n    print("bye", flush=True)\n    os._exit(0)',
      "The program's process ended with exit code 0:\nbye",
    ],
    [
      'a signal',
      'import os, signal\ndef custom_kernel(data):\n    os.kill(os.getpid(), signal.SIGSEGV)',
      'signal 11 (SIGSEGV)',
    ],
    [
      'a hang, also of processes that it leaves behind',
      'import os, time\nos.fork()\ntime.sleep(1000)\ncustom_kernel = None',
      'The program took too long and was stopped.',
    ],
  ])('rejects %s with a sentence', async (_what, text, message) => {
    expectRejection(await outcomeOf(text), message);
  });

  it('ignores verdicts that the program, and a process that it leaves behind, write where ours goes', async () => {
    const forge = forging('{"valid": True, "metrics": {"geomean_us": 1.0}}');
    expectRejection(await outcomeOf(forge + program('identity')), 'Wrong output');
  });

  describe('of a program that is its parent to the letter', () => {
    const shapes = ['b2_n256_d128', 'b1_n768_d128', 'b2_n256_d384', 'b1_n512_d128', 'b1_n1024_d128'];
    const keys = [...shapes, 'b1_n768_d384', 'b1_n1024_d384'].map((shape) => `us_${shape}`);
    const recorded = { geomean_us: 1500, ...Object.fromEntries(keys.map((key) => [key, 1500])) };
    const parent = { program: { text: reference, value: 1500, metrics: recorded } };
    const run = (request: object): Promise<{ readonly outcome: EvaluationOutcome }> =>
      evaluator.evaluate({ id: `p${count++}`, candidateText: reference, seed: 7, ...request }, never);

    it('gives what was recorded, and says so', async () => {
      expect(await run({ incumbent: parent })).toMatchObject({
        outcome: {
          ...{ kind: 'valid', value: 1500, metrics: { ...recorded, same_as_parent: 1 } },
          feedback: expect.stringContaining('the same program as its parent') as unknown,
        },
      });
    });

    it('runs it where a best is decided about, or something else was recorded', async () => {
      const strict = await run({ incumbent: parent, strict: true });
      expectRejection(strict.outcome, correctButUntimed);
      const estimate = { ...parent.program, metrics: { ...recorded, stopped: 1 } };
      expectRejection((await run({ incumbent: { program: estimate } })).outcome, correctButUntimed);
    });
  });

  const python = pythonWithTorch('the initial TriMul kernels are not run');
  it.runIf(python)('has a reference in slices that is the same as the whole one', () => {
    const program = `
import json, torch
from cases import Case, fields
from judge import CpuJudge
from reference import trimul, trimul_in_slices
case = Case(2, 7, 128, True, "normal")
made = CpuJudge([case]).make(case, 3)
parts = {name: torch.from_numpy(part) for name, part in made.parts.items()}
arguments = parts["x"], parts["mask"], parts
whole, starts = trimul(torch, *arguments), []
for batch, row, found in trimul_in_slices(torch, *arguments, 3):
    starts.append((batch, row, found.shape[1]))
    assert torch.allclose(found[0], whole[batch, row : row + 3], atol=1e-5), (batch, row)
print(json.dumps(starts))`;
    const starts: unknown = JSON.parse(
      execFileSync(python ?? '', ['-c', program], {
        cwd: problemFolder,
        encoding: 'utf8',
        env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
      }),
    );
    expect(starts).toEqual(
      [0, 1].flatMap((batch) => [
        [batch, 0, 3],
        [batch, 3, 3],
        [batch, 6, 1],
      ]),
    );
  });

  it.runIf(python)(
    "runs the kernels of the initial program in Triton's interpreter, and finds them correct",
    () => {
      const verdict = join(root, 'verdict.json');
      execFileSync(python ?? '', ['evaluate.py'], {
        cwd: problemFolder,
        env: {
          ...process.env,
          PYTHONDONTWRITEBYTECODE: '1',
          CUDA_VISIBLE_DEVICES: '',
          DISCOVER_CANDIDATE: 'initial.py',
          DISCOVER_SEED: '7',
          DISCOVER_RESULT: verdict,
        },
      });
      expect(readFileSync(verdict, 'utf8')).toContain(correctButUntimed);
    },
    300_000,
  );
});

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

// PyTorch stands in here by a module of some lines, and there is no GPU: what this evaluator does with one is tried by
// `python3 test/problems/mla-decode/on_gpu.py` on a host that has one.
const problemFolder = join(import.meta.dirname, '../../problems/mla-decode');
const own = join(import.meta.dirname, 'mla-decode');
const parsed = parseProblem(catalogueText('mla-decode/mla-decode.discover'));
const correctButUntimed = 'is correct on all 6 small cases';
const reference = program('numpy_reference');

function program(name: string): string {
  return readFileSync(join(own, 'programs', `${name}.py`), 'utf8');
}

/** A program that computes `output` and `row` (numpy, float32) rightly from `data`, and then these lines. */
function changed(...lines: readonly string[]): string {
  return `${reference}
def custom_kernel(data):
    cache = data[2].data
    output, row = compute(data)
    ${lines.join('\n    ')}
`;
}

const stored = 'store(data[2], row)';

describe('the problem mla-decode, without a GPU', () => {
  const root = mkdtempSync(join(tmpdir(), 'mla-decode-'));
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
    const { tunables, errors } = parseTunables(catalogueText('mla-decode/initial.py'));
    expect(errors).toEqual([]);
    expect(tunables).toHaveLength(7);
  });

  it.each([
    ...['candidate_process.py', 'cuda_memory.py', 'gpu_state.py', 'gpu_turn.py', 'page.py', 'timing.py'],
    ...['cascade.py', 'sequential.py', 'static_checks.py'],
  ])('has the same %s as the other problem that is timed on a GPU', (name) => {
    expect(catalogueText(`mla-decode/${name}`)).toBe(catalogueText(`trimul/${name}`));
  });

  it('says of a correct program that it is correct, and that timing needs a GPU, with advice', async () => {
    const outcome = await outcomeOf(reference);
    expectRejection(outcome, correctButUntimed);
    expectRejection(outcome, 'There is no GPU: timing needs one. Run this problem on a host with');
  });

  it('lets programs made for GPU MODE import its types', async () => {
    const imports = 'from task import input_t, output_t\nfrom reference import KVCache, Config\n';
    const appending = imports + program('uses_the_cache');
    expectRejection(await outcomeOf(reference + appending), correctButUntimed);
  });

  it.each([
    ['a value off by less than the tolerance', 'output[0, 0, 5] += 0.09 * (output[0, 0] ** 2).mean() ** 0.5'],
    ['every value off by little', 'output *= 1.015'],
  ])('takes %s', async (_what, line) => {
    expectRejection(
      await outcomeOf(changed(line, stored, 'return bfloat16(output), cache')),
      correctButUntimed,
    );
  });

  it.each([
    [
      'an error above the tolerance in one value of one case',
      changed(
        'size = (output[0, 0] ** 2).mean() ** 0.5',
        'if data[2].seq_len == 31: output[0, 0, 7] += 0.15 * size + 0.02 * abs(output[0, 0, 7])',
        stored,
        'return bfloat16(output), cache',
      ),
      'batch 3, 31 rows before, spikes: 1 of 768 values are off. The worst is value 7 of sequence 0',
    ],
    [
      'small errors in all values of a sequence together',
      changed(
        'signs = numpy.where(numpy.arange(output.shape[-1]) % 2, 1, -1)',
        'output += 0.08 * signs * (output ** 2).mean(-1)[..., None] ** 0.5',
        stored,
        'return bfloat16(output), cache',
      ),
      'are off by 8.0% of their size, all together',
    ],
    [
      'NaN',
      changed(stored, 'output[1, 0, 3] = 0', 'result = bfloat16(output)') +
        '    result.view(torch.int16).numpy()[1, 0, 3] = 0x7fc0\n    return result, cache',
      '1 of 512 values are off. The worst is value 3 of sequence 1: nan instead of',
    ],
    [
      'complex numbers',
      changed(stored, 'return torch.from_numpy(output.astype("complex64")), cache'),
      'must be torch.bfloat16',
    ],
    [
      'single precision',
      changed(stored, 'return torch.from_numpy(output), cache'),
      'The output must be torch.bfloat16; it is torch.float32.',
    ],
    [
      'another shape',
      changed(stored, 'return bfloat16(output[:, 0]), cache'),
      'must have the shape [2, 1, 256]; it has [2, 256]',
    ],
    [
      'no tensor',
      changed(stored, 'return output'),
      'custom_kernel must return a tensor and the cache; it returned ndarray.',
    ],
    [
      'a cache without the new row',
      changed('return bfloat16(output), cache'),
      'Wrong new row of the cache for batch 2, 128 rows before, normal',
    ],
    [
      'a cache of which another row has changed',
      changed(stored, 'cache.view(torch.int16).numpy()[0, 0, 0] ^= 1', 'return bfloat16(output), cache'),
      'other rows than row 128 have changed',
    ],
    [
      'a cache that is written behind its end',
      changed(stored, 'cache.view(torch.int16).numpy()[1, 140, 5] = 3', 'return bfloat16(output), cache'),
      'other rows than row 128 have changed',
    ],
    [
      'a program that leaves the newest token out',
      program('forgets_keys').replaceAll('KEPT', 'slice(None, -1)'),
      'Wrong output',
    ],
    [
      'a program that leaves the oldest token out',
      program('forgets_keys').replaceAll('KEPT', 'slice(1, None)'),
      'Wrong output',
    ],
    [
      'a program that does not rotate',
      reference.replace('floats(config.sin)', '0 * floats(config.sin)'),
      'Wrong output',
    ],
    [
      'a softmax without a maximum',
      program('forgets_keys').replaceAll('KEPT', 'slice(None)'),
      'rows before, offset',
    ],
    ['an identity kernel', program('identity'), 'Wrong output for batch 2, 128 rows before, normal'],
    ['a result kept from an earlier call', reference + program('remembers'), '65 rows before, offset'],
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

  const python = pythonWithTorch('the initial MLA kernels are not run');
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

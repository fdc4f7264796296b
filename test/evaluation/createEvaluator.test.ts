import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { defaultLimits, defaultSession } from '../../src/domain/problem/problem';
import type { Limits, Problem } from '../../src/domain/problem/problem';
import { DiskFullError } from '../../src/evaluation/evaluator';
import type { EvaluationReport, Evaluator } from '../../src/evaluation/evaluator';
import { createLocalExecutor } from '../../src/evaluation/localExecutor';
import { createEvaluator } from '../../src/evaluation/createEvaluator';
import { livingProcesses } from './livingProcesses';

/** A busy machine takes its time to start processes. */
const patiently = { timeout: 30_000, interval: 10 };

const base = mkdtempSync(join(tmpdir(), 'evaluator-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** The evaluator runs the candidate, a shell script, in its own shell: what the script does, the evaluator does. */
const problem: Problem = {
  title: 'Test',
  candidate: 'programs/candidate.sh',
  evaluator: { kind: 'command', command: '. "$DISCOVER_CANDIDATE"' },
  metric: { name: 'score', goal: 'minimize' },
  reward: '1 / score',
  environment: { packages: [] },
  limits: { ...defaultLimits, timeMs: 20_000 },
  references: [],
  session: defaultSession,
  statement: '',
};
const executor = createLocalExecutor();
const never = new AbortController().signal;
const good = `echo '{"valid": true, "metrics": {"score": 4}}' >"$DISCOVER_RESULT"`;

let count = 0;
let id = '';
let folder = '';
let evaluator: Evaluator;
let storeBlob: (bytes: Uint8Array) => Promise<string>;
const blobs = new Map<string, string>();

function create(
  limits: Partial<Limits> = {},
  changes: Partial<Problem> = {},
  options: Partial<Parameters<typeof createEvaluator>[0]> = {},
): Evaluator {
  return createEvaluator({
    problem: { ...problem, ...changes, limits: { ...problem.limits, ...limits } },
    problemFolder: join(folder, 'problem'),
    workRoot: join(folder, 'work'),
    root: folder,
    executor,
    storeBlob,
    hostEnv: { PATH: process.env['PATH'], SECRET_TOKEN: 'secret' },
    ...options,
  });
}

async function prepared(limits: Partial<Limits> = {}, changes: Partial<Problem> = {}): Promise<Evaluator> {
  const made = create(limits, changes);
  await made.prepare(() => undefined, never);
  return made;
}

function evaluate(candidateText: string, signal = never, by = evaluator): Promise<EvaluationReport> {
  id = `candidate-${process.pid}-${(count += 1)}`;
  return by.evaluate({ id, candidateText, seed: 7 }, signal);
}

async function failureOf(candidateText: string, limits?: Partial<Limits>): Promise<Record<string, unknown>> {
  if (limits !== undefined) evaluator = await prepared(limits);
  const { outcome } = await evaluate(candidateText);
  if (outcome.kind !== 'failed') throw new Error('The evaluation did not fail.');
  return outcome;
}

beforeEach(async () => {
  storeBlob = (bytes) => {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    blobs.set(sha256, Buffer.from(bytes).toString());
    return Promise.resolve(sha256);
  };
  folder = mkdtempSync(join(base, 'case-'));
  mkdirSync(join(folder, 'problem', 'programs'), { recursive: true });
  writeFileSync(join(folder, 'problem', 'programs', 'candidate.sh'), 'echo the initial program');
  writeFileSync(join(folder, 'problem', 'data.txt'), 'data of the problem');
  evaluator = await prepared();
});

afterEach(async () => {
  expect(livingProcesses(id)).toEqual([]);
  expect(readdirSync(join(folder, 'work'))).toEqual([]);
  expect((await evaluate(good)).outcome.kind).toBe('valid');
  await evaluator.dispose();
  expect(existsSync(join(folder, 'work'))).toBe(false);
});

describe('an evaluation', () => {
  it('gives metrics, value and reward', async () => {
    const { outcome, durationMs } = await evaluate(good);
    expect(outcome).toEqual({ kind: 'valid', metrics: { score: 4 }, value: 4, reward: 0.25 });
    expect(durationMs).toBeGreaterThan(0);
  });

  it('runs in a fresh copy of the problem with the candidate in its place', async () => {
    const script = `
      cat data.txt; [ "$DISCOVER_CANDIDATE" = "$PWD/programs/candidate.sh" ] && grep -c MARK "$DISCOVER_CANDIDATE"
      echo "$DISCOVER_CANDIDATE $HOME"
      echo changed >data.txt; mkdir new; exit 9 # MARK`;
    const first = await failureOf(script);
    expect(first['outputTail']).toMatch(/^data of the problem2/);
    expect(first['outputTail']).toMatch(/programs\/candidate.sh <work folder>\/home$/m);
    expect(first['outputTail']).not.toContain(folder);
    expect((await failureOf(script))['outputTail']).toBe(first['outputTail']);
  });

  it('sees an allow-list of the environment, all paths within its work folder', async () => {
    const { outputTail } = await failureOf('env; exit 9');
    const env = new Map(
      String(outputTail)
        .trim()
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const),
    );
    expect(env.get('SECRET_TOKEN')).toBeUndefined();
    expect(env.get('DISCOVER_PARENT_STATE')).toBeUndefined();
    expect(Object.fromEntries(env)).toMatchObject({
      DISCOVER_SEED: '7',
      DISCOVER_TIME_LIMIT: '20',
      DISCOVER_CPUS: '1',
      OMP_NUM_THREADS: '1',
      CUDA_VISIBLE_DEVICES: '',
      LANG: 'C.UTF-8',
    });
    expect(Object.fromEntries(env)).toMatchObject({
      HOME: '<work folder>/home',
      TMPDIR: '<work folder>/tmp',
      PWD: '<work folder>/problem',
      DISCOVER_CANDIDATE: 'programs/candidate.sh',
      DISCOVER_RESULT: '<work folder>/result.json',
    });
  });

  it('that finds no space for what it keeps is the failure of the host', async () => {
    storeBlob = async (bytes) => {
      await writeFile('/dev/full', bytes);
      return '';
    };
    evaluator = await prepared();
    const result = '{"valid": true, "metrics": {"score": 1}, "artifacts": {"data": "data.txt"}}';
    await expect(evaluate(`echo '${result}' >"$DISCOVER_RESULT"`)).rejects.toThrow(DiskFullError);
  });

  it('hands the state of the parent over and keeps the new one as it was written', async () => {
    id = `state-${process.pid}`;
    const { outcome, state } = await evaluator.evaluate(
      {
        id,
        candidateText: `
          echo "{\\"valid\\": true, \\"metrics\\": {\\"score\\": 1}, \\"feedback\\": \\"half done\\",
            \\"state\\": $(cat "$DISCOVER_PARENT_STATE")}" >"$DISCOVER_RESULT"`,
        parentState: '[1.0, 2]',
        seed: 1,
      },
      never,
    );
    expect(state).toBe('[1.0, 2]');
    expect(outcome).toMatchObject({
      kind: 'valid',
      feedback: 'half done',
      stateSha256: createHash('sha256').update('[1.0, 2]').digest('hex'),
    });
  });

  it('keeps artifacts by their content', async () => {
    const { outcome } = await evaluate(`
      echo text >log.txt
      echo '{"valid": true, "metrics": {"score": 1}, "artifacts": {"log": "log.txt"}}' >"$DISCOVER_RESULT"`);
    const sha256 = createHash('sha256').update('text\n').digest('hex');
    expect(outcome).toMatchObject({ kind: 'valid', artifacts: { log: sha256 } });
    expect(blobs.get(sha256)).toBe('text\n');
  });

  it('draws the cases of an evaluator that offers no picture', async () => {
    const cases =
      '[{"name": "a", "verdict": "passed", "value": 1}, {"name": "b", "verdict": "passed", "value": 2}]';
    const drawing = (more: string): string =>
      `echo own >view.json; echo '{"valid": true, "metrics": {"score": 1}, "cases": ${cases}${more}}' >"$DISCOVER_RESULT"`;
    const viewOf = async (program: string): Promise<string | undefined> => {
      const { outcome } = await evaluate(program);
      return outcome.kind === 'valid' ? blobs.get(outcome.artifacts?.['view'] ?? '') : undefined;
    };
    expect(JSON.parse((await viewOf(drawing(''))) ?? '')).toMatchObject({
      kind: 'bars',
      rows: [
        { label: 'a', values: [1] },
        { label: 'b', values: [2] },
      ],
    });
    expect(await viewOf(drawing(', "artifacts": {"view": "view.json"}'))).toBe('own\n');
  });

  it.each([
    ['ln -s /etc/passwd log.txt', 'log.txt', 'is a symbolic link'],
    ['ln -s /etc folder', 'folder/passwd', 'lies outside the folder of the evaluation'],
    ['true', '/etc/passwd', 'lies outside the folder of the evaluation'],
    ['true', '../../../problem/data.txt', 'lies outside the folder of the evaluation'],
    ['true', 'absent', 'does not exist'],
    ['mkdir here', 'here', 'is a folder'],
  ])('takes no artifact after `%s` from %s', async (script, path, why) => {
    const result = `{"valid": true, "metrics": {"score": 1}, "artifacts": {"log": "${path}"}}`;
    expect(await failureOf(`${script}; echo '${result}' >"$DISCOVER_RESULT"`)).toMatchObject({
      reason: 'bad-result',
      message: `The artifact "log" ${why}.`,
    });
  });

  it('writes no candidate through a link of the problem', async () => {
    rmSync(join(folder, 'problem', 'programs', 'candidate.sh'));
    symlinkSync(join(folder, 'problem', 'data.txt'), join(folder, 'problem', 'programs', 'candidate.sh'));
    expect(await failureOf('cat data.txt; exit 9')).toMatchObject({ outputTail: 'data of the problem' });
  });
});

describe('a failed evaluation is named:', () => {
  it('a program that ends badly', async () => {
    expect(await failureOf('echo some words; exit 3')).toEqual({
      kind: 'failed',
      reason: 'crashed',
      message: 'Ended with exit code 3.',
      outputTail: 'some words\n',
    });
  });

  it('a program that ends badly after it wrote a good result', async () => {
    expect(await failureOf(`${good}; exit 1`)).toMatchObject({ reason: 'crashed' });
  });

  it('a program that hangs and ignores signals', async () => {
    expect(await failureOf("trap '' TERM INT HUP; sleep 1000", { timeMs: 500 })).toMatchObject({
      reason: 'timeout',
      message: 'Ran longer than 0.5 s and was stopped.',
    });
  });

  it('a program that is killed', async () => {
    expect(await failureOf('kill -SEGV $$')).toMatchObject({
      reason: 'killed',
      message: 'Was killed by SIGSEGV.',
    });
  });

  it('a program that prints 100 MB', async () => {
    expect(await failureOf('head -c 100000000 /dev/zero', { outputBytes: 1024 ** 2 })).toMatchObject({
      reason: 'output-limit',
      message: 'Printed more than 1 MiB and was stopped.',
    });
  });

  it('a program that takes too much memory', async () => {
    const script = `python3 -c 'kept = [b"x" * 10 * 1024 ** 2 for _ in range(60)]; import time; time.sleep(30)'`;
    expect(await failureOf(script, { memoryBytes: 256 * 1024 ** 2 })).toMatchObject({
      reason: 'memory-limit',
      message: 'Used more than 256 MiB of memory and was stopped.',
    });
  });

  it('a program that forks without end', async () => {
    const script = 'i=0; while [ $i -lt 100 ]; do setsid sleep 20 & i=$((i+1)); done; wait';
    expect(await failureOf(script, { processes: 20 })).toMatchObject({
      reason: 'process-limit',
      message: 'Had more than 20 processes at once and was stopped.',
    });
  });

  it.each([
    'exec head -c 90000000 /dev/zero >large',
    `python3 -c 'file = open("large", "wb"); [file.write(b"x" * 1024 ** 2) for _ in range(70)]'`,
    `python3 -c 'open("large", "wb").truncate(2 * 1024 ** 3)'`,
  ])('a file that is too large, by %s', async (script) => {
    expect(await failureOf(script, { memoryBytes: 67 * 1024 ** 2 })).toMatchObject({
      reason: 'file-size-limit',
      message: 'Tried to write a file larger than 67 MiB.',
    });
  });

  it('an evaluator that does not exist', async () => {
    evaluator = await prepared({}, { evaluator: { kind: 'command', command: 'no-such-evaluator' } });
    expect((await evaluate('')).outcome).toMatchObject({
      reason: 'could-not-start',
      message: expect.stringMatching(/no-such-evaluator.*not found/) as string,
    });
    evaluator = await prepared();
  });

  it('words of the evaluator about an invalid candidate', async () => {
    const result = '{"valid": false, "feedback": "The mean is 0.6, not 0.5."}';
    expect(await failureOf(`echo printed; echo '${result}' >"$DISCOVER_RESULT"`)).toEqual({
      kind: 'failed',
      reason: 'invalid',
      message: 'The mean is 0.6, not 0.5.',
      outputTail: 'printed\n',
    });
  });

  it.each([
    ['no result', 'true', 'no-result', 'The evaluator ended well but wrote no result.'],
    ['a deleted result', `${good}; rm "$DISCOVER_RESULT"`, 'no-result', 'wrote no result'],
    ['a result that is not JSON', 'echo hello >"$DISCOVER_RESULT"', 'bad-result', 'not JSON'],
    ['an empty result', ': >"$DISCOVER_RESULT"', 'bad-result', 'not JSON'],
    ['a list as a result', 'echo [] >"$DISCOVER_RESULT"', 'bad-result', 'expected object'],
    [
      'a metric that is not finite',
      `echo '{"valid": true, "metrics": {"score": NaN}}' >"$DISCOVER_RESULT"`,
      'not-finite',
      'The metric "score" is NaN, not a finite number.',
    ],
    [
      'a reward that is not finite',
      `echo '{"valid": true, "metrics": {"score": 0}}' >"$DISCOVER_RESULT"`,
      'not-finite',
      '1 / score',
    ],
    [
      'a missing metric',
      `echo '{"valid": true, "metrics": {"other": 1}}' >"$DISCOVER_RESULT"`,
      'bad-result',
      '"score"',
    ],
    ['a link as a result', 'ln -s /etc/passwd "$DISCOVER_RESULT"', 'bad-result', 'is a symbolic link'],
    ['a folder as a result', 'mkdir "$DISCOVER_RESULT"', 'bad-result', 'is a folder'],
    ['a pipe as a result', 'mkfifo "$DISCOVER_RESULT"', 'bad-result', 'is not a plain file'],
    [
      'a huge result',
      'truncate -s 65M "$DISCOVER_RESULT"',
      'bad-result',
      'is larger than 64 MiB (it has 65 MiB)',
    ],
  ])('%s', async (_, script, reason, words) => {
    const failure = await failureOf(script);
    expect(failure['reason']).toBe(reason);
    expect(failure['message']).toContain(words);
  });

  it('an attempt to remove the work folder', async () => {
    const failure = await failureOf('cd /; rm -rf "${HOME%/home}"');
    expect(failure).toMatchObject({
      reason: 'crashed',
      outputTail: expect.stringMatching(/cannot remove/) as string,
    });
  });

  it('a removed work folder, where nothing is isolated', async () => {
    evaluator = create({}, {}, { executor: createLocalExecutor({ isolation: 'none' }) });
    await evaluator.prepare(() => undefined, never);
    expect(await failureOf('cd /; rm -rf "${HOME%/home}"')).toMatchObject({
      reason: 'no-result',
      message: expect.stringContaining('wrote no result') as string,
    });
  });

  it('a work folder that became a link to somewhere else, where nothing is isolated', async () => {
    evaluator = create({}, {}, { executor: createLocalExecutor({ isolation: 'none' }) });
    await evaluator.prepare(() => undefined, never);
    const elsewhere = join(folder, 'elsewhere');
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, 'result.json'), '{"valid": true, "metrics": {"score": 1}}');
    const failure = await failureOf(
      `cd /; work="\${HOME%/home}"; rm -rf "$work"; ln -s '${elsewhere}' "$work"`,
    );
    expect(failure).toMatchObject({
      reason: 'bad-result',
      message: 'The result lies outside the folder of the evaluation.',
    });
    expect(readdirSync(elsewhere)).toEqual(['result.json']);
  });
});

describe('whatever a candidate leaves', () => {
  it('is removed, read-only folders and very deep ones too', async () => {
    await evaluate('mkdir -p closed/inner; touch closed/inner/file; chmod -R a-w closed; chmod 0 closed');
    await evaluate(
      `python3 -c '
import os
for _ in range(3000):
    os.mkdir("d"); os.chdir("d")
'`,
    );
  });

  it('is removed though it holds links to folders elsewhere, which stay as they are', async () => {
    await evaluate(`ln -s '${join(folder, 'problem')}' linked`);
    expect(readdirSync(join(folder, 'problem')).sort()).toEqual(['data.txt', 'programs']);
  });
});

describe('an evaluator', () => {
  it('rejects with the reason when it is cancelled, and leaves nothing behind', async () => {
    const cancel = new AbortController();
    const running = evaluate('setsid sleep 1000 & sleep 1000', cancel.signal);
    await vi.waitFor(() => expect(livingProcesses(id).length).toBeGreaterThanOrEqual(3), patiently);
    cancel.abort(new Error('stopped by the user'));
    await expect(running).rejects.toThrow('stopped by the user');
  });

  it('kills what runs when it is disposed', async () => {
    const running = evaluate('sleep 1000');
    const rejected = expect(running).rejects.toThrow('The evaluator was closed.');
    await vi.waitFor(() => expect(livingProcesses(id).length).toBeGreaterThanOrEqual(1), patiently);
    await evaluator.dispose();
    await rejected;
    expect(livingProcesses(id)).toEqual([]);
    evaluator = await prepared();
  });

  it('clears what a runner that died left in its work root', async () => {
    mkdirSync(join(folder, 'work', 'left', 'inner'), { recursive: true });
    await evaluator.prepare(() => undefined, never);
    expect(readdirSync(join(folder, 'work'))).toEqual([]);
  });

  it('ends what a runner that died left running in its work root', async () => {
    const abandoned = create();
    await abandoned.prepare(() => undefined, never);
    const running = evaluate('sleep 1000', never, abandoned);
    await vi.waitFor(() => expect(livingProcesses(id).length).toBeGreaterThanOrEqual(1), patiently);
    await evaluator.prepare(() => undefined, never);
    expect(livingProcesses(id)).toEqual([]);
    expect((await running).outcome).toMatchObject({ kind: 'failed', reason: 'killed' });
  });

  it('does not evaluate before it is prepared', async () => {
    await expect(create().evaluate({ id: 'early', candidateText: '', seed: 1 }, never)).rejects.toThrow(
      'prepared',
    );
  });
});

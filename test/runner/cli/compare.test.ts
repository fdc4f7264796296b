import { writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CompareSpec } from '../../../src/protocol/measureSpec';
import { commandReply, exitCodes, type CommandReply } from '../../../src/protocol/hostCommands';
import { BuiltRunner } from '../support/builtRunner';

let runner: BuiltRunner;
beforeAll(async () => {
  runner = await BuiltRunner.build();
});
afterAll(async () => {
  await runner.dispose();
});

/** The value is the number that a program prints, times 1000, and noise that the seed makes; both programs get the same. */
const scattered = `x=$(sh "$DISCOVER_CANDIDATE") || exit 1
printf '{"valid": true, "metrics": {"error": %d}}' "$((x * 1000 + DISCOVER_SEED % 500 + $(od -An -N1 -tu1 /dev/urandom)))" > "$DISCOVER_RESULT"
`;

function program(name: string, text: string): string {
  const path = join(runner.root, '..', name);
  writeFileSync(path, text);
  return path;
}

async function compared(args: readonly string[]): Promise<Extract<CommandReply, { kind: 'comparison' }>> {
  const reply = await runner.reply(['compare', ...args]);
  if (reply.kind !== 'comparison') throw new Error(`got ${JSON.stringify(reply)}`);
  return reply;
}

/** All lines of a call with `--json`. */
async function linesOf(args: readonly string[], input?: Uint8Array): Promise<CommandReply[]> {
  const { stdout } = await runner.command([...args, '--json'], input);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => commandReply.parse(JSON.parse(line)));
}

describe('ttt-discover compare', () => {
  it('stops as soon as the difference is exact, and shows it in a table', async () => {
    const better = program('better.sh', 'echo 43\n');
    const { code, stdout } = await runner.command(['compare', runner.problemFolder, 'initial', better]);
    expect(code).toBe(exitCodes.ok);
    expect(stdout).toContain(
      `B (${better}) is better than A (initial program): from A to B error changes by −1023`,
    );
    expect(stdout).toContain('the same in each of 4 rounds');
    expect(stdout).toMatch(/^\| error \| 1024 \| +1 \| +−1023 \| +exact \|$/m);
    expect(await readdir(join(runner.root, 'evaluations'))).toEqual([]);
  });

  it('takes both in turns on the same seeds, A B B A, and repeats the seeds with --seed', async () => {
    const folder = runner.makeProblem('scattered', { evaluator: scattered });
    const better = program('nine.sh', 'echo 9\n');
    const lines = await linesOf(['compare', folder, 'initial', better, '--seed', '7']);
    const rounds = lines.flatMap((line) => (line.kind === 'round' ? [line.round] : []));
    expect(rounds.slice(0, 4).map(({ first }) => first)).toEqual(['a', 'b', 'a', 'b']);
    expect(new Set(rounds.map(({ seed }) => seed)).size).toBe(rounds.length);
    const turns = lines.flatMap((line) =>
      line.kind === 'progress' && line.message.startsWith('round') ? [line.message] : [],
    );
    expect(turns.slice(0, 4).map((turn) => turn.replace(/.*: /, ''))).toEqual([
      'initial program',
      better,
      better,
      'initial program',
    ]);
    const last = lines.at(-1);
    expect(last).toMatchObject({
      kind: 'comparison',
      end: 'clear',
      verdict: 'b-better',
      errorRate: 0.05,
      seed: 7,
    });
    const again = await linesOf(['compare', folder, 'initial', better, '--seed', '7', '--rounds', '2']);
    expect(again.flatMap((line) => (line.kind === 'round' ? [line.round.seed] : []))).toEqual(
      rounds.slice(0, 2).map(({ seed }) => seed),
    );
    expect(again.at(-1)).toMatchObject({ end: 'rounds', verdict: 'unclear', interval: null });
  });

  it('says that equal programs are equal', async () => {
    expect(await compared([runner.problemFolder, 'initial', 'initial'])).toMatchObject({
      verdict: 'same',
      rounds: 4,
    });
  });

  it('compares nothing with a program that fails', async () => {
    const broken = program('broken.sh', 'exit 3\n');
    const { code, stdout } = await runner.command(['compare', runner.problemFolder, 'initial', broken]);
    expect(code).toBe(exitCodes.noResult);
    expect(stdout).toContain(`B (${broken}) failed (crashed)`);
  });

  it('says what it needs', async () => {
    const { code, stderr } = await runner.command(['compare', runner.problemFolder, 'initial']);
    expect(code).toBe(exitCodes.usage);
    expect(stderr).toContain('Which two programs?');
    const rate = await runner.command([
      'compare',
      runner.problemFolder,
      'initial',
      'initial',
      '--error-rate',
      '2',
    ]);
    expect(rate.stderr).toContain('--error-rate takes a probability');
  });

  it('goes on from the rounds that an editor has already, with the problem of a session and a construction of it', async () => {
    const spec = runner.specOf();
    await runner.start(spec);
    await runner.until(spec.sessionId, ({ event }) => event.type === 'session.finished');
    const entries = await runner.entries(spec.sessionId);
    const state = entries
      .flatMap(({ event }) =>
        event.type === 'candidate.evaluated' && event.outcome.kind === 'valid'
          ? [event.outcome.stateSha256]
          : [],
      )
      .find((sha256) => sha256 !== undefined);
    const compareSpec: CompareSpec = {
      problem: {
        version: 1,
        ofSession: spec.sessionId,
        overrides: {},
        startFrom: { sessionId: spec.sessionId, sha256: state ?? '' },
      },
      a: { label: 'c1', text: 'grep -q x "$DISCOVER_PARENT_STATE" && echo 41\n' },
      b: { label: 'mine', text: 'echo 42\n' },
      rounds: 30,
      seed: 3,
    };
    const sent = (value: CompareSpec): Uint8Array => gzipSync(JSON.stringify(value));
    const lines = await linesOf(['compare', '--spec', '-'], sent({ ...compareSpec, rounds: 2 }));
    const rounds = lines.flatMap((line) => (line.kind === 'round' ? [line.round] : []));
    expect(rounds.map(({ a, b }) => [a.outcome, b.outcome])).toMatchObject([
      [{ value: 1 }, { value: 0 }],
      [{ value: 1 }, { value: 0 }],
    ]);
    const rest = await linesOf(['compare', '--spec', '-'], sent({ ...compareSpec, earlier: rounds }));
    expect(rest.flatMap((line) => (line.kind === 'round' ? [line.index] : []))).toEqual([2, 3]);
    expect(rest.at(-1)).toMatchObject({ kind: 'comparison', verdict: 'b-better', rounds: 4, estimate: -1 });

    const gone = {
      ...compareSpec,
      problem: { ...compareSpec.problem, startFrom: { sessionId: spec.sessionId, sha256: 'a'.repeat(64) } },
    };
    expect((await linesOf(['compare', '--spec', '-'], sent(gone))).at(-1)).toMatchObject({
      kind: 'error',
      code: 'no-such-state',
    });
  });

  it('tells what it has when it is interrupted, ends what runs and leaves nothing behind', async () => {
    const folder = runner.makeProblem('slow', { evaluator: `echo begun >> "$0".log; ${scattered}` });
    const child = runner.spawn([
      'compare',
      folder,
      'initial',
      'initial',
      '--rounds',
      '1000',
      '--error-rate',
      '0.000001',
    ]);
    let told = '';
    child.stdout?.on('data', (chunk: Buffer) => (told += chunk.toString('utf8')));
    for await (const line of createInterface({ input: child.stderr! })) {
      if (line.startsWith('round 2:')) child.kill('SIGINT');
    }
    const code =
      child.exitCode ?? (await new Promise<number | null>((resolve) => child.once('exit', resolve)));
    expect(code).toBe(exitCodes.interrupted);
    expect(told).toContain('Unclear after');
    expect(await readdir(join(runner.root, 'evaluations'))).toEqual([]);
  });

  it('ends by itself when nobody reads any more, and leaves nothing behind', async () => {
    const folder = runner.makeProblem('unread', { evaluator: scattered });
    const child = runner.spawn([
      'compare',
      folder,
      'initial',
      'initial',
      '--rounds',
      '1000',
      '--error-rate',
      '0.000001',
      '--json',
    ]);
    for await (const line of createInterface({ input: child.stdout! })) if (line.includes('"round"')) break;
    child.stdout?.destroy();
    const code =
      child.exitCode ?? (await new Promise<number | null>((resolve) => child.once('exit', resolve)));
    expect(code).toBe(exitCodes.interrupted);
    expect(await readdir(join(runner.root, 'evaluations'))).toEqual([]);
  });
});

import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseProblem } from '../../../src/domain/problem/parseProblem';
import type { EvaluationOutcome } from '../../../src/domain/session/outcome';
import type { EvaluationReport, EvaluationRequest, Evaluator } from '../../../src/evaluation/evaluator';
import { reusingEvaluator, type ReusingOptions } from '../../../src/evaluation/known/reusingEvaluator';
import type { IsolationKind } from '../../../src/evaluation/sandbox/isolation';

const never = new AbortController().signal;
const problemText = (session: string, limits: string): string => `---
candidate: candidate.sh
evaluate: sh evaluate.sh
metric: { name: x, goal: maximize }
limits: { ${limits} }
session: { ${session} }
---
# X
`;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'known-'));
  writeFileSync(join(root, 'runner.cjs'), 'the runner');
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

/** A session of its own: its evaluator says what it is told to, and counts. */
class Trial {
  readonly blobs = new Map<string, Uint8Array>();
  readonly words: string[] = [];
  readonly ran: string[] = [];
  outcome: EvaluationOutcome = { kind: 'valid', metrics: { x: 1 }, value: 1, reward: 1 };
  state: string | undefined;
  readonly evaluator: Evaluator;
  isolation: IsolationKind = 'bubblewrap';
  /** Evaluations wait for it. */
  gate: Promise<void> = Promise.resolve();

  constructor(
    readonly name: string,
    {
      session = 'steps: 1',
      limits = 'time: 10s',
      script = 'echo 1',
      ...more
    }: {
      readonly session?: string;
      readonly limits?: string;
      readonly script?: string;
    } & Partial<ReusingOptions> = {},
  ) {
    const folder = join(root, name);
    mkdirSync(folder);
    const problemPath = join(folder, 'x.discover');
    writeFileSync(problemPath, problemText(session, limits));
    writeFileSync(join(folder, 'evaluate.sh'), script);
    writeFileSync(join(folder, 'candidate.sh'), `of ${name}`);
    const { problem, diagnostics } = parseProblem(problemText(session, limits));
    if (problem === undefined) throw new Error(JSON.stringify(diagnostics));
    this.evaluator = reusingEvaluator({
      evaluator: {
        prepare: () => Promise.resolve({ isolation: this.isolation }),
        evaluate: (request) => this.#run(request),
        dispose: () => Promise.resolve(),
      },
      isOn: true,
      problem,
      problemPath,
      bundlePath: join(root, 'runner.cjs'),
      root,
      sessionId: name,
      blobs: {
        write: (bytes) => {
          const sha256 = createHash('sha256').update(bytes).digest('hex');
          this.blobs.set(sha256, bytes);
          return Promise.resolve(sha256);
        },
        read: (sha256) => {
          const bytes = this.blobs.get(sha256);
          return bytes === undefined ? Promise.reject(new Error('no blob')) : Promise.resolve(bytes);
        },
      },
      log: (message) => this.words.push(message),
      hostEnv: { PATH: '/usr/bin:/bin' },
      ...more,
    });
  }

  async evaluate(request: Partial<EvaluationRequest> = {}): Promise<EvaluationReport> {
    await this.evaluator.prepare(() => undefined, never);
    return this.ask(request);
  }

  ask(request: Partial<EvaluationRequest> = {}): Promise<EvaluationReport> {
    const whole = { id: 'c1', candidateText: 'echo 1', seed: 7, reuse: { candidate: 1 }, ...request };
    return this.evaluator.evaluate(whole, never);
  }

  async #run({ candidateText }: EvaluationRequest): Promise<EvaluationReport> {
    this.ran.push(candidateText);
    await this.gate;
    const state = this.state === undefined ? {} : { state: this.state };
    return { outcome: this.outcome, durationMs: 250, ...state };
  }
}

describe('the same evaluation', () => {
  it('is taken from another session, with its construction and artifacts, and says so', async () => {
    const first = new Trial('first');
    const picture = Buffer.from('a picture');
    const view = createHash('sha256').update(picture).digest('hex');
    first.blobs.set(view, picture);
    first.state = '{"h": [1.0]}';
    const stateSha256 = createHash('sha256').update(first.state).digest('hex');
    first.outcome = {
      ...{ kind: 'valid', metrics: { x: 3 }, value: 3, reward: 3, feedback: 'well done' },
      ...{ stateSha256, artifacts: { view } },
    };
    await first.evaluate({ reuse: { candidate: 5 } });
    const second = new Trial('second', { session: 'steps: 9, seed: 4' });
    const report = await second.evaluate();
    expect(report).toEqual({
      outcome: {
        ...first.outcome,
        feedback:
          'well done\nNot run again: c5 of session first is the same program and was evaluated with the same seed.',
      },
      state: first.state,
      durationMs: 0,
      reusedFrom: { session: 'first', candidate: 5, durationMs: 250 },
    });
    expect(second.ran).toEqual([]);
    expect(second.blobs.get(view)).toEqual(picture);
  });

  it('is taken in the session that made it, and one that is under way is waited for', async () => {
    const trial = new Trial('one');
    await trial.evaluator.prepare(() => undefined, never);
    let open = (): void => undefined;
    trial.gate = new Promise((resolve) => (open = resolve));
    const reports = [1, 2, 3].map((candidate) => trial.ask({ reuse: { candidate } }));
    open();
    const all = await Promise.all(reports);
    expect(trial.ran).toHaveLength(1);
    expect(all.map(({ reusedFrom }) => reusedFrom?.candidate)).toEqual([undefined, 1, 1]);
    expect(all[1]?.outcome).toMatchObject({
      feedback: 'Not run again: c1 is the same program and was evaluated with the same seed.',
    });
  });

  it.each<[string, Partial<EvaluationRequest>]>([
    ['another seed', { seed: 8 }],
    ['another text', { candidateText: 'echo 2' }],
    ['a construction to start from', { parentState: '{}' }],
  ])('is not one with %s', async (_, other) => {
    const trial = new Trial('one');
    await trial.evaluate();
    expect((await trial.evaluate(other)).reusedFrom).toBeUndefined();
    expect(trial.ran).toHaveLength(2);
  });

  it('is one with another program to compare with, unless it was stopped for that', async () => {
    const trial = new Trial('one');
    const other = { incumbent: { cases: [{ name: 'a', verdict: 'passed' as const, value: 2 }] } };
    await trial.evaluate({ incumbent: { cases: [] } });
    expect((await trial.evaluate(other)).reusedFrom).toBeDefined();
    trial.outcome = { kind: 'valid', metrics: { x: 1, cases: 9, cases_run: 4 }, value: 1, reward: 1 };
    const stopped = { candidateText: 'echo 2' };
    await trial.evaluate({ ...stopped, incumbent: { cases: [] } });
    expect((await trial.evaluate({ ...stopped, incumbent: { cases: [] } })).reusedFrom).toBeDefined();
    expect((await trial.evaluate({ ...stopped, ...other })).reusedFrom).toBeUndefined();
    expect((await trial.evaluate(stopped)).reusedFrom).toBeUndefined();
  });

  it('is run where a run is wanted, and that run is not offered to others', async () => {
    const trial = new Trial('one');
    const { reusedFrom } = await trial.evaluator
      .prepare(() => undefined, never)
      .then(() =>
        trial.evaluator.evaluate({ id: 'v1', candidateText: 'echo 1', seed: 7, strict: true }, never),
      );
    expect(reusedFrom).toBeUndefined();
    await trial.evaluate();
    expect(trial.ran).toHaveLength(2);
  });

  it.each(['timeout', 'memory-limit', 'could-not-start', 'crashed', 'invalid'] as const)(
    'is run again where it ended as %s',
    async (reason) => {
      const trial = new Trial('one');
      trial.outcome = { kind: 'failed', reason, message: 'It failed.' };
      await trial.evaluator.prepare(() => undefined, never);
      const both = await Promise.all([trial.ask(), trial.ask(), trial.ask()]);
      expect(both.map(({ reusedFrom }) => reusedFrom)).toEqual([undefined, undefined, undefined]);
      expect(trial.ran).toHaveLength(3);
    },
  );

  it('is not one of another evaluator, other limits or another runner', async () => {
    await new Trial('one').evaluate();
    const bundlePath = join(root, 'newer.cjs');
    writeFileSync(bundlePath, 'a newer runner');
    const others = [
      new Trial('evaluator', { script: 'echo 2' }),
      new Trial('limits', { limits: 'time: 11s' }),
      new Trial('runner', { bundlePath }),
      new Trial('path', { hostEnv: { PATH: '/usr/local/bin:/usr/bin:/bin' } }),
    ];
    for (const other of others) expect((await other.evaluate()).reusedFrom).toBeUndefined();
    expect((await new Trial('same').evaluate()).reusedFrom).toMatchObject({ session: 'one' });
  });

  it('is the same however many share a GPU', async () => {
    await new Trial('one').evaluate();
    const sharing = new Trial('two', { limits: 'time: 10s, gpuMemory: 20GiB' });
    expect((await sharing.evaluate()).reusedFrom).toMatchObject({ session: 'one' });
  });

  it('is not looked for without isolation, since candidates could have written it', async () => {
    await new Trial('one').evaluate();
    const open = new Trial('two');
    open.isolation = 'none';
    expect((await open.evaluate()).reusedFrom).toBeUndefined();
    expect((await open.evaluate({ candidateText: 'echo 3' })).reusedFrom).toBeUndefined();
    expect((await new Trial('three').evaluate({ candidateText: 'echo 3' })).reusedFrom).toBeUndefined();
  });

  it('is not looked for where the user does not want it, or GPUs have no names', async () => {
    await new Trial('one').evaluate();
    const off = new Trial('two', { isOn: false });
    expect((await off.evaluate()).reusedFrom).toBeUndefined();
    const gpus = new Trial('three', { limits: 'time: 10s, gpus: 1' });
    await gpus.evaluate();
    expect((await gpus.evaluate()).reusedFrom).toBeUndefined();
    expect(gpus.words[0]).toContain('not known by name');
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { defaultLimits, defaultSession, type Problem } from '../../src/domain/problem/problem';
import type { EvaluationOutcome } from '../../src/domain/session/outcome';
import { createEvaluator } from '../../src/evaluation/createEvaluator';
import type { EvaluationRequest, Evaluator } from '../../src/evaluation/evaluator';
import { createLocalExecutor } from '../../src/evaluation/localExecutor';

const base = mkdtempSync(join(tmpdir(), 'race-parent-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** The candidate is what the metrics are, and "seen" asks for what there is of the parent. */
const evaluateScript = `
import json, os
text = open(os.environ["DISCOVER_CANDIDATE"]).read()
program, result = os.environ.get("DISCOVER_INCUMBENT"), os.environ.get("DISCOVER_INCUMBENT_RESULT")
seen = "nothing" if program is None else f"{open(program).read()} {program.rpartition('.')[2]} {open(result).read()}"
inside = program is not None and os.path.dirname(program).startswith(os.getcwd())
verdict = {"valid": True, "metrics": json.loads(text), "feedback": f"{seen} {inside}"}
json.dump(verdict, open(os.environ["DISCOVER_RESULT"], "w"))
`;

const problem: Problem = {
  title: 'Test',
  candidate: 'candidate.txt',
  evaluator: { kind: 'command', command: 'python3 evaluate.py', raceParent: true },
  metric: { name: 'us', goal: 'minimize' },
  reward: '1 / us',
  environment: { packages: [] },
  limits: { ...defaultLimits, timeMs: 60_000 },
  references: [],
  session: defaultSession,
  statement: '',
};
const parent = { program: { text: 'the parent', value: 100, metrics: { us: 100, us_a: 90 } } };

describe('an evaluator that compares with the parent by itself', () => {
  const opened: Evaluator[] = [];
  afterEach(async () => {
    for (const evaluator of opened.splice(0)) await evaluator.dispose();
  });

  async function outcomeOf(
    metrics: Readonly<Record<string, number>>,
    request: Partial<EvaluationRequest>,
    changes: Partial<Problem> = {},
  ): Promise<EvaluationOutcome> {
    const folder = mkdtempSync(join(base, 'case-'));
    mkdirSync(join(folder, 'problem'));
    writeFileSync(join(folder, 'problem', 'evaluate.py'), evaluateScript);
    const evaluator = createEvaluator({
      problem: { ...problem, ...changes },
      problemFolder: join(folder, 'problem'),
      workRoot: join(folder, 'work'),
      root: folder,
      executor: createLocalExecutor(),
      storeBlob: () => Promise.reject(new Error('there are no artifacts')),
    });
    opened.push(evaluator);
    const never = new AbortController().signal;
    await evaluator.prepare(() => undefined, never);
    expect(evaluator.takesParent).toBe(changes.evaluator === undefined);
    const { outcome } = await evaluator.evaluate(
      { id: 'race', candidateText: JSON.stringify(metrics), seed: 1, ...request },
      never,
    );
    return outcome;
  }

  it('gets its program and what was recorded of it as files, beside the copy that the candidate lies in', async () => {
    const seen = 'the parent txt {"value":100,"metrics":{"us":100,"us_a":90}} False';
    expect(await outcomeOf({ us: 120 }, { incumbent: parent })).toMatchObject({ value: 120, feedback: seen });
  });

  it('gets nothing where there is no parent, where the problem does not ask, and where a best is decided about', async () => {
    const nothing = { value: 120, feedback: 'nothing False' };
    expect(await outcomeOf({ us: 120 }, {})).toMatchObject(nothing);
    expect(await outcomeOf({ us: 120 }, { incumbent: parent, strict: true })).toMatchObject(nothing);
    const evaluator = { kind: 'command', command: 'python3 evaluate.py' } as const;
    expect(await outcomeOf({ us: 120 }, { incumbent: parent }, { evaluator })).toMatchObject(nothing);
  });

  it('may stop what is worse, with an estimate', async () => {
    const stopped = await outcomeOf({ us: 120, stopped: 1 }, { incumbent: parent });
    expect(stopped).toMatchObject({ kind: 'valid', value: 120, metrics: { stopped: 1 } });
    const other = await outcomeOf(
      { us: 90, stopped: 1 },
      { incumbent: parent },
      { metric: { name: 'us', goal: 'maximize' }, reward: 'us' },
    );
    expect(other).toMatchObject({ kind: 'valid', value: 90 });
  });

  it.each([
    ['better than the parent', { us: 99, stopped: 1 }, { incumbent: parent }, 'must be worse'],
    ['as good as the parent', { us: 100, stopped: 1 }, { incumbent: parent }, 'must be worse'],
    ['of a run that decides about a best', { us: 120, stopped: 1 }, { strict: true }, 'no parent'],
    ['without a parent', { us: 120, stopped: 1 }, {}, 'no parent'],
  ])('may give no estimate %s', async (_what, metrics, request, words) => {
    expect(await outcomeOf(metrics, request)).toMatchObject({
      kind: 'failed',
      reason: 'bad-result',
      message: expect.stringContaining(words) as unknown,
    });
  });

  it('may be better than the parent where it ran to the end', async () => {
    const whole = await outcomeOf({ us: 50, stopped: 0 }, { incumbent: parent });
    expect(whole).toMatchObject({ kind: 'valid', value: 50 });
  });
});

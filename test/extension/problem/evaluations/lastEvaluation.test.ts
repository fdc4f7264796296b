import { beforeEach, describe, expect, it } from 'vitest';
import type { EvaluationOutcome } from '../../../../src/domain/session/outcome';
import {
  lastEvaluation,
  outcomeOfInitial,
} from '../../../../src/extension/problem/evaluations/lastEvaluation';
import {
  programSha256,
  RememberedEvaluations,
} from '../../../../src/extension/problem/evaluations/rememberedEvaluations';
import { exampleSession } from '../../dashboard/exampleSession';
import { memoryMemento } from '../../support/memento';

const problem = 'file:///problems/erdos.discover';
const valid = (value: number): EvaluationOutcome => ({
  kind: 'valid',
  metrics: { c5: value },
  value,
  reward: -value,
});

describe('the last evaluation of a problem', () => {
  let memory: ReturnType<typeof memoryMemento>;
  let nowMs: number;
  let evaluations: RememberedEvaluations;
  beforeEach(() => {
    memory = memoryMemento();
    nowMs = 5;
    evaluations = new RememberedEvaluations(memory, () => nowMs);
  });
  const session = { ...exampleSession(2), problemUri: problem };
  const { best } = session.snapshot;

  it('is remembered over a reload, the newest of each problem', async () => {
    const told: string[] = [];
    evaluations.onDidChange((uri) => told.push(uri));
    await evaluations.remember(problem, 'old', valid(2));
    await evaluations.remember('file:///other.discover', 'x', valid(9));
    await evaluations.remember(problem, 'text', valid(1));
    expect(told).toEqual([problem, 'file:///other.discover', problem]);
    const reloaded = new RememberedEvaluations(memory, () => 0);
    expect(reloaded.of(problem)).toMatchObject({ outcome: valid(1), sha256: programSha256('text'), atMs: 5 });
    expect(reloaded.of('file:///third.discover')).toBeUndefined();
  });

  it('is nothing where the memory holds something else', async () => {
    await memory.update('lastEvaluations', { old: true });
    expect(evaluations.of(problem)).toBeUndefined();
  });

  it('is the best candidate of the newest session, or what was evaluated by hand since', async () => {
    expect(lastEvaluation(problem, undefined, [session])).toMatchObject({ of: `c${best}` });
    nowMs = Date.UTC(2040, 0);
    await evaluations.remember(problem, 'text', valid(1));
    expect(lastEvaluation(problem, evaluations.of(problem), [session])).toMatchObject({
      of: 'the initial program',
      outcome: valid(1),
    });
    expect(lastEvaluation('file:///other.discover', undefined, [session])).toBeUndefined();
  });

  it('of the initial program counts for exactly the text that ran', async () => {
    await evaluations.remember(problem, 'text', valid(1));
    const remembered = evaluations.of(problem);
    expect(outcomeOfInitial(problem, programSha256('text'), remembered, [])).toEqual(valid(1));
    expect(outcomeOfInitial(problem, programSha256('text changed'), remembered, [session])).toBeUndefined();
    const initial = session.snapshot.candidates.at(0);
    expect(outcomeOfInitial(problem, initial?.sha256 ?? '', remembered, [session])).toEqual(initial?.outcome);
  });
});

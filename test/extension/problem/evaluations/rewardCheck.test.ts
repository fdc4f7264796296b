import { describe, expect, it } from 'vitest';
import { parseProblem } from '../../../../src/domain/problem/parseProblem';
import type { EvaluationOutcome } from '../../../../src/domain/session/outcome';
import type { LastEvaluation } from '../../../../src/extension/problem/evaluations/lastEvaluation';
import { rewardCheck } from '../../../../src/extension/problem/evaluations/rewardCheck';

const problem = (reward: string): string =>
  `---\ncandidate: a.py\nevaluate: python3 b.py\nmetric: { name: c5, goal: minimize }\n${reward}\n---\n# T\n`;

function evaluation(metrics: Record<string, number>): LastEvaluation {
  const outcome: EvaluationOutcome = { kind: 'valid', metrics, value: metrics['c5'] ?? 0, reward: 0 };
  return { outcome, of: 'c17', atMs: 0 };
}

function titleOf(reward: string, last?: LastEvaluation): string | undefined {
  return rewardCheck(parseProblem(problem(reward)), last)?.title;
}

describe('the reward, tried on the last evaluation', () => {
  it('is the number that it comes to, with the metrics that it uses', () => {
    const last = evaluation({ c5: 0.380876, time_s: 3 });
    expect(titleOf('reward: 1 / c5', last)).toBe('reward = 1 / c5 → 2.6255 with c5 = 0.38088 of c17');
    expect(titleOf('reward: "-c5 - time_s / 100"', last)).toBe(
      'reward = -c5 - time_s / 100 → -0.41088 with c5 = 0.38088, time_s = 3 of c17',
    );
    expect(titleOf('reward: 4', last)).toBe('reward = 4 → 4');
  });

  it('stands at its line', () => {
    expect(rewardCheck(parseProblem(problem('reward: 1 / c5')), undefined)?.at.start.line).toBe(4);
  });

  it('says which metric the evaluation does not have, and which may be meant', () => {
    expect(titleOf('reward: 1 / c6 + c5', evaluation({ c5: 1, bound: 2 }))).toBe(
      '$(warning) The last evaluation, of c17, has no metric c6: did you mean c5?',
    );
    expect(titleOf('reward: 1 / somethingElse + c5', evaluation({ c5: 1, bound: 2 }))).toBe(
      '$(warning) The last evaluation, of c17, has no metric somethingElse: it has c5, bound',
    );
  });

  it('says where it is no number', () => {
    expect(titleOf('reward: 1 / c5', evaluation({ c5: 0 }))).toBe(
      '$(warning) This reward is no number with c5 = 0 of c17',
    );
  });

  it('asks for an evaluation where there is none, or a failed one', () => {
    const check = rewardCheck(parseProblem(problem('reward: 1 / c5')), undefined);
    expect(check).toMatchObject({
      title: 'Evaluate the initial program to try this reward',
      offersEvaluation: true,
    });
    const outcome: EvaluationOutcome = { kind: 'failed', reason: 'crashed', message: 'Exit code 1.' };
    expect(titleOf('reward: 1 / c5', { outcome, of: 'the initial program', atMs: 0 })).toBe(
      'The last evaluation, of the initial program, gave no metrics to try this reward with',
    );
  });

  it('is silent where there is no reward, and where it is a mistake', () => {
    expect(titleOf('', evaluation({ c5: 1 }))).toBeUndefined();
    expect(titleOf('reward: 1 / / c5', evaluation({ c5: 1 }))).toBeUndefined();
  });
});

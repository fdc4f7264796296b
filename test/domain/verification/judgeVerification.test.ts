import { describe, expect, it } from 'vitest';
import type { EvaluationOutcome } from '../../../src/domain/session/outcome';
import { judgeVerification } from '../../../src/domain/verification/judgeVerification';

const valid = (value: number): EvaluationOutcome => ({ kind: 'valid', metrics: {}, value, reward: 0 });
const height = { name: 'height', goal: 'minimize', unit: 'm' } as const;
const score = { name: 'score', goal: 'maximize' } as const;
const time = { name: 'time', goal: 'minimize', unit: 'µs' } as const;

describe('what new runs say about a recorded value', () => {
  it.each([
    ['the same again', [3, 3, 3], 3, height, 'confirmed', 'reached'],
    ['better than recorded', [2, 2, 2], 3, height, 'confirmed', 'reached'],
    ['better than recorded, where more is better', [4, 4, 4], 3, score, 'confirmed', 'reached'],
    ['worse, and never otherwise', [4, 4, 4], 3, height, 'refuted', 'missed'],
    ['worse, where more is better', [2, 2, 2], 3, score, 'refuted', 'missed'],
    ['scattered about it', [2.5, 3.2, 3.5], 3, height, 'confirmed', 'reached'],
    ['at the lucky end of the scatter', [3.4, 3.6, 4.1], 3, height, 'confirmed', 'reached'],
    ['times a little slower', [102, 102.1, 102.2], 100, time, 'unclear', 'drift'],
    ['times much slower', [150, 150.1, 150.2], 100, time, 'refuted', 'missed'],
    ['one run alone that is worse', [4], 3, height, 'unclear', 'alone'],
    ['nothing recorded', [4], undefined, height, 'confirmed', 'valid'],
  ] as const)('%s', (_, values, recorded, metric, verdict, why) => {
    const judged = judgeVerification('confirmed', values.map(valid), recorded, metric);
    expect(judged).toMatchObject({ verdict, why, values });
  });

  it('believes no value of a program that failed by its own fault, and nothing after a limit', () => {
    expect(judgeVerification('refuted', [valid(1)], 3, height)).toMatchObject({
      verdict: 'refuted',
      why: 'failed',
    });
    expect(judgeVerification('unclear', [], 3, height)).toMatchObject({ verdict: 'unclear', why: 'limits' });
  });
});

import { describe, expect, it } from 'vitest';
import { promptParentOf } from '../../../src/domain/prompt/promptParent';
import type { EvaluationOutcome } from '../../../src/domain/session/outcome';

const valid = (value: number, more: object = {}): EvaluationOutcome => ({
  kind: 'valid',
  metrics: { c5: value },
  value,
  reward: 1 / value,
  ...more,
});
const failed: EvaluationOutcome = { kind: 'failed', reason: 'timeout', message: 'Ran longer than 20 s.' };

describe('what a prompt says of a program and its run', () => {
  it('is its value, the value before, its words and whether it left a construction', () => {
    const outcome = valid(0.4, { feedback: 'close', stateSha256: 'a'.repeat(64) });
    expect(promptParentOf('x', outcome, valid(0.5))).toEqual({
      text: 'x',
      value: 0.4,
      previousValue: 0.5,
      feedback: 'close',
      hasState: true,
    });
  });

  it('is why it failed, and what was before it', () => {
    expect(promptParentOf('x', failed, valid(0.5))).toEqual({
      text: 'x',
      previousValue: 0.5,
      feedback: 'Ran longer than 20 s.',
      hasState: false,
    });
    expect(promptParentOf('x', valid(0.5), failed)).toEqual({ text: 'x', value: 0.5, hasState: false });
  });

  it('is the program alone before it ran', () => {
    expect(promptParentOf('x', undefined)).toEqual({ text: 'x', hasState: false });
  });
});

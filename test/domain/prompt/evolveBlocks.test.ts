import { describe, expect, it } from 'vitest';
import { buildPrompt, type AnswerForm } from '../../../src/domain/prompt/buildPrompt';
import { languageOf } from '../../../src/domain/problem/language';
import { defaultLimits } from '../../../src/domain/problem/problem';

function prompt(text: string, answer: AnswerForm): string {
  return buildPrompt(
    {
      statement: 'Climb.',
      language: languageOf('initial.py'),
      metric: { name: 'score', goal: 'maximize' },
      limits: defaultLimits,
      answer,
      maxCharacters: 10_000,
      maxFeedbackCharacters: 1000,
    },
    { text, value: 1 },
  );
}

const marked = 'import math\n# EVOLVE-BLOCK-START\nx = 1\n# EVOLVE-BLOCK-END\n';
const request = 'Only the lines between EVOLVE-BLOCK-START and EVOLVE-BLOCK-END may change';

describe('a program with evolve blocks', () => {
  it.each(['program', 'edits'] as const)('is asked for with its frame as it is (%s)', (answer) => {
    expect(prompt(marked, answer)).toContain(request);
    expect(prompt('x = 1\n', answer)).not.toContain(request);
    expect(prompt('# EVOLVE-BLOCK-START\nx = 1\n', answer)).not.toContain(request);
  });
});

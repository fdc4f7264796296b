import { describe, expect, it } from 'vitest';
import { parseProblem } from '../../../../src/domain/problem/parseProblem';
import type { Problem } from '../../../../src/domain/problem/problem';
import { promptAddressOf, promptPlace } from '../../../../src/extension/problem/prompt/promptAddress';
import {
  estimateTokens,
  previewPrompt,
  tokenWords,
} from '../../../../src/extension/problem/prompt/promptPreview';
import { completeProblem, modelProblem } from '../../../domain/problem/sampleProblem';

function problemOf(text: string): Problem {
  const { problem, diagnostics } = parseProblem(text);
  if (problem === undefined) throw new Error(JSON.stringify(diagnostics));
  return problem;
}

describe('the preview of a prompt', () => {
  const problem = problemOf(completeProblem);
  const program = { name: 'the initial program', text: 'h = [0.5]\n' };

  it('has the statement, the program with its value and words, the target and the form of the answer', () => {
    const { text, remarks } = previewPrompt(problem, {
      ...program,
      outcome: { kind: 'valid', metrics: { c5: 0.5 }, value: 0.5, reward: 2, feedback: 'all alike' },
    });
    expect(text.startsWith(problem.statement)).toBe(true);
    expect(text).toContain('```python\nh = [0.5]\n```');
    expect(text).toContain('Its c5 (lower is better): 0.5');
    expect(text).toContain('TTT-Discover');
    expect(text).toContain('all alike');
    expect(remarks.map((one) => one.text)).toEqual([
      'What the model is told to make the initial program better',
      'The policy is tunables, which asks no model: this is what one would be told',
    ]);
  });

  it('says what is missing of a program that was not evaluated', () => {
    const { remarks } = previewPrompt(problem, program);
    expect(remarks[1]?.text).toContain('its value and the words of its run are missing');
    expect(remarks[1]?.offersEvaluation).toBe(true);
  });

  it("has the form of answer and the limits of the problem's own policy", () => {
    const withModel = problemOf(modelProblem);
    const { text, remarks } = previewPrompt(withModel, program);
    expect(text).toContain('Give your changes as one or more blocks of this form');
    expect(remarks.at(-1)?.text).toBe(
      'The chat format of openai/gpt-oss-120b adds its own frame around this message',
    );
    const short = problemOf(modelProblem.replace('maxPromptCharacters: 100000', 'maxPromptCharacters: 100'));
    expect(previewPrompt(short, program).text).toMatch(/a prompt may have 100\. Shorten the statement/);
  });

  it('cites what the user said to steer the session', () => {
    const steered = previewPrompt(problem, { ...program, notes: ['Try symmetric functions.'] });
    expect(steered.text).toContain('Try symmetric functions.');
    expect(previewPrompt(problem, program).text).not.toContain('symmetric');
  });
});

describe('the tokens of a prompt', () => {
  it('are an estimate that says so, or counted by a model that is named', () => {
    const text = 'x'.repeat(12_000);
    expect(estimateTokens(text)).toEqual({ fewest: 2400, likely: 3000, most: 4000 });
    expect(tokenWords(text)).toBe('about 3,000 tokens (an estimate: 2,400 to 4,000) · 12,000 characters');
    expect(tokenWords(text, { tokens: 2987, by: 'GPT' })).toBe(
      '2,987 tokens, counted by GPT · 12,000 characters',
    );
  });
});

describe('the address of a prompt', () => {
  it('leads back to its problem and parent, and is a Markdown file with a readable name', () => {
    const place = { problem: 'file:///a%20b/c.discover', parent: { session: '01J', candidate: 17 } };
    const { path, query } = promptPlace('Erdős / overlap?', place);
    expect(path).toBe('/Prompt of Erdős   overlap from c17.md');
    expect(promptAddressOf(query)).toEqual(place);
  });

  it('that was not made here is none', () => {
    for (const query of ['', '{', '{}', '{"problem":1}']) expect(promptAddressOf(query)).toBeUndefined();
  });
});

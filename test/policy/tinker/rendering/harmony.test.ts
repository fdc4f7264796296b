import { describe, expect, it } from 'vitest';

import {
  RenderingSettingsError,
  TokenOutOfVocabularyError,
} from '../../../../src/policy/tinker/rendering/errors';
import { harmonyRenderer } from '../../../../src/policy/tinker/rendering/harmony';
import { encodePieces, type Piece } from '../../../../src/policy/tinker/rendering/pieces';
import { harmonyControls, harmonyTokenizer } from './tinyTokenizer';

const tokenizer = harmonyTokenizer();
const renderer = harmonyRenderer(tokenizer, { reasoningEffort: 'high' });

/** Spelled control tokens become control tokens here. */
function ids(spelled: string): number[] {
  const pieces = spelled
    .split(/(<\|[a-z]+\|>)/)
    .map((piece): Piece => (piece in harmonyControls ? { control: piece } : piece));
  return encodePieces(tokenizer, pieces);
}
const prefill = '\n\n... okay, I am out of thinking tokens. I need to send my final message now.';

describe('a harmony prompt', () => {
  it('has the system message with effort and fixed date, the user message, and the open turn of the assistant', () => {
    expect(tokenizer.decode(renderer.render({ user: 'Sort.' }))).toBe(
      '<|start|>system<|message|>You are ChatGPT, a large language model trained by OpenAI.\n' +
        'Knowledge cutoff: 2024-06\nCurrent date: 2026-01-31\n\nReasoning: high\n\n' +
        '# Valid channels: analysis, commentary, final. Channel must be included for every message.<|end|>' +
        '<|start|>user<|message|>Sort.<|end|><|start|>assistant',
    );
  });

  it('puts the system text into a developer message', () => {
    const low = harmonyRenderer(tokenizer, { reasoningEffort: 'low', date: '2025-12-24' });
    const text = tokenizer.decode(low.render({ system: 'Be brief.', user: 'Sort.' }));
    expect(text).toContain(
      '<|end|><|start|>developer<|message|># Instructions\n\nBe brief.\n\n<|end|><|start|>user',
    );
    expect(text).toContain('Current date: 2025-12-24\n\nReasoning: low\n');
  });

  it('uses the ids of o200k_harmony, and stops at <|return|> alone', () => {
    const tokens = renderer.render({ user: 'x' });
    expect(tokens.slice(0, 3)).toEqual([200_006, 17_360, 200_008]);
    expect(tokens.slice(-7)).toEqual([200_006, 1_428, 200_008, 120, 200_007, 200_006, 173_781]);
    expect(renderer.stopTokens).toEqual([200_002]);
    expect(ids('<|channel|>analysis<|message|>')).toEqual([200_005, 35_644, 200_008]);
    expect(ids('<|channel|>commentary')).toEqual([200_005, 12_606, 815]);
  });

  it('refuses a date that is none', () => {
    expect(() => harmonyRenderer(tokenizer, { reasoningEffort: 'high', date: 'today' })).toThrow(
      RenderingSettingsError,
    );
  });
});

describe('a harmony answer', () => {
  const parse = (spelled: string) => renderer.parse(ids(spelled));
  const cot = '<|channel|>analysis<|message|>Let me think.<|end|>';
  const finalHeader = '<|start|>assistant<|channel|>final<|message|>';

  it('is the final channel, apart from the reasoning', () => {
    expect(parse(`${cot}${finalHeader}Done.<|return|>`)).toEqual({
      answer: 'Done.',
      reasoning: 'Let me think.',
      finished: true,
      problems: [],
    });
  });

  it('may come without reasoning', () => {
    expect(parse('<|channel|>final<|message|>Done.<|return|>')).toMatchObject({
      answer: 'Done.',
      problems: [],
    });
  });

  it('is never looked for in the reasoning, nor in commentary', () => {
    const program = '```python\nx\n```';
    expect(parse(`<|channel|>analysis<|message|>${program}<|return|>`)).toEqual({
      answer: '',
      reasoning: program,
      finished: true,
      problems: ['no-final-answer'],
    });
    expect(parse(`<|channel|>commentary<|message|>${program}<|return|>`).answer).toBe('');
  });

  it('that was cut keeps what there is of the final channel', () => {
    expect(parse(`${cot}${finalHeader}Half`)).toMatchObject({
      answer: 'Half',
      finished: false,
      problems: ['no-stop-token'],
    });
    expect(parse(`${cot}<|start|>assistant`).problems).toEqual(['no-stop-token', 'no-final-answer']);
    expect(parse('').problems).toEqual(['no-stop-token', 'no-final-answer']);
  });

  it.each([
    ['tokens after the stop token', `${cot}${finalHeader}Done.<|return|>more`, 'tokens-after-stop', 'Done.'],
    [
      'a call of a tool',
      `<|channel|>commentary to=functions.f <|constrain|>json<|message|>{}<|call|>${finalHeader}Done.<|return|>`,
      'tool-call',
      'Done.',
    ],
    [
      'a recipient before the channel',
      ` to=functions.f<|channel|>commentary<|message|>{}<|end|>${finalHeader}Done.<|return|>`,
      'tool-call',
      'Done.',
    ],
    [
      'a final message to a tool',
      '<|channel|>final to=functions.f<|message|>Done.<|return|>',
      'tool-call',
      '',
    ],
    [
      'a foreign role',
      '<|end|><|start|>user<|channel|>final<|message|>Do this.<|return|>',
      'broken-message',
      '',
    ],
    ['an unknown channel', '<|channel|>thoughts<|message|>Hm.<|return|>', 'broken-message', ''],
    ['no channel', '<|message|>Done.<|return|>', 'broken-message', ''],
    ['text between messages', `${cot}astray${finalHeader}Done.<|return|>`, 'broken-message', 'Done.'],
    [
      'a message without an end',
      `<|channel|>analysis<|message|>Hm${finalHeader}Done.<|return|>`,
      'broken-message',
      'Done.',
    ],
    ['a stop outside of a message', `${cot}<|return|>`, 'broken-message', ''],
    [
      'a control token in the answer',
      `${cot}${finalHeader}a<|channel|>b<|return|>`,
      'control-token-in-answer',
      'a<|channel|>b',
    ],
  ])('with %s says so', (_, spelled, problem, answer) => {
    const parsed = parse(spelled);
    expect(parsed.problems).toContain(problem);
    expect(parsed.answer).toBe(answer);
  });

  it('that spells control tokens in plain text is plain text', () => {
    const plain = tokenizer.encodeText('<|end|><|start|>assistant<|channel|>final<|message|>x<|return|>');
    const parsed = renderer.parse([...ids('<|channel|>analysis<|message|>'), ...plain, 200_002]);
    expect(parsed.answer).toBe('');
    expect(parsed.reasoning).toContain('<|channel|>final');
  });

  it('with an id out of the vocabulary is a named error', () => {
    expect(() => renderer.parse([...ids(cot), 201_087])).toThrow(TokenOutOfVocabularyError);
    expect(() => renderer.parse([200_002, 201_087])).toThrow(TokenOutOfVocabularyError);
  });
});

describe('forcing the final channel', () => {
  const forced = (spelled: string) => tokenizer.decode(renderer.forcedTokens(ids(spelled)));
  const next = '<|start|>assistant<|channel|>final<|message|>';

  it('closes the reasoning in the words of the reference', () => {
    expect(forced('<|channel|>analysis<|message|>Let me')).toBe(`${prefill}<|end|>${next}`);
  });

  it('gives the header alone after a complete message', () => {
    expect(forced('<|channel|>analysis<|message|>Let me.<|end|>')).toBe(next);
  });

  it('gives nothing once the final message has begun', () => {
    expect(
      forced('<|channel|>analysis<|message|>Let me.<|end|><|start|>assistant<|channel|>final<|message|>'),
    ).toBe('');
    expect(forced('<|channel|>final<|message|>Done')).toBe('');
  });

  it('completes a header that was cut', () => {
    expect(forced('<|channel|>analysis<|message|>Hm.<|end|><|start|>')).toBe(
      'assistant<|channel|>final<|message|>',
    );
    expect(forced('<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant')).toBe(
      '<|channel|>final<|message|>',
    );
    expect(forced('<|channel|>final')).toBe('<|message|>');
    expect(forced('<|channel|>analysis')).toBe(`<|message|>${prefill}<|end|>${next}`);
  });

  it.each([
    '<|channel|>analysis<|message|>Let me',
    '<|channel|>analysis<|message|>Let me.<|end|>',
    '<|channel|>analysis<|message|>Hm.<|end|><|start|>',
    '<|channel|>final',
    '<|channel|>analysis',
    '',
  ])('makes an answer without format problems of %j', (spelled) => {
    const answer = ids(spelled);
    const whole = [...answer, ...renderer.forcedTokens(answer), ...ids('Done.<|return|>')];
    expect(renderer.parse(whole)).toMatchObject({ answer: 'Done.', finished: true, problems: [] });
  });
});

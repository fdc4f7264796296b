import { describe, expect, it } from 'vitest';

import { MissingControlTokenError } from '../../../../src/policy/tinker/rendering/errors';
import { llama3Renderer } from '../../../../src/policy/tinker/rendering/llama3';
import { qwen3Renderer } from '../../../../src/policy/tinker/rendering/qwen3';
import { llamaTokenizer, qwenSettings, qwenTokenizer, tinyTokenizer } from './tinyTokenizer';

const qwen = qwenTokenizer();
const text = (words: string) => qwen.encodeText(words);
const [open, close, end] = [151_667, 151_668, 151_645];
const prompt = { system: 'Be brief.', user: 'Sort.' };
const promptStart =
  '<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nSort.<|im_end|>\n<|im_start|>assistant\n';

describe('a Qwen3 prompt', () => {
  it.each([
    ['on', ''],
    ['opened', '<think>\n'],
    ['off', '<think>\n\n</think>\n\n'],
    ['none', ''],
  ] as const)('with thinking %s ends with %j', (thinking, ending) => {
    const renderer = qwen3Renderer(qwen, thinking);
    expect(qwen.decode(renderer.render(prompt))).toBe(promptStart + ending);
    expect(renderer.stopTokens).toEqual([end]);
  });

  it('has control ids in the right places', () => {
    expect(qwen3Renderer(qwen, 'off').render({ user: 'x' })).toEqual([
      ...[151_644, ...text('user\nx'), end, ...text('\n')],
      ...[151_644, ...text('assistant\n'), open, ...text('\n\n'), close, ...text('\n\n')],
    ]);
  });

  it('encodes the text together with the line break before it, as the model learned it', () => {
    const pairs = tinyTokenizer({ ...qwenSettings, words: { ĊĊ: 271 } });
    const tokens = qwen3Renderer(pairs, 'none').render({ user: '\n' });
    expect(tokens.slice(0, 7)).toEqual([151_644, ...text('user'), 271, end]);
  });

  it('needs the think tokens only where they are used', () => {
    const old = tinyTokenizer({ controls: { '<|im_start|>': 500, '<|im_end|>': 501 } });
    expect(() => qwen3Renderer(old, 'on')).toThrow(MissingControlTokenError);
    expect(qwen3Renderer(old, 'none').parse([...old.encodeText('Done.'), 501]).answer).toBe('Done.');
  });
});

describe('a Qwen3 answer', () => {
  const on = qwen3Renderer(qwen, 'on');
  const opened = qwen3Renderer(qwen, 'opened');
  const off = qwen3Renderer(qwen, 'off');

  it('is what follows the last </think>', () => {
    const answer = [open, ...text('\nHm </think> hm.\n'), close, ...text('\n\nDone.'), end];
    expect(on.parse(answer)).toEqual({
      answer: 'Done.',
      reasoning: 'Hm </think> hm.',
      finished: true,
      problems: [],
    });
    const twice = [open, ...text('a'), close, ...text('b'), close, ...text('c'), end];
    expect(on.parse(twice)).toMatchObject({ answer: 'c', reasoning: 'a</think>b' });
  });

  it('begins inside the block where the prompt opened it', () => {
    expect(opened.parse([...text('Hm.\n'), close, ...text('\n\nDone.'), end])).toMatchObject({
      answer: 'Done.',
      reasoning: 'Hm.',
      problems: [],
    });
  });

  it('without </think> is reasoning alone', () => {
    expect(on.parse([open, ...text('Hm.')])).toEqual({
      answer: '',
      reasoning: 'Hm.',
      finished: false,
      problems: ['no-stop-token', 'no-final-answer'],
    });
    expect(opened.parse([...text('Hm.'), end]).problems).toEqual(['no-final-answer']);
    expect(on.parse([...text('Done.'), end])).toMatchObject({ answer: '', problems: ['no-final-answer'] });
  });

  it('without thinking is all there is', () => {
    expect(off.parse([...text('Done.'), end])).toMatchObject({
      answer: 'Done.',
      reasoning: '',
      problems: [],
    });
    expect(off.parse([open, ...text('Hm.'), end])).toMatchObject({ answer: '', reasoning: 'Hm.' });
  });

  it('with control tokens, or with tokens after the stop token, says so', () => {
    const parsed = off.parse([...text('a'), 151_657, end, ...text('b')]);
    expect(parsed.answer).toBe('a<tool_call>');
    expect(parsed.problems).toEqual(['tokens-after-stop', 'control-token-in-answer']);
  });

  it('is forced by closing an open block', () => {
    const forced = on.forcedTokens([open, ...text('Hm')]);
    expect(qwen.decode(forced)).toBe(
      '\n\n... okay, I am out of thinking tokens. I need to send my final message now.\n</think>\n\n',
    );
    expect(forced.filter((token) => token === close)).toHaveLength(1);
    expect(opened.forcedTokens(text('Hm'))).toEqual(forced);
    expect(on.forcedTokens([open, close, ...text('Done')])).toEqual([]);
    expect(off.forcedTokens(text('Done'))).toEqual([]);
    const whole = [open, ...text('Hm'), ...forced, ...text('Done.'), end];
    expect(on.parse(whole)).toMatchObject({ answer: 'Done.', problems: [] });
  });
});

describe('Llama 3', () => {
  const llama = llamaTokenizer();
  const renderer = llama3Renderer(llama);

  it('has headers, and stops at the end of the turn', () => {
    const tokens = renderer.render(prompt);
    expect(llama.decode(tokens)).toBe(
      '<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>' +
        '<|start_header_id|>user<|end_header_id|>\n\nSort.<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n',
    );
    expect(tokens.slice(0, 2)).toEqual([128_000, 128_006]);
    expect(renderer.stopTokens).toEqual([128_009]);
  });

  it('knows no reasoning', () => {
    const answer = [...llama.encodeText('Done.'), 128_009];
    expect(renderer.parse(answer)).toEqual({ answer: 'Done.', reasoning: '', finished: true, problems: [] });
    expect(renderer.forcedTokens(answer)).toEqual([]);
  });
});

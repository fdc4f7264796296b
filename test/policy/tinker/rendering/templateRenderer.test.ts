import { describe, expect, it } from 'vitest';

import { createRenderer, detectChatFormat } from '../../../../src/policy/tinker/rendering/chatFormat';
import { ChatTemplateError } from '../../../../src/policy/tinker/rendering/errors';
import { llama3Renderer } from '../../../../src/policy/tinker/rendering/llama3';
import { qwen3Renderer } from '../../../../src/policy/tinker/rendering/qwen3';
import { templateRenderer } from '../../../../src/policy/tinker/rendering/templateRenderer';
import {
  harmonyTokenizer,
  llamaSettings,
  llamaTokenizer,
  qwenSettings,
  qwenTokenizer,
  tinyTokenizer,
} from './tinyTokenizer';

const chatMl = `{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}`;
const headers = `{{- bos_token }}{% for message in messages %}
    {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
{%- endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}`;
const noSystem = `{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for m in messages %}[{{ m.role }}] {{ m.content }}<|im_end|>{% endfor %}`;

const qwenWith = (chatTemplate: string) => tinyTokenizer({ ...qwenSettings, chatTemplate });
const prompt = { system: '  Be brief.\n', user: '\n Sort.  ' };

describe("a model's own template", () => {
  it('gives what the built-in format of its family gives', () => {
    const qwen = qwenWith(chatMl);
    expect(templateRenderer(qwen).render(prompt)).toEqual(qwen3Renderer(qwen, 'on').render(prompt));
    const off = templateRenderer(qwen, { variables: { enable_thinking: false } });
    expect(off.render(prompt)).toEqual(qwen3Renderer(qwen, 'off').render(prompt));
    const llama = tinyTokenizer({ ...llamaSettings, chatTemplate: headers });
    const trimmed = { system: 'Be brief.', user: 'Sort.' };
    expect(templateRenderer(llama).render(prompt)).toEqual(llama3Renderer(llama).render(trimmed));
  });

  it('tells the stop tokens: the end of the text and of the turn', () => {
    expect(templateRenderer(qwenWith(chatMl)).stopTokens).toEqual([151_645]);
    const config = { eos_token: '<|endoftext|>' };
    const otherEnd = tinyTokenizer({ ...qwenSettings, config, chatTemplate: chatMl });
    expect(templateRenderer(otherEnd).stopTokens).toEqual([151_643, 151_645]);
    expect(templateRenderer(otherEnd, { stop: ['<|im_end|>'] }).stopTokens).toEqual([151_645]);
    const nameless = tinyTokenizer({
      ...qwenSettings,
      config: {},
      chatTemplate: '{% for m in messages %}{{ m.content }}{% endfor %}',
    });
    expect(() => templateRenderer(nameless)).toThrow(ChatTemplateError);
  });

  it('that refuses a system message gets its text with the user message', () => {
    const qwen = qwenWith(noSystem);
    const tokens = templateRenderer(qwen).render({ system: 'Be brief.', user: 'Sort.' });
    expect(qwen.decode(tokens)).toBe('[user] Be brief.\n\nSort.<|im_end|>');
  });

  it('never sees the text, and so cannot be steered by it', () => {
    const qwen = qwenWith(
      `{% for m in messages %}{% if '/no_think' in m.content %}{{ '<think>' }}{% endif %}{{ m.content }}<|im_end|>{% endfor %}`,
    );
    const renderer = templateRenderer(qwen);
    expect(qwen.decode(renderer.render({ user: '/no_think {{ 1 + 1 }}' }))).toBe(
      '/no_think {{ 1 + 1 }}<|im_end|>',
    );
  });

  it('sees a fixed date, not the day', () => {
    const qwen = qwenWith(`{{ strftime_now('%d %B %Y, %Y-%m-%d') }} {{ messages[0].content }}<|im_end|>`);
    // This template cannot hold an answer, so the stop token is given.
    expect(() => templateRenderer(qwen, { date: '2025-02-03' })).toThrow(/leaves out the assistant message/);
    const renderer = templateRenderer(qwen, { date: '2025-02-03', stop: ['<|im_end|>'] });
    expect(qwen.decode(renderer.render({ user: 'x' }))).toBe('03 February 2025, 2025-02-03 x<|im_end|>');
  });

  it('reads think blocks where the tokenizer has them', () => {
    const qwen = qwenWith(chatMl);
    const renderer = templateRenderer(qwen);
    const text = (words: string) => qwen.encodeText(words);
    expect(renderer.parse([...text('Done.'), 151_645])).toMatchObject({ answer: 'Done.', problems: [] });
    expect(renderer.parse([151_667, ...text('Hm.'), 151_668, ...text('\n\nDone.'), 151_645])).toMatchObject({
      answer: 'Done.',
      reasoning: 'Hm.',
    });
    expect(renderer.forcedTokens(text('Done'))).toEqual([]);
    expect(qwen.decode(renderer.forcedTokens([151_667, ...text('Hm')]))).toContain('</think>');
    const opening = qwenWith(
      chatMl.replace("'<|im_start|>assistant\\n'", "'<|im_start|>assistant\\n<think>\\n'"),
    );
    expect(templateRenderer(opening).parse([...text('Hm.'), 151_645])).toMatchObject({
      answer: '',
      reasoning: 'Hm.',
    });
  });

  it('trims the whitespace that a control token takes with it', () => {
    const flags = { '<|im_start|>': { rstrip: true }, '<|im_end|>': { lstrip: true } };
    const qwen = tinyTokenizer({
      ...qwenSettings,
      flags: { ...qwenSettings.flags, ...flags },
      chatTemplate: '{% for m in messages %}<|im_start|>\n{{ m.content }} <|im_end|>{% endfor %}',
    });
    expect(qwen.decode(templateRenderer(qwen).render({ user: 'x' }))).toBe('<|im_start|>x<|im_end|>');
  });

  it.each([
    ['does not parse', '{% for m in messages %}'],
    ['fails', '{{ messages[0].content }}{{ raise_exception("no") }}'],
    ['repeats a message', '{% for m in messages %}{{ m.content }}{{ m.content }}{% endfor %}'],
    ['leaves the message out', 'Hello<|im_end|>'],
  ])('that %s is a named error', (_, source) => {
    expect(() => templateRenderer(qwenWith(source), { stop: ['<|im_end|>'] })).toThrow(ChatTemplateError);
  });

  it('that does not exist is a named error', () => {
    expect(() => templateRenderer(qwenTokenizer())).toThrow(ChatTemplateError);
  });
});

describe('the format of a tokenizer', () => {
  it('is told by its control tokens and files', () => {
    expect(detectChatFormat(harmonyTokenizer())).toEqual({ family: 'harmony', reasoningEffort: 'high' });
    expect(detectChatFormat(qwenWith(chatMl))).toEqual({ family: 'template' });
    expect(detectChatFormat(qwenTokenizer())).toEqual({ family: 'qwen3', thinking: 'on' });
    expect(detectChatFormat(llamaTokenizer())).toEqual({ family: 'llama3' });
    expect(() => detectChatFormat(tinyTokenizer({ controls: {} }))).toThrow(ChatTemplateError);
  });

  it('makes a renderer', () => {
    for (const tokenizer of [harmonyTokenizer(), qwenWith(chatMl), qwenTokenizer(), llamaTokenizer()]) {
      const renderer = createRenderer(tokenizer, detectChatFormat(tokenizer));
      expect(tokenizer.decode(renderer.render({ user: 'Sort.' }))).toContain('Sort.');
    }
  });
});

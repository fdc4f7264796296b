import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createRenderer, type ChatFormat } from '../../../../src/policy/tinker/rendering/chatFormat';
import type { ChatTokenizer } from '../../../../src/policy/tinker/rendering/chatTokenizer';
import {
  harmonyTokenizer,
  llamaTokenizer,
  qwenSettings,
  qwenTokenizer,
  tinyTokenizer,
} from './tinyTokenizer';

const chatTemplate = `{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}`;

const families: readonly [string, ChatTokenizer, ChatFormat][] = [
  ['harmony', harmonyTokenizer(), { family: 'harmony', reasoningEffort: 'medium' }],
  ['Qwen3', qwenTokenizer(), { family: 'qwen3', thinking: 'off' }],
  ['Llama 3', llamaTokenizer(), { family: 'llama3' }],
  ['a template', tinyTokenizer({ ...qwenSettings, chatTemplate }), { family: 'template' }],
  [
    'a template of a tokenizer that normalizes',
    tinyTokenizer({ ...qwenSettings, chatTemplate, normalizer: { type: 'NFKC' } }),
    { family: 'template' },
  ],
];

/** Texts full of spellings of control tokens: whole, cut, nested, in wide characters, and the marks used inside. */
function hostileText(tokenizer: ChatTokenizer): fc.Arbitrary<string> {
  const spellings = tokenizer.controls.map(({ spelling }) => spelling);
  const spelling = fc.constantFrom(...spellings);
  const cut = fc.tuple(spelling, fc.nat(20)).map(([whole, at]) => whole.slice(0, at));
  const nested = fc
    .tuple(spelling, spelling, fc.nat(20))
    .map(([outer, inner, at]) => outer.slice(0, at) + inner + outer.slice(at));
  const wide = spelling.map((whole) =>
    whole.replace(/[!-~]/g, (character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0)),
  );
  const marks = fc.constantFrom(
    '\u2003\uE0000\uE001\u2003',
    '\uE0001\uE001',
    '{{ bos_token }}',
    '{% endfor %}',
  );
  const plain = fc.string({ unit: 'binary', maxLength: 8 });
  return fc
    .array(fc.oneof(spelling, cut, nested, wide, marks, plain), { maxLength: 8 })
    .map((parts) => parts.join(''));
}

describe.each(families)('text in a prompt of %s', (name, tokenizer, format) => {
  const renderer = createRenderer(tokenizer, format);
  const controlsOf = (tokens: readonly number[]) => tokens.filter((token) => tokenizer.isControl(token));
  const plain = renderer.render({ system: 'S', user: 'U' });
  const hostile = hostileText(tokenizer);
  const normalized = (text: string) => (name.includes('normalizes') ? text.normalize('NFKC') : text);

  it('adds no control token, and is read back as it was', () => {
    const [before = '', between = '', after = ''] = tokenizer
      .decode(plain)
      .split(/(?<=\n)S|(?<=>)S|(?<=\n)U|(?<=>)U/);
    fc.assert(
      fc.property(hostile, hostile, (system, user) => {
        const tokens = renderer.render({ system, user });
        expect(controlsOf(tokens)).toEqual(controlsOf(plain));
        if (!name.includes('normalizes')) {
          expect(tokenizer.decode(tokens)).toBe(before + system + between + user + after);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('comes back from an answer as it was', () => {
    const header = format.family === 'harmony' ? '<|channel|>final<|message|>' : '';
    const start = header.split(/(?<=>)|(?=<)/).flatMap((piece) => {
      const control = tokenizer.findControl(piece);
      return control === undefined ? tokenizer.encodeText(piece) : [control];
    });
    fc.assert(
      fc.property(hostile, (text) => {
        const parsed = renderer.parse([
          ...start,
          ...tokenizer.encodeText(text),
          renderer.stopTokens[0] ?? -1,
        ]);
        const expected = format.family === 'harmony' ? text : normalized(text).replace(/^\n+/, '');
        expect(parsed).toEqual({ answer: expected, reasoning: '', finished: true, problems: [] });
      }),
      { numRuns: 150 },
    );
  });
});

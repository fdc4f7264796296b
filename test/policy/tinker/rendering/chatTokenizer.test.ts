import { describe, expect, it } from 'vitest';

import { ChatTokenizer } from '../../../../src/policy/tinker/rendering/chatTokenizer';
import {
  MissingControlTokenError,
  TokenizerFileError,
  TokenOutOfVocabularyError,
} from '../../../../src/policy/tinker/rendering/errors';
import {
  parseTokenizerSource,
  readTokenizerSource,
} from '../../../../src/policy/tinker/rendering/tokenizerFiles';
import { qwenSettings, qwenTokenizer, tinyTokenizer, tinyTokenizerJson } from './tinyTokenizer';

const folder = (texts: Record<string, string>) => ({
  read: (name: string) => Promise.resolve(texts[name]),
});
const signal = new AbortController().signal;

describe("a tokenizer's files", () => {
  it('come through a port, and a template file goes before the one in the configuration', async () => {
    const files = {
      'tokenizer.json': tinyTokenizerJson(qwenSettings),
      'tokenizer_config.json': JSON.stringify({ eos_token: { content: '<|im_end|>' }, chat_template: 'old' }),
    };
    const source = await readTokenizerSource(folder(files), signal);
    expect(source.chatTemplate).toBe('old');
    expect(source.namedTokens).toEqual({ eos_token: '<|im_end|>' });
    const newer = await readTokenizerSource(folder({ ...files, 'chat_template.jinja': 'new' }), signal);
    expect(newer.chatTemplate).toBe('new');
  });

  it('give the template named "default" of several', () => {
    const templates = [
      { name: 'tool_use', template: 'tools' },
      { name: 'default', template: 'plain' },
    ];
    const config = JSON.stringify({ chat_template: templates });
    expect(parseTokenizerSource(tinyTokenizerJson(qwenSettings), config).chatTemplate).toBe('plain');
  });

  it('are refused by name if missing, not JSON, malformed, or of another kind of model', async () => {
    await expect(readTokenizerSource(folder({}), signal)).rejects.toThrow(/tokenizer\.json.*does not exist/);
    expect(() => parseTokenizerSource('{', '{}')).toThrow(TokenizerFileError);
    expect(() => parseTokenizerSource('{"model":{"vocab":{"a":-1},"merges":[]}}', '{}')).toThrow(/vocab\.a/);
    const wordPiece = tinyTokenizerJson({ ...qwenSettings, model: { type: 'WordPiece' } });
    expect(() => parseTokenizerSource(wordPiece, '{}')).toThrow(/WordPiece, not BPE/);
    const decoder = tinyTokenizerJson(qwenSettings).replace('{"type":"ByteLevel"}', '{"type":"Strange"}');
    expect(() => new ChatTokenizer(parseTokenizerSource(decoder, '{}'))).toThrow(TokenizerFileError);
  });
});

describe('a chat tokenizer', () => {
  it('decodes whole spans, control tokens spelled out', () => {
    const tokenizer = qwenTokenizer();
    const ids = [151_644, ...tokenizer.encodeText('naïve 🙂'), 151_645];
    expect(tokenizer.decode(ids)).toBe('<|im_start|>naïve 🙂<|im_end|>');
    expect(tokenizer.decode([])).toBe('');
  });

  it('refuses ids out of the vocabulary by name and place', () => {
    const tokenizer = qwenTokenizer();
    expect(() => tokenizer.decode([65, 151_900])).toThrow(TokenOutOfVocabularyError);
    expect(() => tokenizer.decode([65, 151_900])).toThrow('Token 151900 at position 1');
    expect(() => tokenizer.decode([-1])).toThrow(TokenOutOfVocabularyError);
    expect(() => tokenizer.decode([1.5])).toThrow(TokenOutOfVocabularyError);
    expect(() => tokenizer.decode([500])).toThrow(TokenOutOfVocabularyError);
  });

  it('says which control token is missing', () => {
    expect(() => qwenTokenizer().control('<|channel|>')).toThrow(MissingControlTokenError);
    expect(() => qwenTokenizer().control('<|channel|>')).toThrow('<|channel|>');
  });

  it('keeps text apart even where the vocabulary and the merges list the control tokens as well', () => {
    const tokenizer = tinyTokenizer({
      controls: { '<s>': 900, '</s>': 901 },
      words: { '<s>': 900 },
      vocab: { '</s>': 901 },
      model: { ignore_merges: true },
      splitsWords: false,
    });
    for (const text of ['<s>', '</s>', 'a<s>b</s>']) {
      const ids = tokenizer.encodeText(text);
      expect(ids.filter((id) => tokenizer.isControl(id))).toEqual([]);
      expect(tokenizer.decode(ids)).toBe(text);
    }
    expect(tokenizer.decode([tokenizer.control('<s>')])).toBe('<s>');
  });

  it('keeps added runs of whitespace as ordinary tokens', () => {
    const tokenizer = tinyTokenizer({
      controls: { '    ': 950, '<|end|>': 951 },
      flags: { '    ': { special: false } },
    });
    expect(tokenizer.encodeText('    x')).toEqual([950, 120]);
    expect(tokenizer.decode([950, 120])).toBe('    x');
    expect(tokenizer.isControl(950)).toBe(false);
  });

  it('turns lone surrogates into the replacement character', () => {
    const tokenizer = qwenTokenizer();
    expect(tokenizer.decode(tokenizer.encodeText('a\uD800b'))).toBe('a\uFFFDb');
  });
});

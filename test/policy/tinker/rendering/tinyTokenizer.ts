import { ChatTokenizer } from '../../../../src/policy/tinker/rendering/chatTokenizer';
import { parseTokenizerSource } from '../../../../src/policy/tinker/rendering/tokenizerFiles';

export interface TinySettings {
  /** Spelling to id. */
  readonly controls: Readonly<Record<string, number>>;
  /** Words that are one token, with their ids. */
  readonly words?: Readonly<Record<string, number>>;
  /** Fields of the added tokens, by spelling. */
  readonly flags?: Readonly<Record<string, object>>;
  /** Fields of the byte-pair model. */
  readonly model?: object;
  /** Entries put into the model's vocabulary beside the bytes and words. */
  readonly vocab?: Readonly<Record<string, number>>;
  readonly normalizer?: object;
  /** False: a whole text goes to the byte-pair model at once. */
  readonly splitsWords?: boolean;
  readonly config?: object;
  readonly chatTemplate?: string;
}

const firstPrefixId = 1_000;

/** A byte-level byte-pair tokenizer.json: the 256 bytes, the words, and the control tokens. */
export function tinyTokenizerJson({ controls, words = {}, flags = {}, ...settings }: TinySettings): string {
  const vocab: Record<string, number> = { ...settings.vocab };
  byteAlphabet().forEach((character, byte) => (vocab[character] = byte));
  const merges: [string, string][] = [];
  let prefixId = firstPrefixId;
  for (const [word, id] of Object.entries(words)) {
    for (let length = 2; length <= word.length; length++) {
      const prefix = word.slice(0, length);
      if (!(prefix in vocab)) merges.push([word.slice(0, length - 1), word.charAt(length - 1)]);
      vocab[prefix] ??= prefixId++;
    }
    vocab[word] = id;
  }
  return JSON.stringify({
    added_tokens: Object.entries(controls).map(([content, id]) => ({
      id,
      content,
      special: true,
      normalized: false,
      ...flags[content],
    })),
    normalizer: settings.normalizer ?? null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: settings.splitsWords ?? true },
    post_processor: null,
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab, merges, ...settings.model },
  });
}

export function tinyTokenizer(settings: TinySettings): ChatTokenizer {
  const config = JSON.stringify({ ...settings.config });
  return new ChatTokenizer(parseTokenizerSource(tinyTokenizerJson(settings), config, settings.chatTemplate));
}

/** The characters that byte-level tokenizers write the bytes 0 … 255 as. */
function byteAlphabet(): string[] {
  const printable = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
}

export const harmonyControls = {
  '<|startoftext|>': 199_998,
  '<|endoftext|>': 199_999,
  '<|return|>': 200_002,
  '<|constrain|>': 200_003,
  '<|channel|>': 200_005,
  '<|start|>': 200_006,
  '<|end|>': 200_007,
  '<|message|>': 200_008,
  '<|call|>': 200_012,
};
const harmonyWords = {
  assistant: 173_781,
  user: 1_428,
  system: 17_360,
  analysis: 35_644,
  final: 17_196,
  comment: 12_606,
  ary: 815,
};
export const harmonyTokenizer = (): ChatTokenizer =>
  tinyTokenizer({ controls: harmonyControls, words: harmonyWords });

export const qwenControls = {
  '<|endoftext|>': 151_643,
  '<|im_start|>': 151_644,
  '<|im_end|>': 151_645,
  '<tool_call>': 151_657,
  '<think>': 151_667,
  '</think>': 151_668,
};
/** Of Qwen3, `<think>` and the like are added tokens that are not "special". */
const notSpecial = { special: false };
export const qwenSettings: TinySettings = {
  controls: qwenControls,
  flags: { '<tool_call>': notSpecial, '<think>': notSpecial, '</think>': notSpecial },
  config: { eos_token: '<|im_end|>', pad_token: '<|endoftext|>' },
};
export const qwenTokenizer = (): ChatTokenizer => tinyTokenizer(qwenSettings);

export const llamaControls = {
  '<|begin_of_text|>': 128_000,
  '<|end_of_text|>': 128_001,
  '<|start_header_id|>': 128_006,
  '<|end_header_id|>': 128_007,
  '<|eot_id|>': 128_009,
};
export const llamaSettings: TinySettings = {
  controls: llamaControls,
  model: { ignore_merges: true },
  config: { bos_token: '<|begin_of_text|>', eos_token: { content: '<|eot_id|>' } },
};
export const llamaTokenizer = (): ChatTokenizer => tinyTokenizer(llamaSettings);

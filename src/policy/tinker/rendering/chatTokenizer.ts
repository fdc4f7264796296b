import { Tokenizer } from '@huggingface/tokenizers';

import {
  ControlTokenInTextError,
  MissingControlTokenError,
  TokenizerFileError,
  TokenOutOfVocabularyError,
} from './errors';
import type { AddedTokenDefinition, TokenizerDefinition, TokenizerSource } from './tokenizerFiles';

/** A token that no text can become. */
export interface ControlToken {
  readonly id: number;
  readonly spelling: string;
  /** Whitespace of a template before it, or after it, is left out. */
  readonly trimsBefore: boolean;
  readonly trimsAfter: boolean;
}

/**
 * A tokenizer in which text and control tokens are apart: `encodeText` never gives a control token, whatever the text says,
 * as the underlying tokenizer does not know them. Every added token is one, special or not (`<think>` often is not), but
 * runs of whitespace, which some tokenizers add as ordinary tokens.
 */
export class ChatTokenizer {
  /** Longest spelling first. */
  readonly controls: readonly ControlToken[];
  private readonly idBySpelling: ReadonlyMap<string, number>;
  private readonly spellingById: ReadonlyMap<number, string>;
  private readonly ordinary: Tokenizer;
  private readonly unknownId: number | undefined;

  /** Throws `TokenizerFileError`. */
  constructor(readonly source: TokenizerSource) {
    const { definition } = source;
    const isControl = ({ content }: AddedTokenDefinition): boolean => content.trim() !== '';
    const added = definition.added_tokens.filter(isControl);
    this.controls = added
      .map(({ id, content, lstrip, rstrip }) => ({
        id,
        spelling: content,
        trimsBefore: lstrip,
        trimsAfter: rstrip,
      }))
      .sort((a, b) => b.spelling.length - a.spelling.length);
    this.idBySpelling = new Map(added.map(({ content, id }) => [content, id]));
    this.spellingById = new Map(added.map(({ content, id }) => [id, content]));
    const unknown = definition.model.unk_token;
    this.unknownId =
      unknown == null ? undefined : (definition.model.vocab[unknown] ?? this.idBySpelling.get(unknown));
    const whitespace = definition.added_tokens.filter((token) => !isControl(token));
    try {
      this.ordinary = new Tokenizer(withoutControls(definition, this.idBySpelling, whitespace), {
        ...source.config,
        additional_special_tokens: [],
      });
    } catch (error) {
      const wrong = error instanceof Error ? error.message : String(error);
      throw new TokenizerFileError('tokenizer.json', wrong, { cause: error });
    }
  }

  /** Text that lies between two control tokens: join what belongs together before. Lone surrogates become U+FFFD. */
  encodeText(text: string): number[] {
    if (text === '') return [];
    const { ids } = this.ordinary.encode(text.replace(/\p{Surrogate}/gu, '\uFFFD'), {
      add_special_tokens: false,
    });
    for (const id of ids) {
      const spelling = this.spellingById.get(id);
      if (spelling !== undefined && id !== this.unknownId) throw new ControlTokenInTextError(spelling);
    }
    return ids;
  }

  /** Throws `MissingControlTokenError`. */
  control(spelling: string): number {
    const id = this.idBySpelling.get(spelling);
    if (id === undefined) throw new MissingControlTokenError(spelling);
    return id;
  }

  findControl(spelling: string): number | undefined {
    return this.idBySpelling.get(spelling);
  }

  isControl(id: number): boolean {
    return this.spellingById.has(id);
  }

  /** Throws `TokenOutOfVocabularyError`. */
  checkTokens(ids: readonly number[]): void {
    ids.forEach((id, position) => {
      if (!this.spellingById.has(id) && this.ordinary.id_to_token(id) === undefined) {
        throw new TokenOutOfVocabularyError(id, position);
      }
    });
  }

  /** Control tokens are spelled out. Decode whole spans: a character may take several tokens. Throws `TokenOutOfVocabularyError`. */
  decode(ids: readonly number[]): string {
    this.checkTokens(ids);
    let text = '';
    let run: number[] = [];
    const endRun = (): void => {
      if (run.length === 0) return;
      text += this.ordinary.decode(run, { skip_special_tokens: false, clean_up_tokenization_spaces: false });
      run = [];
    };
    for (const id of ids) {
      const spelling = this.spellingById.get(id);
      if (spelling === undefined) {
        run.push(id);
      } else {
        endRun();
        text += spelling;
      }
    }
    endRun();
    return text;
  }
}

/**
 * Spellings go out of the vocabulary and the merges too: a few tokenizers list them in both places. The token for what cannot
 * be encoded stays.
 */
function withoutControls(
  definition: TokenizerDefinition,
  controls: ReadonlyMap<string, number>,
  addedTokens: readonly AddedTokenDefinition[],
): object {
  const { model } = definition;
  const goes = (token: string): boolean => controls.has(token) && token !== model.unk_token;
  const merged = (merge: string | readonly string[]): string =>
    typeof merge === 'string' ? merge.replace(' ', '') : merge.join('');
  return {
    normalizer: null,
    pre_tokenizer: null,
    decoder: null,
    ...definition,
    post_processor: null,
    added_tokens: addedTokens,
    model: {
      ...model,
      vocab: Object.fromEntries(Object.entries(model.vocab).filter(([token]) => !goes(token))),
      merges: model.merges.filter((merge) => !goes(merged(merge))),
    },
  };
}

import { ApiKeyUnavailableError } from './serverErrors';

const longestQuoteCharacters = 500;

/**
 * Hands out the key for one request at a time, and takes it out of every text that came from a server. Holds keys in private
 * fields alone, so that no inspection or serialisation shows them.
 */
export class ApiKeySource {
  readonly #provide: (() => Promise<string | undefined>) | undefined;
  readonly #seen = new Set<string>();

  constructor(provide: (() => Promise<string | undefined>) | undefined) {
    this.#provide = provide;
  }

  /** Undefined if the server needs no key. Throws `ApiKeyUnavailableError`. */
  async next(): Promise<string | undefined> {
    if (this.#provide === undefined) return undefined;
    let given: string | undefined;
    try {
      given = await this.#provide();
    } catch {
      // The words of the key's store may hold the key, so they go nowhere.
      throw new ApiKeyUnavailableError('could not be read from where it is stored');
    }
    const key = given?.trim();
    if (key === undefined || key === '') return undefined;
    this.#seen.add(key);
    // Such a key would end up in the message of the HTTP client that refuses it.
    if (!/^[\x21-\x7e]+$/.test(key)) throw new ApiKeyUnavailableError('has characters that no key has');
    return key;
  }

  /** A server's words for people: without keys, on one line, not long. */
  clean(text: string): string {
    let result = text;
    for (const key of this.#seen) result = result.replaceAll(key, '[key]');
    result = result
      .replace(/\b(Bearer|Basic)\s+\S+/gi, '$1 [key]')
      // Keys that a server quotes masked: `sk-ab****yz`.
      .replace(/\b(?:sk|pk|key|tml|gsk|hf)[-_][\w*.-]{6,}/g, '[key]')
      .replace(/\s+/g, ' ')
      .trim();
    return result.length > longestQuoteCharacters ? `${result.slice(0, longestQuoteCharacters)}…` : result;
  }
}

import { inspect } from 'node:util';

const withheld = '[secret]';

/**
 * What a person typed at a question of a login. It is no text: a message, a log line or JSON that it gets into by mistake says `[secret]`, and
 * most such mistakes do not compile. `reveal` is called where it is handed to the server, and nowhere else.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  /** The words of others with this secret struck out: some servers repeat what they were sent. Too short ones are in every text. */
  strikeOutOf(words: string): string {
    if (this.#text.length < minStruckLength) return words;
    const quoted = JSON.stringify(this.#text).slice(1, -1);
    return words.replaceAll(this.#text, withheld).replaceAll(quoted, withheld);
  }

  toString(): string {
    return withheld;
  }

  toJSON(): string {
    return withheld;
  }

  [inspect.custom](): string {
    return withheld;
  }
}

const minStruckLength = 4;

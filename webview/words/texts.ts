/** What the page says, and how it counts. */
export interface PageLanguage {
  /** BCP 47, for numbers and plurals. */
  readonly language: string;
  /** By the English text, with `/` and the comment where it has one; what is missing is said in English. */
  readonly texts: Readonly<Record<string, string>>;
}

/** A text that means several things in English; the comment tells translators which. */
export interface CommentedText {
  readonly message: string;
  readonly comment: string;
}

let language = 'en-US';
let texts: PageLanguage['texts'] = {};
let plurals = new Intl.PluralRules(language);
let whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });

/** All that follows is said in this language. */
export function usePageLanguage(chosen: PageLanguage): void {
  ({ language, texts } = chosen);
  plurals = new Intl.PluralRules(language);
  whole = numberFormat({ maximumFractionDigits: 0 });
}

/** Numbers as the page's language writes them. */
export function numberFormat(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  return new Intl.NumberFormat(language, options);
}

/** A text for people in their language, as `t` of the extension: the first argument is one literal, which `npm run l10n` collects. */
export function t(text: string | CommentedText, ...args: readonly (string | number)[]): string {
  const [message, key] =
    typeof text === 'string' ? [text, text] : [text.message, `${text.message}/${text.comment}`];
  return fill(texts[key] ?? message, args);
}

/**
 * A text with a count, its place is `{0}`; `{1}` and on are the other arguments. Both English forms are literals that are collected. A
 * language with more forms has them as `OTHER/few`, `OTHER/many`: the names of `Intl.PluralRules` behind the text of `other`.
 */
export function plural(
  count: number,
  one: string,
  other: string,
  ...args: readonly (string | number)[]
): string {
  const form = plurals.select(count);
  const said = texts[`${other}/${form}`] ?? texts[form === 'one' ? one : other];
  return fill(said ?? (count === 1 ? one : other), [whole.format(count), ...args]);
}

function fill(message: string, args: readonly (string | number)[]): string {
  return args.length === 0
    ? message
    : message.replace(/\{(\d+)\}/g, (place, index) => String(args[Number(index)] ?? place));
}

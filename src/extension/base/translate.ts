/** An English text; with a comment for translators where it means several things, or says too little by itself. */
export type Text = string | { readonly message: string; readonly comment: string };

/** Gives a text for people in their language; `{0}`, `{1}`… in it are places for the arguments. The key is the English text. */
export type Translate = (text: Text, ...args: readonly (string | number)[]) => string;

/** The English text itself, with its places filled in. */
export function fill(text: Text, ...args: readonly (string | number)[]): string {
  const message = typeof text === 'string' ? text : text.message;
  return message.replace(/\{(\d+)\}/g, (place, index) => String(args[Number(index)] ?? place));
}

let translate: Translate = fill;

/** All that follows is said by `translate`: the editor's, in the extension; another one, in tests. */
export function useTranslations(translation: Translate): void {
  translate = translation;
}

/**
 * A text for people in their language. A port before `vscode.l10n.t`, so that words can be tested without an editor. The first
 * argument is a whole sentence in one literal: `npm run l10n` collects these.
 */
export function t(text: Text, ...args: readonly (string | number)[]): string {
  return translate(text, ...args);
}

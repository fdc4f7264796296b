import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { fill, type Text } from '../../src/extension/base/translate';

const bundleFile = z.record(
  z.string(),
  z.union([z.string(), z.object({ message: z.string(), comment: z.array(z.string()) })]),
);

/** All texts for people by their keys, as `npm run l10n` has collected them. */
export function readBundle(): ReadonlyMap<string, string> {
  const written = bundleFile.parse(JSON.parse(readFileSync('l10n/bundle.l10n.json', 'utf8')));
  return new Map(
    Object.entries(written).map(([key, value]) => [key, typeof value === 'string' ? value : value.message]),
  );
}

/** `[Štöp~~]`: in brackets, longer than English, with accents, its places kept. */
export function pseudo(text: string): string {
  const accents: Readonly<Record<string, string>> = {
    a: 'á',
    e: 'é',
    i: 'ï',
    o: 'ö',
    u: 'ü',
    n: 'ñ',
    s: 'š',
  };
  const parts = text.split(/(\{\d+\}|\$\([\w~-]+\)|\]\(command:[^)]*\))/);
  const said = parts.map((part, index) =>
    index % 2 === 1 ? part : part.replace(/[aeiouns]/g, (letter) => accents[letter] ?? letter),
  );
  return `[${said.join('')}${'~'.repeat(Math.ceil(text.length / 3))}]`;
}

/** The whole bundle in the made-up language: what is not in the bundle stays English. */
export function pseudoTexts(): Readonly<Record<string, string>> {
  return Object.fromEntries([...readBundle()].map(([key, text]) => [key, pseudo(text)]));
}

/** For `useTranslations`. */
export function pseudoTranslation(): (text: Text, ...args: readonly (string | number)[]) => string {
  const texts = pseudoTexts();
  return (text, ...args) => {
    const [message, key] =
      typeof text === 'string' ? [text, text] : [text.message, `${text.message}/${text.comment}`];
    return fill(texts[key] ?? message, ...args);
  };
}

import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { bundleOf, jsonText, textsOfCode, textsOfSource, withTextsApart } from '../../scripts/lib/l10n.mjs';
import { fill, t, useTranslations } from '../../src/extension/base/translate';
import { manifestTexts } from './manifestText';

const bundle = z
  .record(z.string(), z.string())
  .parse(JSON.parse(readFileSync('l10n/bundle.l10n.json', 'utf8')));

describe('texts for people', () => {
  it('are all in the bundle, and nothing else is: else run `npm run l10n`', async () => {
    const { texts, faults } = await textsOfCode('src/extension');
    expect(faults).toEqual([]);
    expect(readFileSync('l10n/bundle.l10n.json', 'utf8')).toBe(bundleOf(texts));
    expect(texts.size).toBeGreaterThan(150);
  });

  it('of the manifest are apart from it: else run `npm run l10n`', () => {
    const manifest: unknown = JSON.parse(readFileSync('package.json', 'utf8'));
    const { nls, moved } = withTextsApart(manifest, manifestTexts);
    expect(moved).toEqual([]);
    expect(readFileSync('package.nls.json', 'utf8')).toBe(jsonText(nls));
  });

  it('stand in one literal, have a place for each argument, and are said when the language is known', () => {
    const faultsOf = (source: string): string[] => textsOfSource(source, 'a.ts').faults;
    expect(faultsOf("f(() => t('{0} of {1}', 1, 2), () => l10n.t('a' + ' b'));")).toEqual([]);
    expect(faultsOf('const f = () => t(`a ${b}`);')).toEqual(['a.ts:1: the text is no literal']);
    expect(faultsOf("const f = () => t('{0} of {1}', 1);")).toEqual(['a.ts:1: 1 arguments for "{0} of {1}"']);
    expect(faultsOf("const a = t('b');")).toHaveLength(1);
    expect(faultsOf("class A { static a = t('b'); b = t('b'); }")).toHaveLength(1);
  });

  it('are moved out of a manifest once, under keys that tell what they are', () => {
    const manifest = {
      contributes: {
        commands: [
          { command: 'tttDiscover.a', category: 'TTT', title: 'Do A' },
          { command: 'tttDiscover.b', category: 'TTT', title: '%command.b%' },
        ],
        viewsWelcome: [
          { view: 'tttDiscover.v', contents: 'One' },
          { view: 'tttDiscover.v', contents: 'Two' },
        ],
      },
    };
    const apart = withTextsApart(manifest, { 'command.b': 'Do B', gone: 'Nobody says this' });
    expect(apart.nls).toEqual({
      category: 'TTT',
      'command.a': 'Do A',
      'command.b': 'Do B',
      'welcome.v': 'One',
      'welcome.v.2': 'Two',
    });
    expect(withTextsApart(apart.manifest, apart.nls).moved).toEqual([]);
    expect(() => withTextsApart(manifest, {})).toThrow(/lacks command.b/);
  });
});

describe('another language', () => {
  afterEach(() => useTranslations(fill));

  /** `[Ṣẗöṗ ~~~]`: longer than English, with accents, its places kept. */
  function pseudo(text: string): string {
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

  it('says every text of the bundle, with its arguments where they belong', () => {
    const translations = new Map(Object.keys(bundle).map((text) => [text, pseudo(text)]));
    useTranslations((message, ...args) => fill(translations.get(message) ?? message, ...args));
    for (const text of Object.keys(bundle)) {
      const places = [...text.matchAll(/\{(\d+)\}/g)].map(([, index]) => Number(index));
      const args =
        places.length === 0
          ? []
          : Array.from({ length: Math.max(...places) + 1 }, (_, index) => `«${index}»`);
      const said = t(text, ...args);
      expect(said).toMatch(/^\[[^]*~+\]$/);
      expect(said).not.toMatch(/\{\d+\}/);
      for (const index of places) expect(said).toContain(`«${index}»`);
    }
  });
});

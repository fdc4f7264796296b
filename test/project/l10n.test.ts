import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import {
  bundleOf,
  jsonText,
  textsOfProduct,
  textsOfSource,
  withTextsApart,
} from '../../scripts/lib/l10n.mjs';
import { fill, t, useTranslations } from '../../src/extension/base/translate';
import { pseudoTranslation, readBundle } from '../support/pseudoLanguage';
import { manifestTexts } from './manifestText';

describe('texts for people', () => {
  it('are all in the bundle, and nothing else is: else run `npm run l10n`', async () => {
    const { texts, faults } = await textsOfProduct('.');
    expect(faults).toEqual([]);
    expect(readFileSync('l10n/bundle.l10n.json', 'utf8')).toBe(bundleOf(texts));
    expect(texts.length).toBeGreaterThan(150);
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
    expect(faultsOf("f(() => plural(n, '{0} step of {1}', '{0} steps of {1}', all));")).toEqual([]);
    expect(faultsOf("f(() => plural(n, 'one', '{0} of {1}'));")).toEqual([
      'a.ts:1: 1 arguments for "{0} of {1}"',
    ]);
    expect(faultsOf("f(() => plural(n, one, '{0}'));")).toEqual(['a.ts:1: the text is no literal']);
    expect(faultsOf("const a = t('b');")).toHaveLength(1);
    expect(textsOfSource("const a = t('b');", 'a.ts', { mayBeAtLoad: true }).faults).toEqual([]);
    expect(faultsOf("class A { static a = t('b'); b = t('b'); }")).toHaveLength(1);
  });

  it('that are alike in English and mean several things have a comment, which is part of their key', () => {
    const source = "f(() => t({ message: 'Open', comment: 'a state' }), () => t('Open'));";
    const { texts, faults } = textsOfSource(source, 'a.ts');
    expect(faults).toEqual([]);
    expect(JSON.parse(bundleOf(texts))).toEqual({
      Open: 'Open',
      'Open/a state': { message: 'Open', comment: ['a state'] },
    });
    expect(textsOfSource("f(() => t({ message: 'Open', comment }));", 'a.ts').faults).toHaveLength(1);
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

  it('says every text of the bundle, with its arguments where they belong', () => {
    useTranslations(pseudoTranslation());
    for (const [key, text] of readBundle()) {
      const places = [...text.matchAll(/\{(\d+)\}/g)].map(([, index]) => Number(index));
      const args =
        places.length === 0
          ? []
          : Array.from({ length: Math.max(...places) + 1 }, (_, index) => `«${index}»`);
      const comment = key.slice(text.length + 1);
      const said = t(comment === '' ? text : { message: text, comment }, ...args);
      expect(said).toMatch(/^\[[^]*~+\]$/);
      expect(said).not.toMatch(/\{\d+\}/);
      for (const index of places) expect(said).toContain(`«${index}»`);
    }
  });
});

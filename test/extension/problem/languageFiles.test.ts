import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { parseProblem } from '../../../src/domain/problem/parseProblem';
import { rewardFunctionNames } from '../../../src/domain/problem/rewardParser';
import { smallProblem } from '../../domain/problem/sampleProblem';

const root = new URL('../../../', import.meta.url);
const text = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const json = (path: string): unknown => JSON.parse(text(path));

interface Rule {
  readonly name?: string | undefined;
  readonly contentName?: string | undefined;
  readonly include?: string | undefined;
  readonly match?: string | undefined;
  readonly begin?: string | undefined;
  readonly end?: string | undefined;
  readonly while?: string | undefined;
  readonly applyEndPatternLast?: number | undefined;
  readonly patterns?: readonly Rule[] | undefined;
  readonly captures?: Readonly<Record<string, Rule>> | undefined;
}

const rule: z.ZodType<Rule> = z.lazy(() =>
  z.object({
    name: z.string().optional(),
    contentName: z.string().optional(),
    include: z.string().optional(),
    match: z.string().optional(),
    begin: z.string().optional(),
    end: z.string().optional(),
    while: z.string().optional(),
    applyEndPatternLast: z.number().optional(),
    patterns: z.array(rule).optional(),
    captures: z.record(z.string(), rule).optional(),
  }),
);

const grammar = z
  .object({
    scopeName: z.string(),
    patterns: z.array(rule),
    injections: z.record(z.string(), rule),
    repository: z.record(z.string(), rule),
  })
  .parse(json('syntaxes/discover.tmLanguage.json'));

const manifest = z
  .object({
    contributes: z.object({
      languages: z.array(z.looseObject({ id: z.string() })),
      grammars: z.array(z.looseObject({ language: z.string(), scopeName: z.string() })),
      snippets: z.array(z.object({ language: z.string(), path: z.string() })),
    }),
  })
  .parse(json('package.json')).contributes;

/** The grammar's expressions in JavaScript's notation; `\A` is the begin of the text that they are tried on. */
function pattern(source: string | undefined): RegExp {
  return new RegExp((source ?? 'no pattern').replaceAll('\\A', '^').replaceAll('\\x{FEFF}', '\\uFEFF'));
}

function rulesIn({ patterns = [], captures = {}, ...own }: Rule): readonly Rule[] {
  return [own, ...[...patterns, ...Object.values(captures)].flatMap(rulesIn)];
}

describe('the grammar', () => {
  const fences = grammar.repository['frontMatter'];
  const inner = fences?.patterns?.[0];

  it('reads YAML between the fences and Markdown with its code below them', () => {
    expect(grammar.patterns.map(({ include }) => include)).toEqual(['#frontMatter', 'text.html.markdown']);
    expect(inner?.contentName).toBe('meta.embedded.block.frontmatter');
    expect(inner?.patterns).toEqual([{ include: 'source.yaml' }]);
  });

  it('includes only rules that there are', () => {
    const all = [
      ...grammar.patterns,
      ...Object.values(grammar.injections),
      ...Object.values(grammar.repository),
    ];
    const own = all
      .flatMap(rulesIn)
      .flatMap(({ include }) => (include?.startsWith('#') === true ? [include.slice(1)] : []));
    expect(own.length).toBeGreaterThan(3);
    for (const name of own) expect(grammar.repository).toHaveProperty(name);
  });

  it.each(['---', '--- ', '\uFEFF---'])('opens at %j', (line) => {
    expect(pattern(fences?.begin).test(line)).toBe(true);
    expect(pattern(inner?.begin).test(line)).toBe(true);
  });

  it('goes on until a fence, and takes it', () => {
    for (const line of ['title: x', '', ' ---', '----', '--- x', '...']) {
      expect(pattern(inner?.while).test(line)).toBe(true);
      expect(pattern(fences?.end).test(line)).toBe(false);
    }
    expect(pattern(inner?.while).test('---')).toBe(false);
    expect(pattern(fences?.end).test('---')).toBe(true);
    // Both patterns fit the opening fence; the end must be tried last or nothing is ever opened.
    expect(fences?.applyEndPatternLast).toBe(1);
  });

  it('finds the reward and its comment', () => {
    const reward = pattern(grammar.repository['reward']?.match);
    expect(reward.exec('reward: 1 / c5  # better is more')?.slice(1)).toEqual([
      'reward',
      ':',
      '1 / c5',
      '# better is more',
    ]);
    expect(reward.test('reward: "1 / c5"')).toBe(false);
    expect(reward.test('  reward: 1')).toBe(false);
  });

  it('knows the functions of the reward and no others', () => {
    const functionRule = grammar.repository['arithmetic']?.patterns?.find(({ name }) =>
      name?.startsWith('support.function'),
    );
    const named = /\(([a-z0-9|]+)\)/.exec(functionRule?.match ?? '')?.[1]?.split('|');
    expect(named?.toSorted()).toEqual(rewardFunctionNames.toSorted());
  });

  it.each(['time: 60s', 'time: 1.5 min }', 'memory: 2GiB,', 'output: 100KB'])(
    'tells the number from the unit in %j',
    (line) => {
      expect(pattern(grammar.repository['amount']?.match).exec(line)?.slice(1)).toHaveLength(2);
    },
  );
});

describe('the manifest', () => {
  it('declares the language with its grammar, configuration, icons and snippets, all there', () => {
    const language = manifest.languages.find(({ id }) => id === 'discover');
    expect(language).toMatchObject({ extensions: ['.discover'], aliases: ['Discovery Problem', 'discover'] });
    const declared = z
      .object({ configuration: z.string(), icon: z.object({ light: z.string(), dark: z.string() }) })
      .parse(language);
    const ownGrammar = manifest.grammars.find((entry) => entry.language === 'discover');
    expect(ownGrammar?.scopeName).toBe(grammar.scopeName);
    expect(json(declared.configuration)).toHaveProperty('comments');
    for (const icon of [declared.icon.light, declared.icon.dark])
      expect(text(icon)).toMatch(/^<svg .*viewBox="0 0 16 16"/);
    expect(manifest.snippets).toContainEqual({ language: 'discover', path: './snippets/discover.json' });
  });
});

describe('the snippets', () => {
  const snippets = z
    .record(
      z.string(),
      z.object({ prefix: z.array(z.string()), body: z.array(z.string()), description: z.string() }),
    )
    .parse(json('snippets/discover.json'));

  /** What stands there when the user only presses Tab. */
  const expanded = (name: string): string =>
    (snippets[name]?.body ?? [])
      .join('\n')
      .replaceAll(/\$\{\d+\|([^,|]*)[^}]*\|\}|\$\{\d+:([^}]*)\}|\$\d/g, '$1$2');

  it('make a whole problem that has nothing to complain about', () => {
    expect(parseProblem(expanded('New problem')).diagnostics).toEqual([]);
  });

  it.each(['Session block', 'Limits', 'Model'])('make a block that fits: %s', (name) => {
    expect(parseProblem(smallProblem.replace('metric:', `${expanded(name)}\nmetric:`)).diagnostics).toEqual(
      [],
    );
  });

  it('leave of a reference only its address to fill in', () => {
    const parsed = parseProblem(smallProblem.replace('metric:', `${expanded('References')}\nmetric:`));
    expect(parsed.diagnostics.map(({ code }) => code)).toEqual(['bad-url']);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DiagnosticCode } from '../../../../src/domain/problem/diagnostic';
import { parseProblem } from '../../../../src/domain/problem/parseProblem';
import { Lines } from '../../../../src/domain/text/lines';
import { fixesFor, type Fix } from '../../../../src/extension/problem/fixes/quickFixes';
import { completeProblem, modelProblem, smallProblem } from '../../../domain/problem/sampleProblem';

interface Offered extends Fix {
  readonly code: DiagnosticCode;
}

function offered(text: string): readonly Offered[] {
  const parsed = parseProblem(text);
  return parsed.diagnostics.flatMap((diagnostic) =>
    fixesFor(diagnostic, text, parsed).map((fix) => ({ ...fix, code: diagnostic.code })),
  );
}

function applied(text: string, { edits }: Fix): string {
  const lines = new Lines(text);
  return edits
    .map(({ range, newText }) => ({
      from: lines.offsetAt(range.start),
      to: lines.offsetAt(range.end),
      newText,
    }))
    .sort((a, b) => b.from - a.from)
    .reduce((result, { from, to, newText }) => result.slice(0, from) + newText + result.slice(to), text);
}

/** The text after the fix of this title. */
function mended(text: string, title: string): string {
  const fix = offered(text).find((one) => one.title === title);
  if (fix === undefined)
    throw new Error(
      `only ${offered(text)
        .map((one) => one.title)
        .join(' | ')}`,
    );
  return applied(text, fix);
}

const keys = (lines: string): string =>
  `---\ncandidate: a.py\nevaluate: python3 b.py\nmetric: { name: c5, goal: minimize }\n${lines}\n---\n# T\nDo it.\n`;

describe('quick fixes', () => {
  it.each([
    ['limit: { time: 60s }', 'Change to limits', 'limits: { time: 60s }'],
    ['limits: { tiem: 60s }', 'Change to time', 'limits: { time: 60s }'],
    ['limits:\n  cpu: 2', 'Change to cpus', 'limits:\n  cpus: 2'],
    ['limits: { time: 60 }', 'Change to 60s', 'limits: { time: 60s }'],
    ['limits: { time: 60 }', 'Change to 60min', 'limits: { time: 60min }'],
    ['limits: { time: 2 minutes }', 'Change to 2min', 'limits: { time: 2min }'],
    ['limits: { memory: 2g }', 'Change to 2GiB', 'limits: { memory: 2GiB }'],
    ['limits: { memory: 2 }', 'Change to 2GiB', 'limits: { memory: 2GiB }'],
    ['limits: { cpus: 0 }', 'Change to 1', 'limits: { cpus: 1 }'],
    ['limits: { cpus: "2" }', 'Change to 2', 'limits: { cpus: 2 }'],
    ['session: { steps: 1.5 }', 'Change to 2', 'session: { steps: 2 }'],
    ['session: { groupSize: 2 }', 'Change to 3', 'session: { groupSize: 3 }'],
    ['session: { method: ttt }', 'Change to ttt-discover', 'session: { method: ttt-discover }'],
    ['session:\n  steps:\n  groups: 2', 'Write steps: 50', 'session:\n  steps: 50\n  groups: 2'],
    ['reward: c5', 'Change to -(c5)', 'reward: -(c5)'],
    ['reward: 1 / c6', 'Change to -c5', 'reward: -c5'],
    ['colour: red\ntitle: T', 'Remove colour', 'title: T'],
    [
      'references:\n- { label: A, value: 1, link: x }',
      'Remove link',
      'references:\n- { label: A, value: 1 }',
    ],
    [
      'references: [{ nothing: 3, label: A, value: 1 }]',
      'Remove nothing',
      'references: [{ label: A, value: 1 }]',
    ],
    ['references:\n- label: A', 'Add value: 1.0', 'references:\n- label: A\n  value: 1.0'],
    ['references:\n  - { label: A }', 'Add value: 1.0', 'references:\n  - { label: A, value: 1.0 }'],
    ['references: [{ value: 1 }]', 'Add label: Best known', 'references: [{ value: 1, label: Best known }]'],
    [
      'references:\n  - { label: A, value: 1, url: arxiv.org/abs/1 }',
      'Change to "https://arxiv.org/abs/1"',
      'references:\n  - { label: A, value: 1, url: "https://arxiv.org/abs/1" }',
    ],
    [
      'session:\n  policy: tinker\n  seed: 1\n  seed: 2',
      'Remove seed',
      'session:\n  policy: tinker\n  seed: 1',
    ],
  ])('of %j: "%s"', (wrong, title, right) => {
    expect(mended(keys(wrong), title)).toBe(keys(right));
  });

  it.each([
    ['candidate: a.py\n', 'Add candidate: initial.py', 'candidate: initial.py\n'],
    ['evaluate: python3 b.py\n', 'Add evaluate: python3 evaluate.py', 'evaluate: python3 evaluate.py\n'],
    ['metric: { name: c5, goal: minimize }\n', 'Add metric: { name: score, goal: maximize }', undefined],
    [', goal: minimize', 'Add goal: minimize', ', goal: minimize'],
    [', goal: minimize', 'Add goal: maximize', ', goal: maximize'],
  ])('add what is required where %j is missing', (missing, title, added) => {
    const whole = keys('limits: { time: 60s }');
    const text = whole.replace(missing, '');
    expect(mended(text, title)).toBe(
      whole.replace(missing, added ?? 'metric: { name: score, goal: maximize }\n'),
    );
  });

  it('write a whole frame around a text that has none, and close one that is open', () => {
    const framed = mended('# T\nDo it.\n', 'Add the keys of a problem');
    expect(parseProblem(framed).diagnostics).toEqual([]);
    const open = keys('').replace('\n---\n# T', '\n\n# T');
    expect(parseProblem(mended(open, 'End the keys with ---')).diagnostics).toEqual([]);
  });

  it('take the key of a model server out', () => {
    const text = keys('policy:\n  server: skyrl\n  model: a/b\n  api_key: sk-1234');
    expect(mended(text, 'Remove api_key')).toBe(keys('policy:\n  server: skyrl\n  model: a/b'));
  });

  it('prefer at most one for each mistake', () => {
    const text = keys('limits: { time: 60, memory: 7x }\nsession: { methd: puct, policy: nothing }');
    const parsed = parseProblem(text);
    for (const diagnostic of parsed.diagnostics) {
      const preferred = fixesFor(diagnostic, text, parsed).filter(({ isPreferred }) => isPreferred);
      expect(preferred.length).toBeLessThanOrEqual(1);
    }
  });

  it('of a typing mistake in any key lead back to that key', () => {
    const names = [...completeProblem.matchAll(/\b(\w+):(?= )/g)].map((match) => ({
      at: match.index,
      name: match[1] ?? '',
    }));
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(), ({ at, name }, place) => {
        const swapped = place % Math.max(1, name.length - 1);
        const typed =
          name.slice(0, swapped) +
          (name[swapped + 1] ?? '') +
          (name[swapped] ?? '') +
          name.slice(swapped + 2);
        if (typed === name) return;
        const text = completeProblem.slice(0, at) + typed + completeProblem.slice(at + name.length);
        const fix = offered(text).find((one) => one.code === 'unknown-key' && one.isPreferred);
        expect(fix && applied(text, fix)).toBe(completeProblem);
      }),
    );
  });

  it('never throw, and what they write can be read', () => {
    const text = fc.oneof(
      fc
        .constantFrom(completeProblem, smallProblem, modelProblem)
        .chain((whole) =>
          fc
            .tuple(fc.nat(whole.length), fc.nat(12), fc.string({ maxLength: 6 }))
            .map(([at, count, put]) => whole.slice(0, at) + put + whole.slice(at + count)),
        ),
      fc.string(),
    );
    fc.assert(
      fc.property(text, (broken) => {
        for (const fix of offered(broken)) expect(parseProblem(applied(broken, fix)).places).toBeDefined();
      }),
      { numRuns: 500 },
    );
  });
});

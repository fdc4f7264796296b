import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { projectDashboard } from '../../src/extension/dashboard/projection';
import type { StepRow, ToDashboard } from '../../src/protocol/dashboardMessages';
import { compareBest, describeBest } from '../../webview/words/comparison';
import { formatDifference, formatDuration, formatStep, formatValue } from '../../webview/words/format';
import { applyMessage, type PageModel } from '../../webview/page/pageModel';
import { throttle } from '../../webview/page/throttle';
import { rangeWords, valueRange } from '../../webview/data/valueRange';
import { exampleSession } from '../extension/dashboard/exampleSession';

const { header, steps, candidates } = projectDashboard(exampleSession(20), 0);

describe('a value on the page', () => {
  it.each([
    [0.3808753232177187, '0.38087532'],
    [11_646, '11,646'],
    [1324.0567, '1,324.0567'],
    [123_456_789, '123,456,789'],
    [-0.5, '-0.5'],
    [0, '0'],
    [2.5e-7, '2.5e-7'],
    [1e21, '1e+21'],
    [null, '—'],
  ])('%d is written %s', (value, text) => {
    expect(formatValue(value)).toBe(text);
  });

  it('tells published records of the same problem apart', () => {
    expect(new Set([0.380927, 0.380924, 0.380876, 0.3808753232].map(formatValue)).size).toBe(4);
  });

  it('has differences with three digits, durations and steps in words', () => {
    expect([0.0000487123, -0.0307, 12.3456].map(formatDifference)).toEqual(['0.0000487', '0.0307', '12.3']);
    expect([850, 2140, 271_000].map(formatDuration)).toEqual(['850 ms', '2.1 s', '4 min 31 s']);
    expect([-1, 0, 49].map(formatStep)).toEqual(['start', '1', '50']);
  });
});

describe('the best value against the references', () => {
  const best = { id: 9, value: 0.3809 };

  it('is better below a reference when it is minimized, and worse above it', () => {
    const relations = compareBest({ ...header, best }).map(({ label, relation }) => [label, relation]);
    expect(relations).toEqual([
      ['Initial program', 'better'],
      ['Haugland 2016', 'better'],
      ['AlphaEvolve', 'better'],
      ['TTT-Discover', 'worse'],
    ]);
  });

  it('is the other way round when it is maximized', () => {
    const [first, last] = compareBest({ ...header, best, goal: 'maximize', initialValue: 0.2 });
    expect([first?.relation, last?.relation]).toEqual(['better', 'worse']);
  });

  it('is told in one sentence', () => {
    const [reference] = header.references;
    expect(
      describeBest({
        ...header,
        best: { id: 9, value: 0.380927 },
        initialValue: null,
        references: [reference!],
      }),
    ).toBe('Best c5 so far 0.380927 by candidate 9; equal to Haugland 2016.');
  });
});

describe('the range of a value axis', () => {
  const names = ['bestSoFar', 'best', 'median'] as const;
  const rowsWith = (change: Partial<StepRow>): StepRow[] => [
    ...steps.slice(0, -1),
    { ...steps.at(-1)!, ...change },
  ];

  it('has every reference ahead and the best value in view', () => {
    const range = valueRange(header, steps, names)!;
    for (const value of [header.best!.value, ...header.references.map((reference) => reference.value)]) {
      expect(value).toBeGreaterThan(range.min);
      expect(value).toBeLessThan(range.max);
    }
    expect(rangeWords(range)).toBe('');
  });

  it('is not flattened by an outlier, and says that one is beyond it', () => {
    const usual = valueRange(header, steps, names)!;
    const range = valueRange(header, rowsWith({ median: 1e6 }), names)!;
    expect(range.max - range.min).toBeLessThan(2 * (usual.max - usual.min));
    expect(rangeWords(range)).toBe('1 value lies beyond the shown range.');
  });

  it('mirrors itself when the goal is mirrored', () => {
    const negate = (value: number | null): number | null => (value === null ? null : -value);
    const mirrored = valueRange(
      {
        ...header,
        goal: 'maximize',
        initialValue: negate(header.initialValue),
        references: header.references.map(({ label, value }) => ({ label, value: -value })),
      },
      steps.map((row) => ({
        ...row,
        best: negate(row.best),
        median: negate(row.median),
        bestSoFar: negate(row.bestSoFar),
      })),
      names,
    )!;
    const range = valueRange(header, steps, names)!;
    expect([-mirrored.max, -mirrored.min]).toEqual([range.min, range.max]);
  });

  it('is finite and not empty for any values', () => {
    const value = fc.option(fc.double({ noNaN: true, min: -1e12, max: 1e12 }));
    const rows = fc.array(fc.record({ best: value, median: value, bestSoFar: value }), { maxLength: 30 });
    fc.assert(
      fc.property(
        rows,
        value,
        fc.constantFrom('minimize' as const, 'maximize' as const),
        (changes, initialValue, goal) => {
          const drawn = changes.map((change, step) => ({ ...steps[0]!, ...change, step }));
          const range = valueRange({ ...header, goal, initialValue }, drawn, names);
          const nothing =
            initialValue === null && changes.every((row) => Object.values(row).every((v) => v === null));
          expect(range === undefined).toBe(nothing);
          if (range !== undefined) expect(range.max - range.min).toBeGreaterThan(0);
        },
      ),
    );
  });
});

describe('the model of the page', () => {
  const snapshot = {
    type: 'snapshot' as const,
    revision: 4,
    header,
    steps: steps.slice(0, 3),
    candidates: [...candidates],
  };
  const shown = (model: PageModel | undefined, message: ToDashboard): PageModel | undefined => {
    const applied = applyMessage(model, message);
    return applied.kind === 'model' ? applied.model : undefined;
  };

  it('takes a snapshot, then patches with the changed steps', () => {
    const first = shown(undefined, snapshot);
    const changed = [{ ...steps[2]!, valid: 1 }, steps[3]!];
    const second = shown(first, { ...snapshot, type: 'patch', revision: 5, steps: changed });
    expect(second?.steps).toEqual([steps[0], steps[1], ...changed]);
    expect(second?.revision).toBe(5);
  });

  it.each([4, 6, 1])('sees a gap when revision %d follows on revision 4', (revision) => {
    const first = shown(undefined, snapshot);
    expect(applyMessage(first, { ...snapshot, type: 'patch', revision })).toEqual({ kind: 'gap' });
  });

  it('sees a gap when a patch comes before any snapshot', () => {
    expect(applyMessage(undefined, { ...snapshot, type: 'patch' })).toEqual({ kind: 'gap' });
  });
});

describe('throttling', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('runs at once, and makes up for the last call only', () => {
    const seen: number[] = [];
    const run = throttle(250, (input: number) => seen.push(input));
    for (const input of [1, 2, 3]) run(input);
    expect(seen).toEqual([1]);
    vi.advanceTimersByTime(250);
    expect(seen).toEqual([1, 3]);
    vi.advanceTimersByTime(1000);
    run(4);
    expect(seen).toEqual([1, 3, 4]);
  });
});

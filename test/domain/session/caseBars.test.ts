import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { caseBars } from '../../../src/domain/session/caseBars';
import { constructionView } from '../../../src/domain/session/constructionView';
import type { CaseResult } from '../../../src/domain/session/outcome';

const shape = (name: string, value: number | undefined, unit = 'µs'): CaseResult => ({
  name,
  verdict: 'passed',
  ...(value !== undefined && { value, unit }),
});

describe('bars of the cases of an evaluation', () => {
  it('are the values of those that have one, in their unit', () => {
    const cases = [shape('test 0', undefined), shape('benchmark 0', 12.5), shape('benchmark 1', 40)];
    expect(caseBars(cases, 'minimize')).toEqual({
      kind: 'bars',
      title: 'Each case of the evaluation',
      unit: 'µs',
      goal: 'minimize',
      series: ['This program'],
      rows: [
        { label: 'benchmark 0', values: [12.5] },
        { label: 'benchmark 1', values: [40] },
      ],
    });
  });

  it('are of one unit alone', () => {
    const cases = [shape('a', 1), shape('b', 2, 'points'), shape('c', 3)];
    expect(caseBars(cases, 'maximize')?.rows.map(({ label }) => label)).toEqual(['a', 'c']);
  });

  it('are not drawn of a single value, which is the metric itself', () => {
    expect(caseBars([shape('a', 1), shape('b', undefined)], 'maximize')).toBeUndefined();
  });

  it('say how many of many cases they are', () => {
    const cases = Array.from({ length: 201 }, (_, index) => shape(`seed ${index}`, index));
    const bars = caseBars(cases, 'maximize');
    expect(bars?.title).toBe('The first 200 of 201 cases of the evaluation');
    expect(bars?.rows).toHaveLength(200);
  });

  it('are always of the form that the dashboard draws', () => {
    const oneCase = fc.record(
      {
        name: fc.string({ maxLength: 300 }),
        verdict: fc.constantFrom('passed' as const, 'failed' as const, 'skipped' as const),
        value: fc.double(),
        unit: fc.string({ maxLength: 300 }),
      },
      { requiredKeys: ['name', 'verdict'] },
    );
    fc.assert(
      fc.property(fc.array(oneCase, { maxLength: 250 }), (cases) => {
        const bars = caseBars(cases, 'minimize');
        if (bars !== undefined) expect(constructionView.parse(bars)).toEqual(bars);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outcomeGroups, type CandidateColumns } from '../../src/protocol/dashboardData';
import type { StepRow } from '../../src/protocol/dashboardMessages';
import { axisMissing, makeAxis } from '../../webview/data/axis';
import { ColumnStore, type CandidateRows } from '../../webview/data/columnStore';
import { withHistograms } from '../../webview/data/histogramStore';
import { bestPath, gainsByStep, mostUsed, newPrograms } from '../../webview/data/lineage';
import { rowFacts } from '../../webview/data/rowFacts';
import { runningBest } from '../../webview/data/runningBest';
import { makeScene } from '../../webview/data/scene';
import { spendingOf } from '../../webview/data/spending';
import { valueView } from '../../webview/data/valueView';
import { spanTicks } from '../../webview/panels/moneyChart';
import { formatSpan } from '../../webview/words/format';
import { answers } from '../../webview/words/glance';
import { messagesOf, recordedView } from './preview/recorded';

interface Row {
  readonly id: number;
  readonly step?: number;
  readonly parent?: number;
  /** NaN: crashed. */
  readonly value?: number;
  readonly endedAtMs?: number;
  readonly firstWithText?: number;
}

function columnsOf(rows: readonly Row[]): CandidateColumns {
  return {
    ids: Int32Array.from(rows, ({ id }) => id),
    steps: Int32Array.from(rows, ({ step = 0 }) => step),
    parents: Int32Array.from(rows, ({ parent = -1 }) => parent),
    outcomes: Uint8Array.from(rows, ({ value = Number.NaN }) =>
      outcomeGroups.indexOf(Number.isNaN(value) ? 'crashed' : 'valid'),
    ),
    values: Float64Array.from(rows, ({ value = Number.NaN }) => value),
    endedAtMs: Float64Array.from(rows, ({ id, endedAtMs = 1000 * (id + 1) }) => endedAtMs),
    durationsMs: new Float64Array(rows.length).fill(500),
    tokensUpTo: Float64Array.from(rows, ({ id }) => 100 * (id + 1)),
    usdUpTo: Float64Array.from(rows, ({ id }) => 0.01 * (id + 1)),
    accepted: new Uint8Array(rows.length),
    firstWithText: Int32Array.from(rows, ({ id, firstWithText = id }) => firstWithText),
  };
}

function storeOf(...messages: (readonly Row[])[]): CandidateRows {
  const store = new ColumnStore();
  messages.forEach((rows, index) => store.take(index === 0, columnsOf(rows)));
  return store.rows;
}

describe('the columns of all candidates', () => {
  it('hold the newest of each row, whatever order rows come in', () => {
    const message = fc.uniqueArray(fc.record({ id: fc.nat(60), value: fc.double({ noNaN: true }) }), {
      selector: ({ id }) => id,
    });
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 8 }), (messages) => {
        const sorted = messages.map((rows) => [...rows].sort((a, b) => a.id - b.id));
        const rows = storeOf(...sorted);
        const expected = new Map(sorted.flat().map(({ id, value }) => [id, value]));
        expect([...rows.ids]).toEqual([...expected.keys()].sort((a, b) => a - b));
        for (const [id, value] of expected) expect(rows.values[rows.rowOf(id)]).toBe(value);
        expect(rows.rowOf(61)).toBe(-1);
      }),
    );
  });

  it('grow beyond what was put aside for them, and are forgotten when all come anew', () => {
    const store = new ColumnStore();
    store.take(true, columnsOf(Array.from({ length: 3000 }, (_, id) => ({ id, value: id }))));
    expect([store.rows.length, store.rows.values[2999]]).toEqual([3000, 2999]);
    store.take(true, columnsOf([{ id: 4, value: 1 }]));
    expect([store.rows.length, store.rows.rowOf(0), store.rows.rowOf(4)]).toEqual([1, -1, 0]);
  });
});

describe('the histograms', () => {
  const one = (step: number, low: number) => ({
    low,
    high: 2,
    binCount: 2,
    steps: Int32Array.of(step),
    counts: Uint32Array.of(step, 1),
  });

  it('keep other steps until the range changes', () => {
    const first = withHistograms(undefined, true, one(0, 1));
    const second = withHistograms(first, false, one(1, 1));
    expect([...second.byStep.keys()]).toEqual([0, 1]);
    expect([...withHistograms(second, true, one(1, 0)).byStep.keys()]).toEqual([1]);
  });
});

describe('the axis of all charts', () => {
  const rows = storeOf([
    { id: 0, step: -1, value: 5 },
    { id: 1, value: 4 },
    { id: 2, value: 3 },
    { id: 3, step: 1, value: 2 },
  ]);
  const facts = rowFacts(rows, 'minimize');
  const steps = [stepRow(0, { finished: true }), stepRow(1, {})];

  it('has candidates between the ends of their steps, in their order', () => {
    const axis = makeAxis('step', rows, facts, steps);
    expect([0, 1, 2, 3].map(axis.ofRow)).toEqual([0, 0.5, 1, 1.5]);
    expect(axis.ofStep(1)).toBe(2);
  });

  it('is the number of rollouts, minutes, tokens or dollars for whoever wants that', () => {
    const at = (name: 'rollouts' | 'time' | 'tokens' | 'cost'): number =>
      makeAxis(name, rows, facts, steps).ofRow(3);
    expect([at('rollouts'), at('time'), at('tokens'), at('cost')]).toEqual([4, 4000 / 60_000, 400, 0.04]);
  });

  it('falls back to steps while what was chosen is not known, and says why', () => {
    const none = storeOf([]);
    expect(axisMissing('cost', none)).toBe('no candidates yet');
    expect(makeAxis('cost', none, rowFacts(none, 'minimize'), []).name).toBe('step');
  });
});

describe('the running best', () => {
  const rows = storeOf([
    { id: 0, value: 5, endedAtMs: 9000 },
    { id: 1, value: 6, endedAtMs: 1000 },
    { id: 2 },
    { id: 3, value: 4, endedAtMs: 2000 },
  ]);
  const along = (name: 'step' | 'time', goal: 'minimize' | 'maximize'): number[] => {
    const facts = rowFacts(rows, goal);
    return runningBest(rows, makeAxis(name, rows, facts, []), goal);
  };

  it('follows the order of the axis and the direction of the goal', () => {
    expect(along('step', 'minimize')).toEqual([0, 3]);
    expect(along('time', 'minimize')).toEqual([1, 3]);
    expect(along('step', 'maximize')).toEqual([0, 1]);
  });
});

describe('the lineage', () => {
  const rows = storeOf([
    { id: 0, step: -1, value: 5 },
    { id: 1, parent: 0, value: 4 },
    { id: 2, parent: 0, value: 6, firstWithText: 1 },
    { id: 3, step: 1, parent: 1, value: 3 },
    { id: 4, step: 1, parent: 1 },
    { id: 5, step: 1, parent: 1, value: 4 },
  ]);

  it('leads from the initial program to the best one', () => {
    expect(bestPath(rows, 3)).toEqual([0, 1, 3]);
    expect(bestPath(rows, undefined)).toEqual([]);
  });

  it('ends at a parent that would lead in a circle', () => {
    expect(
      bestPath(
        storeOf([
          { id: 0, parent: 1 },
          { id: 1, parent: 0 },
        ]),
        1,
      ),
    ).toEqual([0, 1]);
  });

  it('counts mutations that are better than their parents, by goal', () => {
    expect(gainsByStep(rows, 'minimize')).toEqual([
      { step: 0, mutations: 2, better: 1, equal: 0, largestGain: 1 },
      { step: 1, mutations: 2, better: 1, equal: 1, largestGain: 1 },
    ]);
    expect(gainsByStep(rows, 'maximize')[0]).toMatchObject({ better: 1, largestGain: 1 });
  });

  it('knows what was built on most, and how many programs were new', () => {
    expect(mostUsed(rowFacts(rows, 'minimize').childCounts, 1)).toEqual([[1, 3]]);
    expect(newPrograms(rows)).toBe(5);
  });
});

describe('the distance to a reference', () => {
  const header = headerOf(recordedView({ steps: 1, groups: 1, groupSize: 8 }));
  const references = [{ label: 'Record', value: 10 }];

  it('is the logarithm of what is missing, for both goals', () => {
    const distance = (goal: 'minimize' | 'maximize', value: number): number =>
      valueView({ ...header, goal, references }, 'Record').of(value);
    expect([distance('minimize', 11), distance('maximize', 9.9)].map((y) => Number(y.toFixed(6)))).toEqual([
      0, -1,
    ]);
  });

  it('is none for a value that has reached it', () => {
    const view = valueView({ ...header, goal: 'minimize', references }, 'Record');
    expect([view.of(10), view.of(9)]).toEqual([Number.NaN, Number.NaN]);
    expect([view.format(-3), view.sign]).toEqual(['0.001', 1]);
  });

  it('has ticks at powers of ten', () => {
    expect(valueView({ ...header, references }, 'Record').ticks?.(-5.5, -0.5)).toEqual([-5, -4, -3, -2, -1]);
  });

  it('is not drawn for a reference that is not there any more', () => {
    expect(valueView(header, 'Gone').isDistance).toBe(false);
  });
});

describe('time and money', () => {
  const view = recordedView({ steps: 4, groups: 2, groupSize: 16 });

  it('are told as answers in words that hold', () => {
    const scene = sceneOf(view);
    expect(answers(scene).map(({ question }) => question)).toEqual([
      'Still improving?',
      'Worth its money?',
      'What did it find?',
    ]);
    expect(spendingOf(scene).usd).toBeCloseTo(scene.header.usage!.cost!.usd, 6);
    expect(spendingOf(scene).elapsedMs).toBe(scene.steps.at(-1)!.endedAtMs);
  });

  it('have spans that people read', () => {
    expect([45_000, 600_000, 5 * 3_600_000, 50 * 3_600_000, Number.NaN].map(formatSpan)).toEqual([
      ...['45 s', '10 min', '5 h 0 min', '2 d 2 h', '—'],
    ]);
    expect(spanTicks(350_000)).toEqual([0, 60_000, 120_000, 180_000, 240_000, 300_000]);
  });
});

function stepRow(step: number, change: Partial<StepRow>): StepRow {
  const { steps } = sceneOf(recordedView({ steps: 1, groups: 1, groupSize: 8 }));
  return { ...steps[0]!, step, finished: false, ...change };
}

function headerOf(view: ReturnType<typeof recordedView>) {
  return sceneOf(view).header;
}

function sceneOf(view: ReturnType<typeof recordedView>) {
  const messages = messagesOf(view);
  const snapshot = messages.find((message) => message.type === 'snapshot')!;
  const columns = messages.find((message) => message.type === 'columns')!;
  const store = new ColumnStore();
  store.take(true, columns.columns);
  return makeScene({
    header: snapshot.header,
    steps: snapshot.steps,
    candidates: snapshot.candidates,
    rows: store.rows,
    histograms: undefined,
    comparable: [],
    overlays: [],
    bestView: undefined,
    choices: { axis: 'step', distanceTo: null, distribution: 'ribbons' },
  });
}

import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ConstructionView } from '../../../src/domain/session/constructionView';
import { toDashboard } from '../../../src/protocol/dashboardMessages';
import { BestViews, readView } from '../../../src/extension/dashboard/bestView';
import type { Connection, SessionView } from '../../../src/extension/sessions/sessions';
import { exampleSession } from './exampleSession';

const square: ConstructionView = {
  kind: 'circles',
  title: 'One circle',
  width: 1,
  height: 1,
  circles: [{ x: 0.5, y: 0.5, r: 0.5 }],
};
const sha256Of = (candidate: number): string => String(candidate).padStart(64, '0');

/** The example session whose valid candidates have a picture named after their number, all but those in `without`. */
function sessionWith(best: number, without: readonly number[] = [], connection?: Connection): SessionView {
  const view = exampleSession(3, connection && { connection });
  const { candidates } = view.snapshot;
  return {
    ...view,
    snapshot: {
      ...view.snapshot,
      best,
      announcedBest: best,
      candidates: {
        length: candidates.length,
        *[Symbol.iterator]() {
          for (let id = 0; id < candidates.length; id++) yield this.at(id)!;
        },
        at(id) {
          const record = candidates.at(id);
          if (record?.outcome?.kind !== 'valid' || without.includes(id)) return record;
          return { ...record, outcome: { ...record.outcome, artifacts: { view: sha256Of(id) } } };
        },
      },
    },
  };
}

describe('the picture of the best candidate', () => {
  let texts: Map<string, string | Error>;
  let asked: string[];
  let warnings: string[];
  let changes: number;
  let views: BestViews;
  const settled = (count: number): Promise<void> => expect.poll(() => changes).toBe(count);

  beforeEach(() => {
    texts = new Map([1, 2].map((id) => [sha256Of(id), JSON.stringify({ ...square, title: `c${id}` })]));
    asked = [];
    warnings = [];
    changes = 0;
    views = new BestViews({
      readArtifact: (sha256) => {
        asked.push(sha256);
        const text = texts.get(sha256) ?? new Error('no contact');
        return text instanceof Error ? Promise.reject(text) : Promise.resolve(text);
      },
      onChange: () => (changes += 1),
      warn: (message) => warnings.push(message),
    });
  });

  it('is fetched once, told when it is here, and told again to a page that knows nothing', async () => {
    expect(views.message(sessionWith(1), true)).toBeUndefined();
    expect(views.message(sessionWith(1), false)).toBeUndefined();
    await settled(1);
    const told = views.message(sessionWith(1), false);
    expect(told).toEqual({ type: 'bestView', candidate: 1, view: { ...square, title: 'c1' } });
    expect(toDashboard.parse(told)).toEqual(told);
    expect(views.message(sessionWith(1), false)).toBeUndefined();
    expect(views.message(sessionWith(1), true)).toEqual(told);
    expect(asked).toEqual([sha256Of(1)]);
  });

  it('follows the best candidate, and keeps the old picture until the new one is here', async () => {
    views.message(sessionWith(1), true);
    await settled(1);
    views.message(sessionWith(1), false);
    expect(views.message(sessionWith(2), false)).toBeUndefined();
    await settled(2);
    expect(views.message(sessionWith(2), false)).toMatchObject({ candidate: 2, view: { title: 'c2' } });
  });

  it('is of the announced candidate, even while a better one waits to be run again', async () => {
    const view = sessionWith(1);
    views.message({ ...view, snapshot: { ...view.snapshot, best: 2 } }, true);
    await settled(1);
    expect(asked).toEqual([sha256Of(1)]);
  });

  it('is none where the evaluator offers none', () => {
    expect(views.message(sessionWith(1, [1]), true)).toEqual({ type: 'bestView', candidate: 1, view: null });
    expect(asked).toEqual([]);
  });

  it('is a sentence where it is of an unknown form, and is not asked for again', async () => {
    texts.set(
      sha256Of(1),
      JSON.stringify({ kind: 'circles', title: 'x', width: -1, height: 1, circles: [] }),
    );
    views.message(sessionWith(1), true);
    await settled(1);
    const told = views.message(sessionWith(1), false);
    expect(told).toMatchObject({ candidate: 1, view: null });
    expect(told?.note).toMatch(/^The evaluator’s picture is not of a form that is known at width: Too small/);
    expect(warnings).toEqual([expect.stringContaining('The picture of c1: The evaluator’s picture')]);
    expect(views.message(sessionWith(1), false)).toBeUndefined();
    expect(asked).toHaveLength(1);
  });

  it('is asked for again once contact with the host is there again, not before', async () => {
    const lost: Connection = { state: 'lost', sinceMs: 0, reason: 'no route' };
    const text = texts.get(sha256Of(1))!;
    texts.set(sha256Of(1), new Error('no contact'));
    views.message(sessionWith(1, [], lost), true);
    await settled(1);
    expect(views.message(sessionWith(1, [], lost), false)).toMatchObject({
      view: null,
      note: 'It could not be fetched: no contact',
    });
    expect(views.message(sessionWith(1, [], lost), false)).toBeUndefined();
    expect(asked).toHaveLength(1);
    texts.set(sha256Of(1), text);
    expect(views.message(sessionWith(1), false)).toBeUndefined();
    await settled(2);
    expect(views.message(sessionWith(1), false)).toMatchObject({ view: { title: 'c1' } });
    expect(asked).toHaveLength(2);
  });

  it('is told to nobody when its page is gone meanwhile', async () => {
    views.message(sessionWith(1), true);
    views.dispose();
    await expect.poll(() => asked).toHaveLength(1);
    await new Promise(setImmediate);
    expect(changes).toBe(0);
  });

  it('is not asked for again and again by a host that answers with a refusal', async () => {
    texts.delete(sha256Of(1));
    views.message(sessionWith(1), true);
    await settled(1);
    views.message(sessionWith(1), false);
    views.message(sessionWith(1), true);
    expect(asked).toHaveLength(1);
  });
});

describe('a picture as an evaluator wrote it', () => {
  it('has as many values in each row of bars as there are series', () => {
    const bars = { kind: 'bars', title: 't', unit: 'µs', goal: 'minimize', series: ['a', 'b'] };
    const read = readView(JSON.stringify({ ...bars, rows: [{ label: 'r', values: [1] }] }));
    expect(read).toMatchObject({
      note: expect.stringContaining('1 values for “r”, and 2 series') as unknown,
    });
    expect(readView(JSON.stringify({ ...bars, rows: [{ label: 'r', values: [1, null] }] })).kind).toBe(
      'shown',
    );
  });

  it('never throws, and what is shown is of the agreed form', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.constant(JSON.stringify(square))), (text) => {
        const read = readView(text);
        if (read.kind === 'unfit') expect(read.note).toMatch(/^The evaluator’s picture/);
        else expect(['step-function', 'circles', 'polygon', 'bars']).toContain(read.view.kind);
      }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { emptySnapshot, reduce } from '../../../src/domain/session/reduce';
import { searchOf } from '../../../src/extension/lineage/candidateSearch';
import { CandidatesModel, type LineageElement } from '../../../src/extension/lineage/candidatesModel';
import { recordedSession } from '../../support/recordedSession';
import { recordedView, viewOf } from './session';

const undecided = () => undefined;

function candidateOf(element: LineageElement | undefined): number {
  if (element === undefined || !('candidate' in element)) throw new Error('a candidate expected');
  return element.candidate;
}

function modelOf(options = { steps: 5, groups: 4, groupSize: 40 }): CandidatesModel {
  const model = new CandidatesModel(undecided);
  model.update(recordedView(options));
  return model;
}

describe('the Candidates view', () => {
  it('shows candidates below their parents, a page at a time', () => {
    const model = modelOf();
    const roots = model.children().slice(1);
    expect(roots.length).toBeGreaterThan(0);
    const wide = roots.find((root) => model.children(root).length > 50);
    if (wide === undefined) throw new Error('a candidate with many children expected');
    const page = model.children(wide);
    expect(page).toHaveLength(51);
    const more = page.at(-1);
    expect(more).toMatchObject({ under: candidateOf(wide) });
    model.showMore(candidateOf(wide));
    const longer = model.children(wide);
    expect(longer.slice(0, 50), 'the same rows').toEqual(page.slice(0, 50));
    expect(longer.length).toBeGreaterThan(51);
    expect(model.parentOf(page[0] ?? wide)).toBe(wide);
  });

  it('lists all by value or by age, without levels', () => {
    const model = modelOf();
    model.order = 'best';
    const [best] = model.children();
    expect(candidateOf(best)).toBe(model.shown?.snapshot.best);
    expect(model.hasChildren(candidateOf(best))).toBe(false);
    model.order = 'newest';
    const newest = model.children().slice(0, 50).map(candidateOf);
    expect(newest).toEqual([...newest].sort((a, b) => b - a));
  });

  it('shows what a search finds, in words too, and all again without it', () => {
    const model = modelOf();
    model.search = searchOf('step 2 valid');
    const found = model.children();
    expect(found.length).toBeGreaterThan(1);
    for (const element of found) {
      if (!('candidate' in element)) continue;
      expect(model.shown?.snapshot.candidates.at(element.candidate)?.step).toBe(1);
    }
    expect(model.message).toMatch(/^\d+ of \d+ found: step 2 valid\. Clear Search shows all again\.$/);
    model.search = undefined;
    expect(model.message).toBeUndefined();
  });

  it('makes way to any candidate, wherever it stands in a long list', () => {
    const model = modelOf();
    const all = [...(model.shown?.snapshot.candidates ?? [])].map((record) => record.id);
    for (const id of all.filter((_, index) => index % 17 === 0)) {
      const element = model.reveal(id);
      if (element === undefined) throw new Error(`no row for c${id}`);
      const way: LineageElement[] = [];
      for (let up: LineageElement | undefined = element; up !== undefined; up = model.parentOf(up))
        way.unshift(up);
      let rows = model.children();
      for (const step of way) {
        expect(rows, `a row on the way to c${id}`).toContain(step);
        rows = model.children(step);
      }
    }
    expect(model.reveal(1_000_000)).toBeUndefined();
  });

  it('shows the line of the best in one flat list, and that of another which is far down', () => {
    const model = modelOf({ steps: 12, groups: 4, groupSize: 12 });
    const best = model.shown?.snapshot.best ?? -1;
    const [line] = model.children();
    expect(line).toMatchObject({ lineTo: 'best' });
    expect(model.children(line).map(candidateOf)).toEqual(model.pathTo(best).toReversed());
    const deep = [...(model.shown?.snapshot.candidates ?? [])].findLast(
      ({ id }) => id !== best && model.pathTo(id).length > 6,
    );
    if (deep === undefined) throw new Error('a deep lineage expected');
    expect(model.reveal(deep.id)).toMatchObject({ isInLine: true });
    expect(model.children()[0]).toMatchObject({ lineTo: deep.id });
    expect(model.children(model.reveal(deep.id)), 'a line has no levels').toEqual([]);
  });

  it('says of a row what it is, for those who see it and for those who hear it', () => {
    const model = modelOf();
    const best = model.shown?.snapshot.best ?? -1;
    const parent = model.shown?.snapshot.candidates.at(best)?.parent;
    const row = model.row(best);
    expect(row?.icon).toBe('star-full');
    expect(row?.accessibleLabel).toMatch(
      new RegExp(
        `^Candidate c${best}, best so far, step \\d+, c5 0\\.\\d+, parent c${parent}, .*not reviewed$`,
      ),
    );
    expect(model.row(parent ?? -1)?.description).toContain(`leads to c${best}`);
    expect(row?.tooltip).toContain('Reward ');
    expect(row?.contextValue).toBe('candidate hasParent');
  });

  it('takes in what is new, and nothing where nothing is', () => {
    const { entries } = recordedSession({ steps: 3, groups: 2, groupSize: 10 });
    const first = reduce(emptySnapshot, entries.slice(0, 40));
    const model = new CandidatesModel(undecided);
    expect(model.update(viewOf(first))).toBe(true);
    expect(model.update(viewOf(first))).toBe(false);
    const last = reduce(first, entries.slice(40));
    expect(model.update(viewOf(last))).toBe(true);
    const fresh = new CandidatesModel(undecided);
    fresh.update(viewOf(last));
    for (const order of ['tree', 'best', 'newest'] as const) {
      model.order = order;
      fresh.order = order;
      expect(model.children()).toEqual(fresh.children());
    }
    expect(model.update(viewOf(last, '01ARZ3NDEKTSV4RRFFQ69G5FAW'))).toBe(true);
    expect(model.update(undefined)).toBe(true);
    expect(model.children()).toEqual([]);
  });
});

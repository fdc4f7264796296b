import { describe, expect, it } from 'vitest';
import { DrawnRows } from '../../../src/extension/lineage/drawnRows';

interface Row {
  readonly name: string;
  looks: string;
  below: Row[];
}

function row(name: string, below: Row[] = []): Row {
  return { name, looks: 'as ever', below };
}

/** Shows the rows with those that are open, as an editor asks for them. */
function draw(drawn: DrawnRows<Row>, top: readonly Row[], open: readonly Row[]): void {
  drawn.hasChildren(undefined, [...top]);
  for (const shown of [...top, ...open.flatMap(({ below }) => below)]) drawn.looks(shown, shown.looks);
  for (const opened of open) drawn.hasChildren(opened, [...opened.below]);
}

describe('rows that were drawn', () => {
  const changedIn = (drawn: DrawnRows<Row>, top: readonly Row[]): string[] | 'all' => {
    const changed = drawn.changed(
      (above) => above?.below ?? top,
      ({ looks }) => looks,
    );
    return changed === 'all' ? changed : changed.map(({ name }) => name);
  };

  it('are left alone where nothing that is shown has changed', () => {
    const drawn = new DrawnRows<Row>();
    const [closed, open] = [row('closed', [row('hidden')]), row('open', [row('leaf')])];
    draw(drawn, [closed, open], [open]);
    closed.below.push(row('new, and hidden'));
    expect(changedIn(drawn, [closed, open])).toEqual([]);
  });

  it('are drawn again one by one where they look different or have other rows below', () => {
    const drawn = new DrawnRows<Row>();
    const leaf = row('leaf');
    const [first, open, other] = [
      row('first'),
      row('open', [leaf]),
      row('other', [row('leaf of the other')]),
    ];
    draw(drawn, [first, open, other], [open, other]);
    leaf.looks = 'better';
    other.below.unshift(row('new'));
    expect(changedIn(drawn, [first, open, other])).toEqual(['leaf', 'other']);
  });

  it('are drawn again all together where the rows at the top are others', () => {
    const drawn = new DrawnRows<Row>();
    const first = row('first');
    draw(drawn, [first], []);
    expect(changedIn(drawn, [row('new'), first])).toBe('all');
  });

  it('ask for nothing before anything was drawn', () => {
    expect(changedIn(new DrawnRows<Row>(), [row('first')])).toEqual([]);
  });
});

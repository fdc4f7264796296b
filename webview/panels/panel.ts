import type { FromDashboard } from '../../src/protocol/dashboardMessages';
import type { Scene } from '../data/scene';
import { formatCount } from '../words/format';
import { t } from '../words/texts';

/** A part of the page that is drawn when it is seen. */
export interface Panel {
  readonly element: HTMLElement;
  readonly show: (scene: Scene) => void;
  /** Says in words what it would show, for people who do not scroll; nothing is drawn. */
  readonly describe?: ((scene: Scene) => void) | undefined;
}

/** What panels ask of the page around them. */
export interface PanelPorts {
  readonly send: (message: FromDashboard) => void;
  isTableShown(id: string): boolean;
  keepTableShown(id: string, shown: boolean): void;
}

/** A chart's numbers; the first cell of a row names it. */
export interface TableContent {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What is left out; empty for nothing. */
  readonly note: string;
}

/** A table is read, not computed with: more rows than this are no help. */
export const tableRowLimit = 200;

/** The last rows, newest first, and a note of the others. */
export function newestRows<Item>(
  what: 'steps' | 'candidates' | 'ancestors',
  items: readonly Item[],
  cells: (item: Item, index: number) => readonly string[],
): Pick<TableContent, 'rows' | 'note'> {
  const from = Math.max(0, items.length - tableRowLimit);
  return {
    rows: items
      .slice(from)
      .map((item, index) => cells(item, from + index))
      .reverse(),
    note: from === 0 ? '' : restNote(what, formatCount(items.length)),
  };
}

function restNote(what: 'steps' | 'candidates' | 'ancestors', all: string): string {
  switch (what) {
    case 'steps':
      return t('The newest {0} of {1} steps. Save the data to have all of them.', tableRowLimit, all);
    case 'candidates':
      return t('The newest {0} of {1} candidates. Save the data to have all of them.', tableRowLimit, all);
    case 'ancestors':
      return t('The newest {0} of {1} ancestors. Save the data to have all of them.', tableRowLimit, all);
  }
}

import type { CandidateDecision } from '../../domain/lineage/candidateQuery';
import { LineageIndex } from '../../domain/lineage/lineageIndex';
import { t } from '../base/translate';
import { candidatesText, countText } from '../base/words';
import { titleOf } from '../sessions/sessionNames';
import type { SessionView } from '../sessions/sessions';
import { candidateRow, type CandidateRow } from './candidateRows';
import { foundIds, type Searched } from './candidateSearch';
import {
  idsUnder,
  LineagePages,
  type LineageOrder,
  type LineageSearch,
  type RowsBelow,
} from './lineagePages';

/** A row of the Candidates view; menus pass it to commands. */
export type LineageElement =
  | { readonly sessionId: string; readonly candidate: number; readonly isInLine?: true }
  /** The way to a candidate, in one flat list: a tree of fifty levels cannot be read. `best` stays the same row when there is a new best. */
  | { readonly sessionId: string; readonly lineTo: number | 'best' }
  /** Adds a page to the rows below a row, or at the top. */
  | { readonly sessionId: string; readonly under: RowsBelow; readonly left: number };

export type CandidateElement = Extract<LineageElement, { candidate: number }>;
export type LineElement = Extract<LineageElement, { lineTo: number | 'best' }>;

/** Candidates that came from one another more often than this are revealed in their line. */
const readableDepth = 6;

/** What the Candidates view shows of one session. No row is made that is not looked at. */
export class CandidatesModel {
  private orderInUse: LineageOrder = 'tree';
  private session: SessionView | undefined;
  private index = new LineageIndex('minimize');
  private readonly pages = new LineagePages();
  /** Rows are told apart by identity. */
  private readonly elements = new Map<string, LineageElement>();
  /** Whose line of descent is shown; absent: the best one's. */
  private lineEnd: number | undefined;
  private searchInUse: LineageSearch | undefined;
  private found: readonly number[] | undefined;

  constructor(
    private readonly decisionOf: (sessionId: string, candidate: number) => CandidateDecision | undefined,
  ) {}

  get shown(): SessionView | undefined {
    return this.session;
  }

  get order(): LineageOrder {
    return this.orderInUse;
  }

  set order(order: LineageOrder) {
    this.orderInUse = order;
    this.found = undefined;
  }

  get search(): LineageSearch | undefined {
    return this.searchInUse;
  }

  set search(search: LineageSearch | undefined) {
    this.searchInUse = search;
    this.found = undefined;
    this.pages.clear();
  }

  /** Takes in a session as it is now. False if no row can have changed. */
  update(session: SessionView | undefined): boolean {
    const isOther = session?.id !== this.session?.id || goalOf(session) !== goalOf(this.session);
    const bestBefore = this.session?.snapshot.best;
    this.session = session;
    if (isOther) {
      this.index = new LineageIndex(goalOf(session));
      this.pages.clear();
      this.elements.clear();
      this.lineEnd = undefined;
      this.searchInUse = undefined;
    }
    const isNews = session !== undefined && this.index.update(session.snapshot.candidates);
    if (isNews || isOther) this.found = undefined;
    return isOther || isNews || session?.snapshot.best !== bestBefore;
  }

  /** The decisions have changed: a search may be for them. */
  decided(): void {
    this.found = undefined;
  }

  /** All that a search looks at; absent without a session. */
  get searched(): Searched | undefined {
    const { session } = this;
    if (session === undefined) return undefined;
    return {
      index: this.index,
      candidates: session.snapshot.candidates,
      decisionOf: (candidate) => this.decisionOf(session.id, candidate),
    };
  }

  children(element?: LineageElement): LineageElement[] {
    if (this.session === undefined || (element !== undefined && 'left' in element)) return [];
    if (element !== undefined && 'lineTo' in element) {
      return this.rowsOf(this.lineOf(element).toReversed(), 'line');
    }
    if (element?.isInLine === true) return [];
    const under = element?.candidate;
    const rows = this.rowsOf(idsUnder(this.index, this.order, this.foundNow(), under), under);
    const line = under === undefined ? this.line : undefined;
    return line === undefined ? rows : [line, ...rows];
  }

  parentOf(element: LineageElement): LineageElement | undefined {
    if (!this.isTree || 'lineTo' in element) return undefined;
    if ('left' in element) {
      return element.under === 'line' || element.under === undefined
        ? this.line
        : this.elementOf(element.under);
    }
    if (element.isInLine === true) return this.line;
    const parent = this.index.facts(element.candidate)?.parent;
    return parent === undefined ? undefined : this.elementOf(parent);
  }

  /** The row of a line of descent, where the candidates stand in a tree and there is one to show. */
  private get line(): LineageElement | undefined {
    const end = this.lineEnd ?? this.session?.snapshot.best;
    if (!this.isTree || end === undefined || this.pathTo(end).length < 2) return undefined;
    const lineTo = this.lineEnd ?? 'best';
    return this.remembered(`line ${lineTo}`, { sessionId: this.session?.id ?? '', lineTo });
  }

  /** From the first ancestor to the candidate that a line leads to. */
  lineOf({ lineTo }: LineElement): readonly number[] {
    const end = lineTo === 'best' ? this.session?.snapshot.best : lineTo;
    return end === undefined ? [] : this.pathTo(end);
  }

  private get isTree(): boolean {
    return this.order === 'tree' && this.search === undefined;
  }

  private rowsOf(all: readonly number[], under: RowsBelow): LineageElement[] {
    const { ids, left } = this.pages.page(all, under);
    const rows: LineageElement[] = ids.map((id) => this.elementOf(id, under === 'line'));
    if (left === 0) return rows;
    const more = { sessionId: this.session?.id ?? '', under, left };
    return [...rows, this.remembered<LineageElement>(`more ${under ?? 'top'} ${left}`, more)];
  }

  hasChildren(candidate: number): boolean {
    return idsUnder(this.index, this.order, this.found, candidate).length > 0;
  }

  /** `isInLine`: below the row of a line, where all lead to its end. */
  row(candidate: number, isInLine = false): CandidateRow | undefined {
    const record = this.session?.snapshot.candidates.at(candidate);
    const lineage = this.index.facts(candidate);
    if (this.session === undefined || record === undefined || lineage === undefined) return undefined;
    return candidateRow({
      snapshot: this.session.snapshot,
      record,
      lineage,
      decision: this.decisionOf(this.session.id, candidate),
      isInTree: this.isTree && !isInLine,
    });
  }

  showMore(under: RowsBelow): void {
    this.pages.showMore(under);
  }

  /** Sees to it that a candidate has a row; `undefined` if there is none in this session, or the search leaves it out. */
  reveal(candidate: number): LineageElement | undefined {
    const path = this.index.pathTo(candidate);
    if (path.length === 0 || this.foundNow()?.includes(candidate) === false) return undefined;
    if (this.isTree && path.length > readableDepth) {
      this.lineEnd = candidate;
      return this.elementOf(candidate, true);
    }
    this.pages.pin(path);
    return this.elementOf(candidate);
  }

  /** From the first ancestor to the candidate. */
  pathTo(candidate: number): readonly number[] {
    return this.index.pathTo(candidate);
  }

  /** `Valley · 25,608 candidates` */
  get description(): string {
    if (this.session === undefined) return '';
    const { size } = this.index;
    return `${titleOf(this.session)} · ${candidatesText(size)}`;
  }

  get isNothingFound(): boolean {
    return this.foundNow()?.length === 0;
  }

  /** What the search found, in words; absent without a search. */
  get message(): string | undefined {
    if (this.search === undefined) return undefined;
    const count = this.foundNow()?.length ?? 0;
    const { text, note } = this.search;
    return [
      t('{0} of {1} found: {2}.', countText(count), countText(this.index.size), text),
      ...(note === undefined ? [] : [note]),
      t('Clear Search shows all again.'),
    ].join(' ');
  }

  private foundNow(): readonly number[] | undefined {
    const { search, searched } = this;
    if (search === undefined || searched === undefined) return undefined;
    const ids = this.order === 'newest' ? this.index.byNewest() : this.index.byBest();
    this.found ??= foundIds(ids, search, searched);
    return this.found;
  }

  private elementOf(candidate: number, isInLine = false): CandidateElement {
    const sessionId = this.session?.id ?? '';
    return isInLine
      ? this.remembered(`in line ${candidate}`, { sessionId, candidate, isInLine })
      : this.remembered(`${candidate}`, { sessionId, candidate });
  }

  private remembered<Row extends LineageElement>(key: string, row: Row): Row;
  private remembered(key: string, row: LineageElement): LineageElement {
    const known = this.elements.get(key) ?? row;
    this.elements.set(key, known);
    return known;
  }
}

function goalOf(session: SessionView | undefined): 'minimize' | 'maximize' {
  return session?.snapshot.problem?.metric.goal ?? 'minimize';
}

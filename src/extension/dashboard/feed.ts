import type { SessionSnapshot } from '../../domain/session/snapshot';
import type { CandidateRow, DashboardHeader, StepRow, ToDashboard } from '../../protocol/dashboardMessages';
import type { SessionView } from '../sessions/sessions';
import { CandidateRows } from './candidateRows';
import { CandidateTable } from './candidateTable';
import { ChangeLog } from './changeLog';
import { StepHistogramTable, type HistogramNews } from './histograms';
import { projectHeader, projectSteps } from './projection';

/** What else a page shows beside the session's own numbers. Each gives `undefined` while nothing is new. */
export interface FeedExtras {
  /** Candidates of which changes were accepted. */
  readonly accepted: () => ReadonlySet<number>;
  /** Other sessions; `isWhole`: the page knows nothing yet. */
  readonly comparison: (view: SessionView, nowMs: number, isWhole: boolean) => ToDashboard | undefined;
  /** The picture of the best candidate. */
  readonly bestView: (view: SessionView, isWhole: boolean) => ToDashboard | undefined;
}

export const noExtras: FeedExtras = {
  accepted: () => new Set(),
  comparison: () => undefined,
  bestView: () => undefined,
};

/**
 * What to send to the page of one session. It remembers what was sent, so that later sendings hold what changed alone, and computing
 * them takes what that is.
 */
export class SessionFeed {
  private revision = 0;
  private readonly changes = new ChangeLog();
  private table = new CandidateTable();
  private rows = new CandidateRows();
  private histograms = new StepHistogramTable();
  private sent:
    { header: string; steps: readonly StepRow[]; candidates: readonly CandidateRow[] } | undefined;

  constructor(private readonly extras: FeedExtras = noExtras) {}

  /** Everything, for a page that knows nothing. `nowMs` is Unix milliseconds of this machine. */
  whole(view: SessionView, nowMs: number): ToDashboard[] {
    const { candidates } = this.takeIn(view.snapshot);
    this.table.markAccepted(this.extras.accepted());
    const { header, steps } = this.project(view, nowMs, candidates);
    this.revision += 1;
    return [
      {
        type: 'snapshot',
        revision: this.revision,
        header,
        steps: [...steps],
        candidates: [...candidates],
      },
      { type: 'columns', isWhole: true, columns: this.table.columns() },
      ...histogramMessages(this.histograms.whole()),
      ...present(this.extras.comparison(view, nowMs, true)),
      ...present(this.extras.bestView(view, true)),
    ];
  }

  /** What changed since the last sending. */
  news(view: SessionView, nowMs: number): ToDashboard[] {
    const before = this.sent;
    if (before === undefined) return this.whole(view, nowMs);
    const { isRestart, changed, histograms, candidates } = this.takeIn(view.snapshot);
    // A patch cannot take anything away.
    if (isRestart) return this.whole(view, nowMs);
    const accepted = this.table.markAccepted(this.extras.accepted());
    const { header, headerText, steps } = this.project(view, nowMs, candidates);
    const changedSteps = steps.filter((row, index) => !sameRow(row, before.steps[index]));
    const sameList = candidates === before.candidates;
    const messages: ToDashboard[] = [];
    if (changedSteps.length > 0 || !sameList || headerText !== before.header) {
      this.revision += 1;
      messages.push({
        type: 'patch',
        revision: this.revision,
        header,
        steps: changedSteps,
        ...(sameList ? {} : { candidates: [...candidates] }),
      });
    }
    const ids = accepted.length === 0 ? changed : ascending([...changed, ...accepted]);
    if (ids.length > 0) messages.push({ type: 'columns', isWhole: false, columns: this.table.columns(ids) });
    messages.push(
      ...histogramMessages(histograms),
      ...present(this.extras.comparison(view, nowMs, false)),
      ...present(this.extras.bestView(view, false)),
    );
    return messages;
  }

  private project(
    view: SessionView,
    nowMs: number,
    candidates: readonly CandidateRow[],
  ): { readonly header: DashboardHeader; readonly headerText: string; readonly steps: readonly StepRow[] } {
    const header = projectHeader(view, nowMs);
    const headerText = JSON.stringify(header);
    const steps = projectSteps(view.snapshot, this.table.totals());
    this.sent = { header: headerText, steps, candidates };
    return { header, headerText, steps };
  }

  /** Brings the tables up to date. */
  private takeIn(snapshot: SessionSnapshot): {
    readonly isRestart: boolean;
    readonly changed: number[];
    readonly candidates: readonly CandidateRow[];
    readonly histograms: HistogramNews | undefined;
  } {
    const { isRestart, changed } = this.changes.next(snapshot);
    if (isRestart) {
      this.table = new CandidateTable();
      this.rows = new CandidateRows();
      this.histograms = new StepHistogramTable();
    }
    return {
      isRestart,
      changed: this.table.update(snapshot, changed),
      candidates: this.rows.update(snapshot, changed),
      histograms: this.histograms.update(snapshot),
    };
  }
}

function histogramMessages(news: HistogramNews | undefined): ToDashboard[] {
  return news === undefined ? [] : [{ type: 'histograms', ...news }];
}

function present(message: ToDashboard | undefined): ToDashboard[] {
  return message === undefined ? [] : [message];
}

function ascending(ids: readonly number[]): number[] {
  return [...new Set(ids)].sort((a, b) => a - b);
}

/** Rows are flat but for their gauges: comparing their fields is enough. All are made by one function, so their keys are the same. */
function sameRow(a: StepRow, b: StepRow | undefined): boolean {
  return (
    b !== undefined &&
    (Object.keys(a) as (keyof StepRow)[]).every(
      (key) => a[key] === b[key] || (key === 'gauges' && JSON.stringify(a[key]) === JSON.stringify(b[key])),
    )
  );
}

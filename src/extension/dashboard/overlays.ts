import { isBetter, type Goal } from '../../domain/problem/problem';
import type { CandidateColumns, Overlay } from '../../protocol/dashboardData';
import type { SessionView } from '../sessions/sessions';
import { CandidateTable } from './candidateTable';
import { ChangeLog } from './changeLog';
import { sessionWords } from '../sessions/sessionNames';

/** The running best of another session, kept up to date with it. */
export class OverlaySource {
  private readonly changes = new ChangeLog();
  private table = new CandidateTable();
  private made: { readonly snapshot: SessionView['snapshot']; readonly overlay: Overlay } | undefined;

  /** The same object as before where the session and its title are as they were. */
  of(view: SessionView, title: string): Overlay {
    const { snapshot } = view;
    const made = this.made?.overlay.title === title ? this.made : undefined;
    if (made?.snapshot === snapshot) return made.overlay;
    const { isRestart, changed } = this.changes.next(snapshot);
    if (isRestart) this.table = new CandidateTable();
    const ids = this.table.update(snapshot, changed);
    if (made !== undefined && ids.length === 0 && !isRestart) return made.overlay;
    const goal = snapshot.problem?.metric.goal ?? 'minimize';
    const overlay = {
      sessionId: view.id,
      title,
      description: sessionWords(view).description,
      ...runningBest(this.table.columns(), goal),
    };
    this.made = { snapshot, overlay };
    return overlay;
  }
}

/** Where the best value changed, by candidate, and the last candidate. What ended before an earlier candidate counts from when that ended. */
export function runningBest(
  columns: CandidateColumns,
  goal: Goal,
): Omit<Overlay, 'sessionId' | 'title' | 'description'> {
  const { ids, steps, values, endedAtMs, tokensUpTo, usdUpTo } = columns;
  const rows: { row: number; best: number; endedAtMs: number }[] = [];
  let best: number | undefined;
  let latestMs = 0;
  for (let row = 0; row < ids.length; row++) {
    const value = values[row] ?? Number.NaN;
    const ended = endedAtMs[row] ?? Number.NaN;
    if (ended > latestMs) latestMs = ended;
    const isNew = !Number.isNaN(value) && (best === undefined || isBetter(goal, value, best));
    if (isNew) best = value;
    if (best === undefined || !(isNew || row === ids.length - 1)) continue;
    rows.push({ row, best, endedAtMs: latestMs });
  }
  const at = (column: ArrayLike<number>): number[] => rows.map(({ row }) => column[row] ?? 0);
  return {
    candidates: Int32Array.from(at(ids)),
    steps: Int32Array.from(at(steps)),
    bestSoFar: Float64Array.from(rows, (one) => one.best),
    endedAtMs: Float64Array.from(rows, (one) => one.endedAtMs),
    tokensUpTo: Float64Array.from(at(tokensUpTo)),
    usdUpTo: Float64Array.from(at(usdUpTo)),
  };
}

import type { ComparableSession, Overlay } from '../../src/protocol/dashboardData';
import type {
  AxisName,
  CandidateRow,
  DashboardHeader,
  DistributionLook,
  StepRow,
} from '../../src/protocol/dashboardMessages';
import type { ConstructionView } from '../../src/domain/session/constructionView';
import { makeAxis, type Axis } from './axis';
import type { CandidateRows } from './columnStore';
import type { Histograms } from './histogramStore';
import { rowFacts, type RowFacts } from './rowFacts';
import { runningBest } from './runningBest';
import { valueView, type ValueView } from './valueView';

/** What the reader has chosen. */
export interface Choices {
  readonly axis: AxisName;
  readonly distanceTo: string | null;
  readonly distribution: DistributionLook;
}

export interface SceneParts {
  readonly header: DashboardHeader;
  readonly steps: readonly StepRow[];
  /** The list: the newest and the best, newest first. */
  readonly candidates: readonly CandidateRow[];
  readonly rows: CandidateRows;
  readonly histograms: Histograms | undefined;
  readonly comparable: readonly ComparableSession[];
  readonly overlays: readonly Overlay[];
  readonly bestView: BestView | undefined;
  readonly choices: Choices;
}

/** What the evaluator drew of a candidate; `undefined` for what is no known picture. */
export interface BestView {
  readonly candidate: number;
  readonly view: ConstructionView | undefined;
  /** Why there is a picture and it cannot be shown. */
  readonly note?: string | undefined;
}

/** All that the panels draw, at one moment. What follows from the parts is found when a panel first asks for it. */
export interface Scene extends SceneParts {
  readonly facts: RowFacts;
  readonly axis: Axis;
  readonly value: ValueView;
  /** Rows of the running best. */
  readonly improvements: readonly number[];
}

export function makeScene(parts: SceneParts): Scene {
  const { rows, header, steps, choices } = parts;
  const facts = lazily(() => rowFacts(rows, header.goal));
  const axis = lazily(() => makeAxis(choices.axis, rows, facts(), steps));
  const value = lazily(() => valueView(header, choices.distanceTo));
  const improvements = lazily(() => runningBest(rows, axis(), header.goal));
  return {
    ...parts,
    get facts() {
      return facts();
    },
    get axis() {
      return axis();
    },
    get value() {
      return value();
    },
    get improvements() {
      return improvements();
    },
  };
}

function lazily<Result>(find: () => Result): () => Result {
  let found: { readonly result: Result } | undefined;
  return () => (found ??= { result: find() }).result;
}

import type { Goal } from '../problem/problem';
import type { SessionSnapshot, StepSummary } from './snapshot';
import { betterOf, distributionOf, emptyStep, withoutDistribution } from './stepStatistics';

export type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** What a batch of entries changes in a step; the distribution is computed once at the batch's end. */
export interface StepChange {
  readonly summary: Writable<StepSummary>;
  readonly newValues: number[];
  /** Of candidates that were refuted; each is among the step's values. */
  readonly goneValues: number[];
}

/** Working copies of the steps that a batch of entries changes, and what the steps are with them. */
export class StepChanges {
  readonly #before: Pick<SessionSnapshot, 'initial' | 'steps'>;
  readonly #changes = new Map<number, StepChange>();
  #count: number;

  constructor(before: Pick<SessionSnapshot, 'initial' | 'steps'>) {
    this.#before = before;
    this.#count = before.steps.length;
  }

  /** Steps so far; the next one has this number. */
  get count(): number {
    return this.#count;
  }

  /** The step's working copy; -1 is the initial program. Steps begin one after the other: undefined for one that is not yet due. */
  of(step: number): StepChange | undefined {
    const known = this.#changes.get(step);
    if (known) return known;
    if (step > this.#count) return undefined;
    if (step === this.#count) this.#count += 1;
    const old = step === -1 ? this.#before.initial : this.#before.steps[step];
    const change = { summary: { ...(old ?? emptyStep(step)) }, newValues: [], goneValues: [] };
    this.#changes.set(step, change);
    return change;
  }

  /** All steps with their changes. */
  summaries(goal: Goal): Pick<SessionSnapshot, 'initial' | 'steps'> {
    if (this.#changes.size === 0) return this.#before;
    const initial = this.#initial(goal);
    const steps = [...this.#before.steps];
    for (const [step, change] of this.#changes) if (step >= 0) steps[step] = summarize(change, goal);
    for (let step = Math.max(0, Math.min(...this.#changes.keys())); step < steps.length; step++) {
      const summary = steps[step];
      if (!summary) continue;
      const earlier = step === 0 ? initial?.best : steps[step - 1]?.bestSoFar;
      const bestSoFar = betterOf(goal, earlier, summary.best);
      if (bestSoFar === summary.bestSoFar) continue;
      const changed: Writable<StepSummary> = { ...summary };
      if (bestSoFar === undefined) delete changed.bestSoFar;
      else changed.bestSoFar = bestSoFar;
      steps[step] = changed;
    }
    return { ...(initial === undefined ? {} : { initial }), steps };
  }

  #initial(goal: Goal): StepSummary | undefined {
    const change = this.#changes.get(-1);
    if (change === undefined) return this.#before.initial;
    const initial = summarize(change, goal);
    return initial.best === undefined ? initial : { ...initial, bestSoFar: initial.best };
  }
}

function summarize({ summary, newValues, goneValues }: StepChange, goal: Goal): StepSummary {
  if (newValues.length === 0 && goneValues.length === 0) return summary;
  const ascending = [...(summary.values ?? []), ...newValues].sort((a, b) => a - b);
  for (const value of goneValues) ascending.splice(ascending.indexOf(value), 1);
  return { ...withoutDistribution(summary), ...distributionOf(ascending, goal) };
}

import type { Goal } from '../domain/problem/problem';
import type { Pair } from '../domain/racing/pairedComparison';
import { Race } from '../domain/racing/race';
import type { CaseResult } from '../domain/session/outcome';
import { inOrder } from './caseLines';

/** A candidate against the cases of its parent, by their names. */
export class CaseRace {
  readonly #race: Race;
  readonly #indexOf: ReadonlyMap<string, number>;
  #isOff = false;

  private constructor(
    private readonly others: readonly { readonly name: string; readonly value: number }[],
    goal: Goal,
  ) {
    this.#race = new Race(
      others.map(({ value }) => value),
      goal,
    );
    this.#indexOf = new Map(others.map(({ name }, index) => [name, index]));
  }

  /** Undefined where there is no parent to compare with, or it has not passed every one of its cases. */
  static against(cases: readonly CaseResult[] | undefined, goal: Goal): CaseRace | undefined {
    if (cases === undefined || cases.length === 0) return undefined;
    const others = inOrder(cases).flatMap(({ name, verdict, value }) =>
      verdict === 'passed' && value !== undefined && Number.isFinite(value) ? [{ name, value }] : [],
    );
    return others.length < cases.length ? undefined : new CaseRace(others, goal);
  }

  get count(): number {
    return this.others.length;
  }

  /** A case that failed decides by itself, and a case that the parent has not says that the two are not comparable. */
  add({ name, verdict, value }: CaseResult): void {
    const index = this.#indexOf.get(name);
    if (verdict !== 'passed' || value === undefined || index === undefined) this.#isOff = true;
    else this.#race.add(index, value);
  }

  get isLost(): boolean {
    return !this.#isOff && this.#race.isLost;
  }

  /** Undefined where not every one of the parent's cases was run, and no other. */
  get pairsOfAll(): readonly Pair[] | undefined {
    const { pairs } = this.#race;
    return this.#isOff || pairs.length < this.count ? undefined : pairs;
  }

  get pairs(): readonly Pair[] {
    return this.#race.pairs;
  }

  /** The candidate's mean over all cases; an estimate where some are left. */
  get mean(): number {
    return this.#race.mean;
  }
}

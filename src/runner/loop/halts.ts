import { finishedStepCount } from '../../domain/search/replay';
import { spentBudget, type SpentBudget } from './budgets';
import type { LoopContext } from './candidateFacts';
import type { Halt, LoopControl } from './loopControl';
import { finishedBy, type Verdict } from './verdict';

export interface HaltsOptions extends LoopContext {
  readonly control: LoopControl;
  /** Evaluations that run now, of candidates and of parents. */
  readonly evaluating: () => number;
}

/** What halts the work: people's wishes, as the control has them, the budgets, and the time. */
export class Halts {
  readonly #options: HaltsOptions;

  constructor(options: HaltsOptions) {
    this.#options = options;
  }

  /** What halts the work now, if anything does. */
  asked(): Halt | undefined {
    const { control, record } = this.#options;
    return control.halt(record.openSteps[0]?.step, this.#spent());
  }

  /** The end that was asked for while work was halted by an error. */
  endAsked(): Verdict | undefined {
    const { control, record } = this.#options;
    if (control.wish === 'leave') return { kind: 'left' };
    return control.wish === 'stop' || control.wish === 'finish-step'
      ? finishedBy('stopped', record.snapshot)
      : undefined;
  }

  /** Halts the feeding where a budget is used up. */
  lookAtBudgets(): void {
    if (this.#spent() !== undefined) this.#options.control.haltFeeding();
  }

  /** Halts the work when the session's time is used up. Gives what disarms it. */
  armDeadline(): () => void {
    const { control, frame, ports, record } = this.#options;
    const { maxTimeMs } = frame.options;
    if (maxTimeMs === undefined) return () => undefined;
    return control.armDeadline(ports.clock, () => maxTimeMs - record.activeMs(ports.clock.monotonicMs()));
  }

  /** The budget that is used up. Behind the last step the session ends because of that. */
  #spent(): SpentBudget | undefined {
    const { record, frame, evaluating } = this.#options;
    const { snapshot } = record;
    if (finishedStepCount(snapshot) >= frame.options.steps) return undefined;
    return spentBudget(frame.options, snapshot, evaluating());
  }
}

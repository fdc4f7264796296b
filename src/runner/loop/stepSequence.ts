import { notIsolatedWarning } from '../../evaluation/sandbox/isolation';
import { finishedStepCount } from '../../domain/search/replay';
import type { CandidateFacts, LoopContext } from './candidateFacts';
import type { Halts } from './halts';
import type { Halt, LoopControl } from './loopControl';
import type { Occupancy } from './occupancy';
import { Search } from './search';
import type { OpenStep } from './sessionRecord';
import type { SessionWriter } from './sessionWriter';
import type { Stretch } from './stretch';
import { verifyBest } from './verifyBest';

export interface StepSequenceOptions extends LoopContext {
  readonly facts: CandidateFacts;
  readonly control: LoopControl;
  readonly halts: Pick<Halts, 'asked'>;
  readonly writer: Pick<SessionWriter, 'append'>;
  readonly occupancy: Occupancy;
}

/**
 * The order in which a session's work is done: the initial evaluations, then step by step parents, proposals, evaluations,
 * archive and training update.
 *
 * With overlap (`maxStepsOffPolicy: 1`) step n + 1 begins when the proposals of step n are all in: its parents come from the
 * archive, and its proposals from the policy, as both stand after step n - 1. The update of step n waits until the proposals of
 * step n + 1 are all in. So what is proposed never depends on how long evaluations take, and a resumed session proposes the same.
 */
export class StepSequence {
  readonly #options: StepSequenceOptions;
  #prepared = false;
  #search: Search | undefined;

  constructor(options: StepSequenceOptions) {
    this.#options = options;
  }

  /** Works until something halts it. After a rejection call `dropSearch`. */
  async work(stretch: Stretch): Promise<Halt | 'steps' | 'no-initial'> {
    const { control, facts, record, frame } = this.#options;
    const { working } = control.signals;
    if (!this.#prepared) await this.#prepare(working);
    if (!facts.initialsDone()) {
      await stretch.evaluateInitials();
      if (!(await this.#reached(stretch, () => facts.initialsDone()))) return this.#halted();
      control.stepEnded();
    }
    if (record.snapshot.valid === 0) return 'no-initial';
    while (finishedStepCount(record.snapshot) < frame.options.steps) {
      const asked = this.#options.halts.asked();
      if (asked !== undefined) return asked;
      const search = (this.#search ??= await this.#restored());
      const current = record.openSteps[0] ?? this.#begin(search);
      stretch.sample(current, search.policy);
      if (!(await this.#reached(stretch, () => facts.allProposed(current)))) return this.#halted();
      const overlapping = this.#overlapping(current, search, stretch);
      if (overlapping === 'halted') return this.#halted();
      if (!(await this.#reached(stretch, () => facts.allEvaluated(current)))) return this.#halted();
      if (overlapping !== undefined) {
        const sampled = (): boolean => control.wish === 'finish-step' || facts.allProposed(overlapping);
        if (!(await this.#reached(stretch, sampled))) return this.#halted();
      }
      await verifyBest(current, this.#options, working);
      if (working.aborted || this.#tokensSpent()) return this.#halted();
      await this.#finish(current, search, working);
      control.stepEnded();
    }
    return 'steps';
  }

  /** Lets go of the policy; the next `work` makes a new one from the journal. */
  async dropSearch(): Promise<void> {
    const search = this.#search;
    this.#search = undefined;
    await search?.dispose();
  }

  async #prepare(signal: AbortSignal): Promise<void> {
    const { clock, evaluator } = this.#options.ports;
    const startedMs = clock.monotonicMs();
    const { isolation, machine } = await evaluator.prepare((message) => {
      if (!signal.aborted) this.#options.writer.append({ type: 'environment.progress', message });
    }, signal);
    signal.throwIfAborted();
    this.#prepared = true;
    this.#options.writer.append({
      type: 'environment.ready',
      durationMs: clock.monotonicMs() - startedMs,
      isolation,
      ...(machine === undefined ? {} : { machine }),
    });
    if (isolation === 'none') this.#options.writer.append({ type: 'warning', ...notIsolatedWarning });
  }

  #restored(): Promise<Search> {
    return Search.restore(this.#options, (event) => {
      this.#options.writer.append(event);
    });
  }

  #begin(search: Search): OpenStep {
    const { record, facts } = this.#options;
    const step = finishedStepCount(record.snapshot) + record.openSteps.length;
    const parents = search.parents(step, facts.initialRecords);
    this.#options.writer.append({ type: 'step.started', step, parents: [...parents] });
    const open = record.openSteps.at(-1);
    if (open?.step !== step) throw new Error(`step ${step} did not open`);
    return open;
  }

  /** The step that is sampled while the evaluations of `current` end; none without overlap and behind the last step. */
  #overlapping(current: OpenStep, search: Search, stretch: Stretch): OpenStep | 'halted' | undefined {
    const { record, frame, control } = this.#options;
    const { maxStepsOffPolicy = 0, steps } = frame.options;
    const begun = record.openSteps[1];
    if (begun === undefined) {
      if (maxStepsOffPolicy === 0 || current.step + 1 >= steps || control.wish === 'finish-step')
        return undefined;
      if (stretch.halted) return 'halted';
    }
    const next = begun ?? this.#begin(search);
    if (control.wish !== 'finish-step') stretch.sample(next, search.policy);
    return next;
  }

  async #reached(stretch: Stretch, done: () => boolean): Promise<boolean> {
    if (await stretch.until(done)) return true;
    await stretch.settle();
    return done();
  }

  async #finish(open: OpenStep, search: Search, signal: AbortSignal): Promise<void> {
    const { facts, record, ports, occupancy } = this.#options;
    const groups = await facts.evaluatedGroups(open);
    const { gauges, ...result } = await search.finishStep(open.step, facts.stepRecords(open), groups, signal);
    const durationMs = record.activeMs(ports.clock.monotonicMs()) - open.startedAtMs;
    this.#options.writer.append({
      type: 'step.finished',
      step: open.step,
      ...result,
      gauges: onlyFinite({ ...occupancy.take(), ...gauges }),
      durationMs,
    });
  }

  #halted(): Halt {
    return this.#options.halts.asked() ?? 'paused';
  }

  /** An update would take more of what is used up. */
  #tokensSpent(): boolean {
    const asked = this.#options.halts.asked();
    return asked === 'tokens' || asked === 'cost';
  }
}

/** Gauges go through JSON, which has no NaN and no infinity. */
function onlyFinite(gauges: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(gauges).filter(([, value]) => Number.isFinite(value)));
}

import type { CaseResult } from '../../domain/session/outcome';
import type { EvaluationReport, Incumbent, IncumbentProgram } from '../../evaluation/evaluator';
import type { CandidateFacts, Job, LoopContext } from './candidateFacts';
import type { SessionWriter } from './sessionWriter';
import { writeNode } from './writeNode';

export interface IncumbentsOptions extends LoopContext {
  readonly facts: CandidateFacts;
  readonly writer: Pick<SessionWriter, 'append'>;
  /** No evaluation may begin any more. */
  readonly isHalted: () => boolean;
  /** The number of runs of parents grew. */
  readonly onRunBegun: () => void;
}

/**
 * Parents, run once with the seed of the step in which they are parents: what their children are compared with, case by case, where the
 * evaluator stops those that are clearly worse. Each run is in the journal and counts as an evaluation; its cases are not, so a new runner
 * runs it again.
 */
export class Incumbents {
  readonly #runs = new Map<string, Promise<readonly CaseResult[] | undefined>>();
  #running = 0;

  constructor(private readonly options: IncumbentsOptions) {}

  /** Parents that run. */
  get running(): number {
    return this.#running;
  }

  /** What the job is compared with; undefined if there is nothing. */
  async incumbentFor(job: Job, signal: AbortSignal): Promise<Incumbent | undefined> {
    const cases = await this.#casesFor(job, signal);
    const program = await this.#programFor(job);
    if (cases === undefined && program === undefined) return undefined;
    return { ...(cases === undefined ? {} : { cases }), ...(program === undefined ? {} : { program }) };
  }

  /** As it was recorded: nothing is run for it. */
  async #programFor({ parent }: Job): Promise<IncumbentProgram | undefined> {
    const { ports, facts } = this.options;
    const record = parent === undefined ? undefined : facts.candidate(parent);
    if (ports.evaluator.takesParent !== true || record?.outcome?.kind !== 'valid') return undefined;
    const { value, metrics } = record.outcome;
    return { text: await facts.text(record), value, metrics };
  }

  /**
   * The cases of the job's parent under the job's seed; undefined if there is nothing to compare with, or the last evaluation that a
   * budget allows is the job's own.
   */
  #casesFor(job: Job, signal: AbortSignal): Promise<readonly CaseResult[] | undefined> {
    const { parent, seed } = job;
    const { ports, facts, isHalted } = this.options;
    const step = facts.candidate(job.candidate)?.step;
    if (parent === undefined || step === undefined || ports.evaluator.races !== true)
      return Promise.resolve(undefined);
    const key = `${parent}-${seed}`;
    const known = this.#runs.get(key);
    if (known !== undefined) return known;
    if (isHalted()) return Promise.resolve(undefined);
    const run = this.#run({ parent, step, seed }, signal);
    this.#runs.set(key, run);
    return run;
  }

  async #run(
    { parent, step, seed }: { readonly parent: number; readonly step: number; readonly seed: number },
    signal: AbortSignal,
  ): Promise<readonly CaseResult[] | undefined> {
    const { facts, ports, record, writer, onRunBegun } = this.options;
    const candidate = facts.candidate(parent);
    if (candidate?.outcome?.kind !== 'valid') return undefined;
    this.#running += 1;
    onRunBegun();
    let report: EvaluationReport;
    try {
      report = await ports.evaluator.evaluate(
        {
          id: `r${record.snapshot.runs}-p${parent}-${seed}`,
          lastingId: `p${parent}-${seed}`,
          candidateText: await facts.text(candidate),
          seed,
          ...(candidate.parent === undefined ? {} : await facts.stateOf(candidate.parent)),
        },
        signal,
      );
    } finally {
      // From here on the record counts it.
      this.#running -= 1;
    }
    const { outcome, durationMs, queuedMs } = report;
    // A run that we ourselves ended says nothing.
    if (signal.aborted && outcome.kind === 'failed') return undefined;
    writeNode(this.options, report);
    writer.append({
      ...{ type: 'parent.evaluated', candidate: parent, step, outcome, durationMs },
      ...(queuedMs === undefined ? {} : { queuedMs }),
    });
    await report.forget?.();
    return outcome.kind === 'valid' ? report.cases : undefined;
  }
}

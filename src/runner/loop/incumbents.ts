import type { CaseResult } from '../../domain/session/outcome';
import type { CandidateFacts, Job, LoopContext } from './candidateFacts';

/**
 * Parents, run once with the seed of the step in which they are parents: what their children are compared with, case by case, where the
 * evaluator stops those that are clearly worse. Nothing of it is in the journal; a new runner runs them again.
 */
export class Incumbents {
  readonly #runs = new Map<string, Promise<readonly CaseResult[] | undefined>>();

  constructor(private readonly context: LoopContext & { readonly facts: CandidateFacts }) {}

  /** The cases of the job's parent under the job's seed; undefined if there is nothing to compare with. */
  casesFor(job: Job, signal: AbortSignal): Promise<readonly CaseResult[] | undefined> {
    const { parent, seed } = job;
    if (parent === undefined || this.context.ports.evaluator.races !== true)
      return Promise.resolve(undefined);
    const key = `${parent}-${seed}`;
    const known = this.#runs.get(key);
    if (known !== undefined) return known;
    const run = this.#run(parent, seed, signal);
    this.#runs.set(key, run);
    return run;
  }

  async #run(parent: number, seed: number, signal: AbortSignal): Promise<readonly CaseResult[] | undefined> {
    const { facts, ports, record } = this.context;
    const candidate = facts.candidate(parent);
    if (candidate?.outcome?.kind !== 'valid') return undefined;
    const report = await ports.evaluator.evaluate(
      {
        id: `r${record.snapshot.runs}-p${parent}-${seed}`,
        candidateText: await facts.text(candidate),
        seed,
        ...(candidate.parent === undefined ? {} : await facts.stateOf(candidate.parent)),
      },
      signal,
    );
    return report.outcome.kind === 'valid' ? report.cases : undefined;
  }
}

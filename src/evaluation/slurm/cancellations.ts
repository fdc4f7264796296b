import { setTimeout as delay } from 'node:timers/promises';
import type { SlurmPrograms } from './slurmPrograms';

const gatherMs = 200;
/** Arguments of one call. */
const mostAtOnce = 500;

/** Cancels jobs, many with one call. */
export class Cancellations {
  #waiting: string[] = [];
  #next: Promise<void> | undefined;

  constructor(private readonly programs: Pick<SlurmPrograms, 'cancel'>) {}

  /** Resolves when Slurm was told. Rejects with `SlurmProgramError`. */
  add(jobKeys: readonly string[]): Promise<void> {
    if (jobKeys.length === 0) return Promise.resolve();
    this.#waiting.push(...jobKeys);
    this.#next ??= this.#afterGathering();
    return this.#next;
  }

  async #afterGathering(): Promise<void> {
    await delay(gatherMs);
    this.#next = undefined;
    const all = this.#waiting.splice(0);
    for (let from = 0; from < all.length; from += mostAtOnce) {
      await this.programs.cancel(all.slice(from, from + mostAtOnce));
    }
  }
}

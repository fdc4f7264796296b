import { Refusal } from '../base/failures';
import { t } from '../base/translate';

/** One press of Start. While it only waits for an answer of the user, another press takes its place. */
export interface Attempt {
  isAsking: boolean;
  isReplaced: boolean;
}

/** Keeps a problem from being started twice at once. */
export class StartAttempts {
  readonly #byProblem = new Map<string, Attempt>();

  /** Throws `Refusal` where the problem is being started already, and not only asked about. */
  async make(problem: string, work: (attempt: Attempt) => Promise<void>): Promise<void> {
    const earlier = this.#byProblem.get(problem);
    if (earlier?.isAsking === false) throw new Refusal(t('This problem is being started already.'));
    if (earlier !== undefined) earlier.isReplaced = true;
    const attempt: Attempt = { isAsking: false, isReplaced: false };
    this.#byProblem.set(problem, attempt);
    try {
      await work(attempt);
    } finally {
      if (this.#byProblem.get(problem) === attempt) this.#byProblem.delete(problem);
    }
  }
}

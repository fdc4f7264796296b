/**
 * Calls back when a client was silent for too long. The silence is counted in looks at an even pace: a machine that has slept
 * finds one look late, and not the client gone.
 */
export class ClientSilence {
  static readonly #looks = 6;
  readonly #timer: NodeJS.Timeout;
  #quietLooks = 0;

  constructor(limitMs: number, onSilent: () => void) {
    this.#timer = setInterval(() => {
      this.#quietLooks += 1;
      if (this.#quietLooks > ClientSilence.#looks) onSilent();
    }, limitMs / ClientSilence.#looks);
  }

  heard(): void {
    this.#quietLooks = 0;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

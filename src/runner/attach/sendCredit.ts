import { creditBytes } from '../../protocol/attachRpc';

/** How much may be under way to a client that has not yet said that it has it. */
export class SendCredit {
  #sent: { readonly seq: number; readonly bytes: number }[] = [];
  #unackedBytes = 0;
  #wake: (() => void) | undefined;

  /** `signal`: aborted, nobody waits for room any more. */
  constructor(private readonly signal: AbortSignal) {
    signal.addEventListener('abort', () => this.#wake?.());
  }

  /** Waits until the client has room. One batch may always be under way, however large its only entry is. */
  async roomFor(bytes: number): Promise<void> {
    while (this.#unackedBytes > 0 && this.#unackedBytes + bytes > creditBytes && !this.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** A batch goes out; `seq`: of its last entry. */
  take(seq: number, bytes: number): void {
    this.#sent.push({ seq, bytes });
    this.#unackedBytes += bytes;
  }

  /** The client has all entries up to this one. */
  acknowledged(seq: number): void {
    while (this.#sent[0] !== undefined && this.#sent[0].seq <= seq) {
      this.#unackedBytes -= this.#sent.shift()?.bytes ?? 0;
    }
    this.#wake?.();
  }
}

import type { Verdict } from '../../protocol/hostCommands';
import { ControlClient } from '../host/controlClient';
import type { SessionFolder } from '../host/sessionFolder';
import { verdictOf } from '../host/sessionListing';

const lookIntervalMs = 1000;

export interface ProcessWatchOptions {
  readonly folder: SessionFolder;
  /** What the client was told last. */
  readonly told: Verdict;
  readonly signal: AbortSignal;
  /** The journal may have grown: read on. */
  readonly poke: () => void;
  readonly log: (message: string) => void;
}

/** Watches the process of a session: what is to be told of it, and its hints that the journal has grown. */
export class ProcessWatch {
  readonly #options: ProcessWatchOptions;
  #runner: ControlClient | undefined;
  #told: string;
  #news: Verdict | undefined;
  #newsIsDue = false;

  constructor(options: ProcessWatchOptions) {
    this.#options = options;
    this.#told = JSON.stringify(options.told);
    options.signal.addEventListener('abort', () => this.#runner?.close());
  }

  /** Looks at an even pace from here on. Gives what ends that. */
  start(): () => void {
    const timer = setInterval(() => {
      this.look();
    }, lookIntervalMs);
    return () => {
      clearInterval(timer);
    };
  }

  /** Notes a changed verdict; it is due when all that was written before has been sent. */
  look(): void {
    const { folder, poke } = this.#options;
    const verdict = verdictOf(folder);
    if (JSON.stringify(verdict) !== this.#told) {
      this.#news = verdict;
      poke();
    }
    if (verdict.state === 'live' && this.#runner === undefined) void this.#listenToRunner();
  }

  /** Call when the journal's reader found nothing more: the verdict that is now to be told, if one is. */
  newsAtRest(): Verdict | undefined {
    const verdict = this.#news;
    if (verdict === undefined) return undefined;
    if (!this.#newsIsDue) {
      // The reading that just found nothing may have begun before the process wrote its last: look once more.
      this.#newsIsDue = true;
      this.#options.poke();
      return undefined;
    }
    this.#news = undefined;
    this.#newsIsDue = false;
    this.#told = JSON.stringify(verdict);
    return verdict;
  }

  /** Hints of the runner make entries come at once. Without them watching and polling serve. */
  async #listenToRunner(): Promise<void> {
    const { folder, signal, poke, log } = this.#options;
    try {
      const runner = await ControlClient.open(folder.socketPath, poke, () => {
        this.#runner = undefined;
        if (!signal.aborted) this.look();
      });
      if (signal.aborted || this.#runner !== undefined) runner.close();
      else this.#runner = runner;
    } catch (error) {
      log(`The session's process does not listen yet: ${String(error)}`);
    }
  }
}

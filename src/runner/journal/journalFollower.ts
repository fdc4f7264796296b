import { watch, type FSWatcher } from 'node:fs';
import { JournalReader, type JournalLine, type SkippedLine } from './journalReader';

export interface FollowOptions {
  readonly folder: string;
  /** First number wanted. */
  readonly from: number;
  readonly signal: AbortSignal;
  readonly onSkipped?: (line: SkippedLine) => void;
  /** How often the journal is looked at when nothing else says that it grew, in milliseconds. */
  readonly pollMs?: number;
}

/**
 * Follows a journal: first what is there, then what comes. `fs.watch` and `poke` say when to look again; because
 * watching misses changes on network file systems, it also looks once a second.
 */
export class JournalFollower {
  readonly #options: FollowOptions;
  #grown = true;
  #wake: (() => void) | undefined;

  constructor(options: FollowOptions) {
    this.#options = options;
  }

  /** The journal may have grown. */
  poke(): void {
    this.#grown = true;
    this.#wake?.();
  }

  /**
   * Batches of entries in order, each about `maxBytes` or one entry; an empty one each time that all there is has been
   * given. Ends when the signal is aborted.
   */
  async *batches(maxBytes: number): AsyncGenerator<readonly JournalLine[], void, undefined> {
    const { folder, from, signal, onSkipped } = this.#options;
    const reader = new JournalReader(folder, from, onSkipped);
    const watcher = this.#watch(folder);
    const poll = setInterval(() => {
      this.poke();
    }, this.#options.pollMs ?? 1000);
    const onAbort = (): void => this.#wake?.();
    signal.addEventListener('abort', onAbort);
    try {
      while (!signal.aborted) {
        this.#grown = false;
        const lines = await reader.read(maxBytes);
        yield lines;
        if (lines.length === 0) await this.#untilGrown(signal);
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      clearInterval(poll);
      watcher?.close();
      await reader.close();
    }
  }

  async #untilGrown(signal: AbortSignal): Promise<void> {
    while (!this.#grown && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#wake = undefined;
  }

  /** Watching is a hint; where the system has no watches left, polling alone serves. */
  #watch(folder: string): FSWatcher | undefined {
    try {
      const watcher = watch(folder, () => {
        this.poke();
      });
      watcher.on('error', () => {
        watcher.close();
      });
      return watcher;
    } catch {
      return undefined;
    }
  }
}

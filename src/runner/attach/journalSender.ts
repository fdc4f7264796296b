import type { MessageConnection } from 'vscode-jsonrpc/node';
import { methodNames, type EntriesParams, type VerdictParams } from '../../protocol/attachRpc';
import type { Verdict } from '../../protocol/hostCommands';
import type { SessionFolder } from '../host/sessionFolder';
import { JournalFollower } from '../journal/journalFollower';
import { ProcessWatch } from './processWatch';
import { SendCredit } from './sendCredit';

const batchBytes = 128 * 1024;

export interface JournalSenderOptions {
  readonly connection: MessageConnection;
  readonly folder: SessionFolder;
  /** Sequence number of the first entry to send. */
  readonly from: number;
  /** What the client knows of the session's process. */
  readonly told: Verdict;
  /** Aborted: the client is gone. */
  readonly signal: AbortSignal;
  readonly log: (message: string) => void;
}

/** Sends a session's journal as it grows, as fast as the client takes it, and what becomes of its process. */
export class JournalSender {
  readonly #options: JournalSenderOptions;
  readonly #follower: JournalFollower;
  readonly #process: ProcessWatch;
  readonly #credit: SendCredit;

  constructor(options: JournalSenderOptions) {
    this.#options = options;
    const { folder, from, told, signal, log } = options;
    this.#follower = new JournalFollower({
      ...{ folder: folder.journalPath, from, signal },
      onSkipped: ({ segment, offset, reason }) => {
        log(`Journal segment ${segment}, byte ${offset}: ${reason}; left out.`);
      },
    });
    const poke = (): void => {
      this.#follower.poke();
    };
    this.#process = new ProcessWatch({ folder, told, signal, poke, log });
    this.#credit = new SendCredit(signal);
  }

  /** Ends when the signal is aborted. */
  async run(): Promise<void> {
    const { connection, signal } = this.#options;
    const stopLooking = this.#process.start();
    try {
      for await (const lines of this.#follower.batches(batchBytes)) {
        if (lines.length > 0) {
          const bytes = lines.reduce((sum, line) => sum + line.bytes, 0);
          await this.#credit.roomFor(bytes);
          if (signal.aborted) return;
          this.#credit.take(lines.at(-1)?.seq ?? 0, bytes);
          const params: EntriesParams = { entries: lines.map((line) => line.value), bytes };
          await connection.sendNotification(methodNames.entries, params);
        } else {
          const verdict = this.#process.newsAtRest();
          if (verdict === undefined) continue;
          const params: VerdictParams = { verdict, nowMs: Date.now() };
          await connection.sendNotification(methodNames.verdict, params);
        }
      }
    } finally {
      stopLooking();
    }
  }

  acknowledged(seq: number): void {
    this.#credit.acknowledged(seq);
  }

  /** The session's process was asked for something: looks what became of it. */
  lookAtProcess(): void {
    this.#process.look();
  }
}

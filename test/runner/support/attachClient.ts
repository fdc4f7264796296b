import type { ChildProcess } from 'node:child_process';
import {
  createMessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import {
  entriesParams,
  initializeResult,
  methodNames,
  verdictParams,
  type InitializeResult,
} from '../../../src/protocol/attachRpc';
import type { Verdict } from '../../../src/protocol/hostCommands';
import { journalEntry, parseJournalValue } from '../../../src/protocol/journalEntry';
import type { JournalEntry } from '../../../src/domain/session/events';
import type { BuiltRunner } from './builtRunner';

const nonce = '0123456789abcdef';

/** An editor's side of `attach`. */
export class AttachClient {
  readonly process: ChildProcess;
  readonly entries: JournalEntry[] = [];
  readonly verdicts: Verdict[] = [];
  /** Entries of types that this version does not know, where they are expected. */
  readonly unknown: unknown[] = [];
  /** Whether entries are acknowledged. */
  acknowledges = true;
  unacknowledgedBytes = 0;
  #watchers: (() => void)[] = [];
  #closed = false;
  #acknowledging: Promise<void> = Promise.resolve();

  private constructor(
    child: ChildProcess,
    readonly connection: MessageConnection,
    acceptsUnknown: boolean,
  ) {
    this.process = child;
    connection.onNotification(methodNames.entries, (params: unknown) => {
      const { entries, bytes } = entriesParams.parse(params);
      for (const entry of entries) {
        if (acceptsUnknown && parseJournalValue(entry).kind === 'unknown') this.unknown.push(entry);
        else this.entries.push(journalEntry.parse(entry));
      }
      if (this.#closed) return;
      if (this.acknowledges) this.#acknowledging = this.acknowledge();
      else this.unacknowledgedBytes += bytes;
      this.#changed();
    });
    connection.onNotification(methodNames.verdict, (params: unknown) => {
      this.verdicts.push(verdictParams.parse(params).verdict);
      this.#changed();
    });
    connection.onClose(() => {
      this.#changed();
    });
    connection.listen();
    child.stdout?.resume();
  }

  static async open(
    runner: BuiltRunner,
    sessionId: string,
    { acceptsUnknown = false }: { readonly acceptsUnknown?: boolean } = {},
  ): Promise<AttachClient> {
    const child = runner.spawn(['attach', '--session', sessionId, '--nonce', nonce]);
    const { stdin, stdout } = child;
    if (stdin === null || stdout === null) throw new Error('attach has no streams');
    const marker = Buffer.from(`\n@@${nonce}@@\n`);
    let seen = Buffer.alloc(0);
    await new Promise<void>((resolve, reject) => {
      const look = (chunk: Buffer): void => {
        seen = Buffer.concat([seen, chunk]);
        if (!seen.includes(marker)) return;
        stdout.off('data', look);
        stdout.pause();
        resolve();
      };
      stdout.on('data', look);
      stdout.once('end', () => {
        reject(new Error('attach ended'));
      });
    });
    stdout.unshift(seen.subarray(seen.indexOf(marker) + marker.length));
    const connection = createMessageConnection(
      new StreamMessageReader(stdout),
      new StreamMessageWriter(stdin),
    );
    return new AttachClient(child, connection, acceptsUnknown);
  }

  async initialize(sessionId: string, from: number): Promise<InitializeResult> {
    const answer: unknown = await this.connection.sendRequest(methodNames.initialize, {
      protocols: [1],
      sessionId,
      from,
    });
    const result = initializeResult.parse(answer);
    this.verdicts.push(result.verdict);
    return result;
  }

  request(method: string, params: unknown = {}): Promise<unknown> {
    return this.connection.sendRequest(method, params);
  }

  acknowledge(): Promise<void> {
    this.unacknowledgedBytes = 0;
    return this.connection.sendNotification(methodNames.ack, { seq: this.entries.at(-1)?.seq ?? 0 });
  }

  /** Resolves when the condition holds; it is looked at after every message. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#acknowledging;
    this.connection.dispose();
    const ended = new Promise<void>((resolve) => {
      this.process.once('close', () => {
        resolve();
      });
    });
    this.process.stdin?.end();
    this.process.stdout?.resume();
    if (this.process.exitCode === null && this.process.signalCode === null) await ended;
  }

  #changed(): void {
    for (const wake of this.#watchers.splice(0)) wake();
  }
}

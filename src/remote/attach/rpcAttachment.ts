import { ResponseError, type MessageConnection } from 'vscode-jsonrpc/node';
import * as z from 'zod';
import {
  attachProtocols,
  entriesParams,
  initializeHead,
  initializeResult,
  methodNames,
  readBlobResult,
  verdictParams,
  type NoteParams,
  type PauseParams,
  type ProvideSecretsParams,
  type ResumeParams,
} from '../../protocol/attachRpc';
import type { Verdict } from '../../protocol/hostCommands';
import type { SessionSecrets } from '../../protocol/sessionSecrets';
import type { AttachmentListener, SessionAttachment } from '../hostClient';
import { lostError } from '../shell/markedRun';
import type { RemoteProcess } from '../transport';
import { protocolError, versionError } from './attachErrors';
import { EntryOrder } from './entryOrder';
import { HostRequests } from './hostRequests';
import { LinkPulse } from './linkPulse';
import { systemClock } from './sessionFollower';

export interface AttachTimes {
  /** A host that was silent for so long is asked whether it is there. */
  readonly pingEveryMs: number;
  /** The link is dead when it then stays silent for so long. */
  readonly pingTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

export interface RpcAttachmentOptions {
  readonly log: (level: 'debug' | 'warn', message: string) => void;
  readonly times: AttachTimes;
  /** Called once when the attachment is over, however it ended. */
  readonly onEnded: () => void;
  /** Called when a ping had no answer: the whole link may be dead. */
  readonly onSilent: () => void;
}

const stopTimeoutMs = 30_000;
const closeGraceMs = 2_000;

/** One attached session, over a connection that its attach process serves. */
export class RpcAttachment implements SessionAttachment {
  private readonly order: EntryOrder;
  private readonly requests: HostRequests;
  private hostLastSeq = 0;
  private currentVerdict: Verdict = { state: 'live', pid: 0 };
  private isOver = false;
  private delivering: Promise<void> = Promise.resolve();
  private pulse: LinkPulse | undefined;

  constructor(
    private readonly connection: MessageConnection,
    private readonly process: RemoteProcess,
    from: number,
    private readonly listener: AttachmentListener,
    private readonly options: RpcAttachmentOptions,
    private readonly stderr: () => string,
  ) {
    this.order = new EntryOrder(from);
    this.requests = new HostRequests({ connection, process, stderr, isOver: () => this.isOver });
  }

  get lastSeq(): number {
    return Math.max(this.hostLastSeq, this.order.next - 1);
  }
  get verdict(): Verdict {
    return this.currentVerdict;
  }

  async initialize(sessionId: string): Promise<void> {
    let held: (() => void) | undefined;
    // Entries may arrive with the answer; the listener gets them only once it has its attachment.
    this.delivering = new Promise((resolve) => (held = resolve));
    this.connection.onNotification(methodNames.entries, (params: unknown) => this.onEntries(params));
    this.connection.onNotification(methodNames.verdict, (params: unknown) => this.onVerdict(params));
    this.connection.onError(([error]) => this.lose(lostError(error)));
    this.connection.onClose(() => void this.onStreamEnd());
    void this.process.exited.then(() => this.onStreamEnd());
    this.connection.listen();
    try {
      const result = await this.requests.ask(
        methodNames.initialize,
        { protocols: [...attachProtocols], sessionId, from: this.order.next },
        initializeHead,
        this.options.times.requestTimeoutMs,
      );
      this.begin(result);
    } catch (error) {
      this.end();
      throw error;
    }
    setImmediate(() => held?.());
  }

  private begin(head: z.infer<typeof initializeHead>): void {
    if (!attachProtocols.includes(head.protocol)) throw versionError(head.runnerVersion, [head.protocol]);
    const result = initializeResult.safeParse(head);
    if (!result.success) throw protocolError('The answer to initialize is not understood', result.error);
    this.hostLastSeq = result.data.lastSeq;
    this.currentVerdict = result.data.verdict;
    const { pingEveryMs, pingTimeoutMs } = this.options.times;
    this.pulse = new LinkPulse({
      pingEveryMs,
      deadlineMs: pingTimeoutMs,
      clock: systemClock,
      ping: () => void this.ping(),
      onDead: () => {
        this.options.onSilent();
        this.lose(lostError(new Error(`nothing was heard for ${(pingEveryMs + pingTimeoutMs) / 1000} s`)));
      },
    });
  }

  /** Any answer is a sign of life; that there is none, the pulse finds out. */
  private async ping(): Promise<void> {
    try {
      await this.connection.sendRequest(methodNames.ping, {});
    } catch (error) {
      if (!(error instanceof ResponseError)) return;
    }
    this.onHeard();
  }

  private onHeard(): void {
    if (this.isOver) return;
    this.pulse?.heard();
    this.listener.onHeard?.();
  }

  private onEntries(params: unknown): void {
    this.onHeard();
    const parsed = entriesParams.safeParse(params);
    if (!parsed.success) {
      this.lose(protocolError('The host sent entries that are not understood', parsed.error));
      return;
    }
    this.delivering = this.delivering.then(() => this.deliver(parsed.data.entries));
  }

  /** Entries reach the listener contiguous and once; the host hears of them when they have been applied. */
  private async deliver(delivered: readonly unknown[]): Promise<void> {
    if (this.hasEnded()) return;
    const { entries, unnumbered, missing } = this.order.take(delivered);
    for (const awaited of unnumbered) {
      this.options.log('warn', `An entry after ${awaited - 1} has no sequence number and was passed over.`);
    }
    if (missing !== undefined) {
      this.lose(protocolError(`Events ${missing.from} to ${missing.to} are missing`));
      return;
    }
    try {
      if (entries.length > 0) await this.listener.onEntries(entries);
    } catch (error) {
      this.lose(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (this.hasEnded()) return;
    try {
      await this.connection.sendNotification(methodNames.ack, { seq: this.order.next - 1 });
    } catch (error) {
      // The stream may end before the process that it comes from.
      this.lose(lostError(error));
    }
  }

  private onVerdict(params: unknown): void {
    this.onHeard();
    const parsed = verdictParams.safeParse(params);
    if (!parsed.success) {
      this.lose(protocolError('The host sent a verdict that is not understood', parsed.error));
      return;
    }
    const { verdict } = parsed.data;
    // In order with the entries: an end is told only after all that led to it.
    this.delivering = this.delivering.then(() => {
      if (this.isOver) return;
      this.currentVerdict = verdict;
      try {
        this.listener.onVerdict(verdict);
      } catch (error) {
        this.lose(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  private async onStreamEnd(): Promise<void> {
    if (this.isOver) return;
    const { code, signal } = await this.process.exited;
    const said = this.stderr().trim().slice(-500);
    if (said !== '') this.options.log('warn', `attach: ${said}`);
    if (code === undefined && signal === undefined) this.lose(lostError());
    else this.lose(lostError(new Error(`attach ended with ${code ?? signal ?? ''}: ${said}`)));
  }

  private lose(reason: Error): void {
    if (this.isOver) return;
    this.end();
    this.process.kill();
    this.listener.onLost(reason);
  }

  /** A method, because the end may come during any wait. */
  private hasEnded(): boolean {
    return this.isOver;
  }

  private end(): void {
    this.isOver = true;
    this.pulse?.stop();
    this.connection.dispose();
    this.options.onEnded();
  }

  private async tell(method: string, params: unknown = {}): Promise<void> {
    await this.requests.ask(method, params, z.unknown(), this.options.times.requestTimeoutMs);
  }
  pause(params: PauseParams = {}): Promise<void> {
    return this.tell(methodNames.pause, params);
  }
  resume(secrets?: SessionSecrets): Promise<void> {
    return this.tell(methodNames.resume, { secrets } satisfies ResumeParams);
  }
  provideSecrets(secrets: SessionSecrets): Promise<void> {
    return this.tell(methodNames.provideSecrets, { secrets } satisfies ProvideSecretsParams);
  }
  async stop(options: { readonly now: boolean }): Promise<void> {
    await this.requests.ask(methodNames.stop, { now: options.now }, z.unknown(), stopTimeoutMs);
  }
  note(text: string): Promise<void> {
    return this.tell(methodNames.note, { text } satisfies NoteParams);
  }
  removeNotes(): Promise<void> {
    return this.tell(methodNames.removeNotes);
  }
  readCandidate(sha256: string): Promise<string> {
    return this.readBlob(methodNames.readCandidate, sha256);
  }
  readState(sha256: string): Promise<string> {
    return this.readBlob(methodNames.readState, sha256);
  }
  readArtifact(sha256: string): Promise<string> {
    return this.readBlob(methodNames.readArtifact, sha256);
  }
  private async readBlob(method: string, sha256: string): Promise<string> {
    const { requestTimeoutMs } = this.options.times;
    return (await this.requests.ask(method, { sha256 }, readBlobResult, requestTimeoutMs)).text;
  }

  async close(): Promise<void> {
    if (!this.isOver) this.end();
    this.process.stdin.end();
    const force = setTimeout(() => this.process.kill(), closeGraceMs);
    this.process.stdout.resume();
    await this.process.exited;
    clearTimeout(force);
  }
}

import { setImmediate } from 'node:timers/promises';
import { emptySnapshot } from '../../domain/session/reduce';
import type { SessionSnapshot } from '../../domain/session/snapshot';
import type { SessionAttachment } from '../../remote/hostClient';
import { Refusal } from '../base/failures';
import { applyEntries } from './applyEntries';
import { sha256Of, type JournalCache } from './journalCache';
import type { KnownSession } from './sessionRegistry';
import type { Connection } from './sessions';
import { isEnded } from './sessionItems';
import { t } from '../base/translate';

/** A link that is kept up until it is closed. */
export interface SessionLink {
  /** Present while the session is attached. */
  readonly attachment: SessionAttachment | undefined;
  /** Tries at once where contact is lost. */
  retryNow(): void;
  close(): Promise<void>;
}

export interface LinkRequest {
  readonly session: KnownSession;
  /** The last entry that is here already; 0 for none. */
  readonly lastSeq: number;
  onEntries(values: readonly unknown[]): Promise<void>;
  onConnection(connection: Connection): void;
}

export interface TrackedSessionContext {
  readonly cache: JournalCache;
  readonly openLink: (request: LinkRequest) => SessionLink;
  readonly nowMs: () => number;
  readonly warn: (message: string, error: unknown) => void;
  readonly onChange: () => void;
}

/** How many entries are applied in one go before the editor gets its turn. */
const sliceLength = 500;

/** One session: its snapshot, grown from the cached journal and then from the host, and its link. */
export class TrackedSession {
  snapshot: SessionSnapshot = emptySnapshot;
  connection: Connection = { state: 'offline' };
  lastContactMs: number | undefined;
  private link: SessionLink | undefined;
  /** Counts the links; what an older one still says is not listened to. */
  private linkNumber = 0;
  private loading: Promise<void> | undefined;
  private isRemoved = false;
  private cacheWorks = true;
  /** Requests that wait for their answer. */
  private requests = 0;
  private isKeepingBest = false;
  private keptBest: number | undefined;
  private readonly unknownTypes = new Set<string>();
  /** Waiting for the link to come up or to fail. */
  private readonly waiters = new Set<() => void>();

  constructor(
    readonly known: KnownSession,
    private readonly context: TrackedSessionContext,
  ) {}

  /** True if all that the host had when contact was made is here. */
  get isCurrent(): boolean {
    const attachment = this.link?.attachment;
    return attachment !== undefined && this.snapshot.lastSeq >= attachment.lastSeq;
  }

  /** Applies the cached journal, once. */
  load(): Promise<void> {
    this.loading ??= this.readCache();
    return this.loading;
  }

  /** Follows the session on its host from the entry after the last one known; tries at once where contact is lost. */
  async attach(): Promise<void> {
    this.link?.retryNow();
    if (this.link !== undefined || this.isRemoved) return;
    this.linkNumber += 1;
    const number = this.linkNumber;
    this.setConnection({ state: 'connecting' });
    await this.load();
    if (number !== this.linkNumber) return;
    this.link = this.context.openLink({
      session: this.known,
      lastSeq: this.snapshot.lastSeq,
      onEntries: async (values) => {
        if (number === this.linkNumber) await this.take(values);
      },
      onConnection: (connection) => {
        if (number !== this.linkNumber) return;
        // An ended session's link may go by itself.
        if (connection.state === 'offline') this.link = undefined;
        this.setConnection(connection);
      },
    });
  }

  async detach(): Promise<void> {
    const link = this.link;
    this.link = undefined;
    this.linkNumber += 1;
    this.setConnection({ state: 'offline' });
    await link?.close();
  }

  async remove(): Promise<void> {
    this.isRemoved = true;
    await this.detach();
    await this.loading;
    await this.context.cache.remove(this.known.id);
  }

  /** Asks the session on its host, connecting if need be; the link stays until the answer is there. */
  async request<T>(ask: (attachment: SessionAttachment) => Promise<T>): Promise<T> {
    this.requests += 1;
    try {
      return await ask(await this.attached());
    } finally {
      this.requests -= 1;
      this.leaveIfEnded();
    }
  }

  /** The attachment, waiting for one that is being made. */
  private async attached(): Promise<SessionAttachment> {
    if (this.connection.state === 'offline') await this.attach();
    while (this.connection.state === 'connecting') {
      await new Promise<void>((resolve) => this.waiters.add(resolve));
    }
    const attachment = this.link?.attachment;
    if (attachment !== undefined) return attachment;
    const nothing = t('There is no contact with session "{0}"', this.known.title);
    throw new Refusal(this.connection.state === 'lost' ? `${nothing}: ${this.connection.reason}` : nothing, {
      title: t('Reconnect'),
      command: 'reconnectSession',
      args: [this.known.id],
    });
  }

  /** Program text of a candidate: from the cache, else from the host; checked against its content address. */
  async readCandidate(candidate: number): Promise<string> {
    await this.load();
    const record = this.snapshot.candidates.at(candidate);
    if (record === undefined) {
      throw new Refusal(t('Session "{0}" has no candidate c{1}.', this.known.title, candidate));
    }
    return this.read(`c${candidate}`, record.sha256, (attachment) => attachment.readCandidate(record.sha256));
  }

  /** Text of a file that an evaluator offered: from the cache, else from the host; checked against its content address. */
  readArtifact(sha256: string): Promise<string> {
    return this.read('An artifact', sha256, (attachment) => attachment.readArtifact(sha256));
  }

  private async read(
    name: string,
    sha256: string,
    fetch: (attachment: SessionAttachment) => Promise<string>,
  ): Promise<string> {
    const cached = await this.context.cache.readCandidate(this.known.id, sha256);
    if (cached !== undefined) return cached;
    const text = await this.request(fetch);
    if (sha256Of(text) !== sha256) {
      throw new Error(
        t('The host answered with another text than the journal of "{0}" names.', this.known.title),
      );
    }
    await this.context.cache.writeCandidate(this.known.id, text).catch((error: unknown) => {
      this.context.warn(`${name} was not kept on this machine`, error);
    });
    return text;
  }

  /** Keeps the text of each new best candidate on this machine, so that its diff opens at once and without the host. */
  private async keepBest(): Promise<void> {
    if (this.isKeepingBest) return;
    this.isKeepingBest = true;
    try {
      while (this.snapshot.best !== this.keptBest && this.link?.attachment !== undefined) {
        const { best } = this.snapshot;
        if (best !== undefined) await this.readCandidate(best);
        this.keptBest = best;
      }
    } catch (error) {
      this.context.warn(`The best candidate of ${this.known.id} was not kept on this machine`, error);
    } finally {
      this.isKeepingBest = false;
      this.leaveIfEnded();
    }
  }

  /** An ended session has no more to say: its place on the connection is for others. */
  private leaveIfEnded(): void {
    if (!isEnded(this.snapshot) || this.requests > 0 || this.isKeepingBest || this.link === undefined) return;
    this.detach().catch((error: unknown) => this.context.warn(`closing ${this.known.id}`, error));
  }

  private async readCache(): Promise<void> {
    try {
      const values = await this.context.cache.read(this.known.id);
      for (let start = 0; start < values.length; start += sliceLength) {
        this.snapshot = applyEntries(this.snapshot, values.slice(start, start + sliceLength)).snapshot;
        if (start + sliceLength < values.length) await setImmediate();
      }
    } catch (error) {
      this.context.warn(`The local copy of ${this.known.id} ends at entry ${this.snapshot.lastSeq}`, error);
    }
    this.lastContactMs ??= this.snapshot.lastEventAtMs;
    this.context.onChange();
  }

  private async take(values: readonly unknown[]): Promise<void> {
    if (this.isRemoved) return;
    const { snapshot, fresh, unknownTypes } = applyEntries(this.snapshot, values);
    this.snapshot = snapshot;
    this.tellUnknown(unknownTypes);
    this.lastContactMs = this.context.nowMs();
    this.context.onChange();
    await this.keep(fresh);
    void this.keepBest();
  }

  /** Once a type: what a newer runner says beyond this version's words is kept, and shown after an update. */
  private tellUnknown(types: readonly string[]): void {
    for (const type of types) {
      if (this.unknownTypes.has(type)) continue;
      this.unknownTypes.add(type);
      this.context.warn(
        `Session ${this.known.id} has events that this version does not show`,
        `${type}; the runner is newer: update the extension`,
      );
    }
  }

  private async keep(fresh: readonly unknown[]): Promise<void> {
    if (!this.cacheWorks) return;
    try {
      await this.context.cache.append(this.known.id, fresh);
    } catch (error) {
      this.cacheWorks = false;
      this.context.warn(`The journal of ${this.known.id} is no longer copied to this machine`, error);
    }
  }

  private setConnection(connection: Connection): void {
    this.connection = connection;
    if (connection.state === 'connected') {
      this.lastContactMs = this.context.nowMs();
      void this.keepBest();
    }
    if (connection.state === 'lost') this.lastContactMs = connection.lastHeardMs ?? this.lastContactMs;
    for (const wake of this.waiters) wake();
    this.waiters.clear();
    this.context.onChange();
  }
}

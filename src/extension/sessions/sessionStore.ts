import type { Memento } from 'vscode';
import type { SessionListing } from '../../protocol/hostCommands';
import type { SessionSecrets } from '../../protocol/sessionSecrets';
import { hostKeyOf, type HostTarget } from '../../remote/hostClient';
import { Emitter, type Closeable, type Subscribe } from '../base/emitter';
import { Refusal } from '../base/failures';
import { withoutAbsent } from '../../domain/withoutAbsent';
import { labelOf } from '../hosts/hostTargets';
import { Coalescer } from './coalesce';
import type { JournalCache } from './journalCache';
import type { KnownSession, SessionRegistry } from './sessionRegistry';
import type { Sessions, SessionView } from './sessions';
import { isEnded } from './sessionItems';
import { TrackedSession, type LinkRequest, type SessionLink } from './trackedSession';
import { t } from '../base/translate';

export interface SessionStoreContext {
  readonly registry: SessionRegistry;
  readonly cache: JournalCache;
  /** Memory of this window's workspace: which sessions it was following. */
  readonly windowMemory: Pick<Memento, 'get' | 'update'>;
  readonly openLink: (request: LinkRequest) => SessionLink;
  readonly nowMs: () => number;
  readonly warn: (message: string, error: unknown) => void;
}

const followedKey = 'tttDiscover.followedSessions';

/** All sessions that this editor knows: registry, cached journals and live links. */
export class SessionStore implements Sessions, Closeable {
  private readonly tracked = new Map<string, TrackedSession>();
  private readonly views = new Map<string, SessionView>();
  private readonly changes: Emitter<string>;
  private readonly coalescer: Coalescer;
  /** Whether sessions may be followed by themselves: `restore` was called with that word. */
  private mayFollow: boolean | undefined;
  readonly onDidChange: Subscribe<string>;
  /** Resolves when the registry was read for the first time: before, no session is known. Never rejects. */
  readonly ready: Promise<void>;

  constructor(private readonly context: SessionStoreContext) {
    this.changes = new Emitter((error) => context.warn('session listener', error));
    this.onDidChange = this.changes.event;
    this.coalescer = new Coalescer((id) => this.changes.fire(id));
    this.ready = this.refresh().catch((error: unknown) => context.warn('The list of sessions', error));
  }

  /** Newest first. */
  get all(): readonly SessionView[] {
    return [...this.tracked.values()]
      .sort((a, b) => b.known.createdAtMs - a.known.createdAtMs)
      .map((session) => this.viewOf(session));
  }

  get(id: string): SessionView | undefined {
    const session = this.tracked.get(id);
    return session === undefined ? undefined : this.viewOf(session);
  }

  /**
   * Reads the registry again: another window may have added or removed sessions. What is new is restored as after a
   * reload, once `restore` was called.
   */
  async refresh(): Promise<void> {
    const before = [...this.tracked];
    const listed = await this.context.registry.list();
    for (const known of listed) {
      if (this.tracked.has(known.id)) continue;
      const session = this.track(known);
      if (this.mayFollow !== undefined) await this.restoreOne(session);
    }
    const ids = new Set(listed.map((known) => known.id));
    for (const [id, session] of before) {
      if (ids.has(id)) continue;
      this.forget(id);
      await session.detach();
    }
  }

  /**
   * Restores every session from its cached journal, newest first, and, if it may, follows again what was followed: on
   * this machine all sessions that have not ended, on other hosts those that this window followed before a reload.
   */
  async restore(mayFollow: boolean): Promise<void> {
    await this.ready;
    this.mayFollow = mayFollow;
    for (const { id } of this.all) {
      const session = this.tracked.get(id);
      if (session !== undefined) await this.restoreOne(session);
    }
  }

  /** Takes in sessions that run on a host and were started elsewhere, and follows them. */
  async adopt(target: HostTarget, listings: readonly SessionListing[]): Promise<void> {
    for (const { sessionId: id, title, createdAtMs, verdict } of listings) {
      if (this.tracked.has(id) || verdict.state !== 'live') continue;
      const known = { id, target, title, createdAtMs: createdAtMs ?? this.context.nowMs() };
      await this.context.registry.put(known);
      await this.follow(this.track(known));
    }
  }

  /** Remembers a session that was just started, and follows it. `initialText` is the program of candidate 0. */
  async add(known: KnownSession, initialText: string): Promise<void> {
    await this.context.registry.put(known);
    const session = this.tracked.get(known.id) ?? this.track(known);
    await this.context.cache.writeCandidate(known.id, initialText).catch((error: unknown) => {
      this.context.warn(`The initial program of ${known.id} was not kept`, error);
    });
    await this.follow(session);
  }

  /** Follows a session, again if contact was lost. */
  async reconnect(id: string): Promise<void> {
    await this.follow(this.require(id));
  }

  /** The user disconnected a host: its sessions go on there, unfollowed here. */
  async detachHost(hostKey: string): Promise<void> {
    const onHost = [...this.tracked.values()].filter(
      (session) => hostKeyOf(session.known.target) === hostKey,
    );
    await Promise.all(onHost.map((session) => session.detach()));
    await this.setFollowed(
      onHost.map((session) => session.known.id),
      false,
    );
  }

  /** Forgets a session on this machine; on its host nothing changes. */
  async remove(id: string): Promise<void> {
    const session = this.require(id);
    this.forget(id);
    await this.context.registry.remove(id);
    await this.setFollowed([id], false);
    await session.remove();
  }

  async readCandidate(id: string, candidate: number): Promise<string> {
    await this.ready;
    return this.require(id).readCandidate(candidate);
  }

  async readArtifact(id: string, sha256: string): Promise<string> {
    await this.ready;
    return this.require(id).readArtifact(sha256);
  }

  async pause(id: string): Promise<void> {
    await this.require(id).request((attachment) => attachment.pause());
  }

  /** With secrets, these are handed over first. */
  async resume(id: string, secrets?: SessionSecrets): Promise<void> {
    await this.require(id).request((attachment) => attachment.resume(secrets));
  }

  /** True if all that the host had when contact was made is here: before, the snapshot is of earlier. */
  isCurrent(id: string): boolean {
    return this.tracked.get(id)?.isCurrent ?? false;
  }

  /** Hands secrets to a session that is at work. */
  async provideSecrets(id: string, secrets: SessionSecrets): Promise<void> {
    await this.require(id).request((attachment) => attachment.provideSecrets(secrets));
  }

  async stop(id: string, options: { readonly now: boolean }): Promise<void> {
    await this.require(id).request((attachment) => attachment.stop(options));
  }

  /** Steers the prompts of the steps that begin from here on. */
  async note(id: string, text: string): Promise<void> {
    await this.require(id).request((attachment) => attachment.note(text));
  }

  async removeNotes(id: string): Promise<void> {
    await this.require(id).request((attachment) => attachment.removeNotes());
  }

  async acceptedCandidate(id: string): Promise<number | undefined> {
    return (await this.context.registry.get(id))?.acceptedCandidate;
  }

  async setAccepted(id: string, candidate: number): Promise<void> {
    const known = await this.context.registry.get(id);
    if (known !== undefined) await this.context.registry.put({ ...known, acceptedCandidate: candidate });
  }

  targets(): HostTarget[] {
    return [...this.tracked.values()].map((session) => session.known.target);
  }

  dispose(): void {
    this.coalescer.dispose();
    this.changes.dispose();
    for (const session of this.tracked.values()) {
      session.detach().catch((error: unknown) => this.context.warn(`closing ${session.known.id}`, error));
    }
  }

  private async restoreOne(session: TrackedSession): Promise<void> {
    await session.load();
    const { id, target } = session.known;
    if (this.mayFollow !== true) return;
    const wasFollowed = target.kind === 'local' || this.followedIds().includes(id);
    if (wasFollowed && !isEnded(session.snapshot)) await session.attach();
  }

  private async follow(session: TrackedSession): Promise<void> {
    await this.setFollowed([session.known.id], true);
    await session.attach();
  }

  private track(known: KnownSession): TrackedSession {
    const session = new TrackedSession(known, {
      cache: this.context.cache,
      openLink: this.context.openLink,
      nowMs: this.context.nowMs,
      warn: this.context.warn,
      onChange: () => {
        this.views.delete(known.id);
        if (this.tracked.get(known.id) === session) this.coalescer.touch(known.id);
      },
    });
    this.tracked.set(known.id, session);
    this.coalescer.touch(known.id);
    return session;
  }

  private forget(id: string): void {
    this.tracked.delete(id);
    this.views.delete(id);
    this.coalescer.touch(id);
  }

  private require(id: string): TrackedSession {
    const session = this.tracked.get(id);
    if (session === undefined) throw new Refusal(t('Session {0} is not in the list any more.', id));
    return session;
  }

  private viewOf(session: TrackedSession): SessionView {
    const { known, snapshot, connection, lastContactMs } = session;
    const view =
      this.views.get(known.id) ??
      withoutAbsent({
        id: known.id,
        target: known.target,
        title: known.title,
        hostLabel: labelOf(known.target),
        problemUri: known.problemUri,
        snapshot,
        connection,
        lastContactMs,
      });
    this.views.set(known.id, view);
    return view;
  }

  private followedIds(): string[] {
    const ids = this.context.windowMemory.get<unknown>(followedKey);
    return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [];
  }

  private async setFollowed(ids: readonly string[], isFollowed: boolean): Promise<void> {
    const others = this.followedIds().filter((id) => !ids.includes(id));
    await this.context.windowMemory.update(followedKey, isFollowed ? [...others, ...ids] : others);
  }
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SessionEvent } from '../../../src/domain/session/events';
import { JournalCache, sha256Of } from '../../../src/extension/sessions/journalCache';
import { SessionRegistry, type KnownSession } from '../../../src/extension/sessions/sessionRegistry';
import { sessionItem } from '../../../src/extension/sessions/sessionItems';
import { SessionStore } from '../../../src/extension/sessions/sessionStore';
import type { LinkRequest } from '../../../src/extension/sessions/trackedSession';
import type { SessionAttachment } from '../../../src/remote/hostClient';
import { memoryMemento } from '../support/memento';
import { created, evaluated, finished, journalOf, proposed, sessionId } from './journal';

const initial = 'X = 1\n';
const better = 'X = 2\n';
const events: readonly SessionEvent[] = [
  created,
  proposed(0, sha256Of(initial)),
  evaluated(0, 5),
  { type: 'step.started', step: 0, parents: [0] },
  proposed(1, sha256Of(better)),
  evaluated(1, 3),
];
const known: KnownSession = { id: sessionId, target: { kind: 'local' }, title: 'Valley', createdAtMs: 1 };
const remote: KnownSession = { ...known, target: { kind: 'ssh', alias: 'farm' } };

/** A host that holds one journal, and the links that are open to it. */
class FakeHost {
  readonly links: { readonly request: LinkRequest; isOpen: boolean }[] = [];
  readonly asked: string[] = [];
  isReachable = true;
  onStop = (): Promise<void> => Promise.resolve();
  texts = new Map([initial, better].map((text) => [sha256Of(text), text]));

  readonly openLink = (request: LinkRequest) => {
    const link = { request, isOpen: true };
    this.links.push(link);
    const isReachable = this.isReachable;
    request.onConnection(
      isReachable
        ? { state: 'connected', verdict: { state: 'live', pid: 7 } }
        : { state: 'lost', sinceMs: 0, reason: 'No route to farm' },
    );
    return {
      attachment: isReachable ? { ...this.attachment, lastSeq: this.lastSeq } : undefined,
      retryNow: () => undefined,
      close: () => {
        link.isOpen = false;
        return Promise.resolve();
      },
    };
  };

  get openLinks(): number {
    return this.links.filter((link) => link.isOpen).length;
  }

  /** Sends what a host would send on the newest link. */
  async send(all: readonly SessionEvent[]): Promise<void> {
    const { request } = this.links.at(-1)!;
    await request.onEntries(journalOf(all).slice(request.lastSeq));
  }

  /** Number of the last entry that it had when contact was made. */
  lastSeq = 0;

  private readonly attachment: SessionAttachment = {
    lastSeq: 0,
    verdict: { state: 'live', pid: 7 },
    pause: () => Promise.resolve(void this.asked.push('pause')),
    resume: (secrets) =>
      Promise.resolve(void this.asked.push(secrets === undefined ? 'resume' : `resume with ${secrets.key}`)),
    provideSecrets: ({ key }) => Promise.resolve(void this.asked.push(`secrets ${key}`)),
    stop: async ({ now }) => {
      this.asked.push(`stop ${now ? 'now' : 'after the step'}`);
      await this.onStop();
    },
    note: (text) => Promise.resolve(void this.asked.push(`note ${text}`)),
    removeNotes: () => Promise.resolve(void this.asked.push('remove notes')),
    readCandidate: (sha256) => {
      this.asked.push(sha256);
      return Promise.resolve(this.texts.get(sha256) ?? 'something else');
    },
    readState: () => Promise.reject(new Error('not asked for')),
    readArtifact: (sha256) => {
      this.asked.push(`artifact ${sha256}`);
      return Promise.resolve(this.texts.get(sha256) ?? 'something else');
    },
    close: () => Promise.resolve(),
  };
}

describe('the sessions of an editor', () => {
  let folder: string;
  let host: FakeHost;
  let windowMemory: ReturnType<typeof memoryMemento>;
  let warnings: string[];
  let stores: SessionStore[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'session-store-'));
    host = new FakeHost();
    windowMemory = memoryMemento();
    warnings = [];
    stores = [];
  });
  afterEach(async () => {
    for (const store of stores) store.dispose();
    await rm(folder, { recursive: true, maxRetries: 5 });
  });

  /** A window of the editor, opened anew. */
  function openWindow(memory = windowMemory): SessionStore {
    const store = new SessionStore({
      registry: new SessionRegistry(folder),
      cache: new JournalCache(folder),
      windowMemory: memory,
      openLink: host.openLink,
      nowMs: () => 42_000,
      warn: (message) => warnings.push(message),
    });
    stores.push(store);
    return store;
  }

  it('show what the journal says, with the link and the last contact', async () => {
    const store = openWindow();
    await store.add(known, initial);
    await host.send(events);
    const view = store.get(sessionId)!;
    expect(view.snapshot).toMatchObject({ lastSeq: 6, best: 1, evaluated: 2, status: 'running' });
    expect(view).toMatchObject({ hostLabel: 'this machine', title: 'Valley', lastContactMs: 42_000 });
    expect(view.connection).toEqual({ state: 'connected', verdict: { state: 'live', pid: 7 } });
  });

  it('hand out a new view after a change and the same one otherwise', async () => {
    const store = openWindow();
    await store.add(known, initial);
    const before = store.get(sessionId);
    expect(store.get(sessionId)).toBe(before);
    await host.send(events.slice(0, 1));
    expect(store.get(sessionId)).not.toBe(before);
  });

  it('lose and double nothing when deliveries overlap', async () => {
    const store = openWindow();
    await store.add(known, initial);
    await host.send(events.slice(0, 4));
    await host.send(events);
    await host.send(events);
    expect(store.get(sessionId)!.snapshot).toMatchObject({ lastSeq: 6, evaluated: 2 });
    expect(await new JournalCache(folder).read(sessionId)).toEqual(journalOf(events));
  });

  it('keep events of types that a newer runner writes, and say once that they are not shown', async () => {
    const store = openWindow();
    await store.add(known, initial);
    const moonRose = (seq: number) => ({ seq, t: 1, m: 1, run: 1, event: { type: 'moon.rose', phase: 0.5 } });
    const later = [...journalOf(events), moonRose(7), moonRose(8), moonRose(9)];
    const { request } = host.links.at(-1)!;
    await request.onEntries(later.slice(0, 8));
    await request.onEntries(later.slice(8));
    expect(store.get(sessionId)!.snapshot).toMatchObject({ lastSeq: 9, best: 1 });
    expect(warnings).toEqual([`Session ${sessionId} has events that this version does not show`]);
    expect(await new JournalCache(folder).read(sessionId)).toEqual(later);
  });

  it('show the age of the last contact, and when nothing can be said of a session any more', async () => {
    const store = openWindow();
    await store.add(remote, initial);
    const { request } = host.links.at(-1)!;
    const lost = { state: 'lost', sinceMs: 40_000, lastHeardMs: 40_000, reason: 'No route to farm' } as const;
    request.onConnection(lost);
    expect(store.get(sessionId)).toMatchObject({ lastContactMs: 40_000 });
    expect(sessionItem(store.get(sessionId)!, 70_000).description).toBe('contact lost 30 s ago');
    request.onConnection({ ...lost, isUnverifiable: true });
    const item = sessionItem(store.get(sessionId)!, 160_000);
    expect(item.description).toBe('state unknown, last heard 2 min ago');
    expect(item.contextValue).toContain('canReconnect');
  });

  it('are known to be behind until all is here that the host had when contact was made', async () => {
    const store = openWindow();
    host.lastSeq = 4;
    expect(store.isCurrent(sessionId)).toBe(false);
    await store.add(known, initial);
    expect(store.isCurrent(sessionId)).toBe(false);
    await host.send(events.slice(0, 3));
    expect(store.isCurrent(sessionId)).toBe(false);
    await host.send(events.slice(0, 4));
    expect(store.isCurrent(sessionId)).toBe(true);
  });

  it('refuse a delivery with a gap and keep what they have', async () => {
    const store = openWindow();
    await store.add(known, initial);
    await host.send(events.slice(0, 2));
    await expect(host.links[0]!.request.onEntries(journalOf(events).slice(3))).rejects.toThrow(
      /entry 3 should come/,
    );
    expect(store.get(sessionId)!.snapshot.lastSeq).toBe(2);
  });

  it('are there again after a reload, and go on after the last entry', async () => {
    const before = openWindow();
    await before.add(known, initial);
    await host.send(events);
    before.dispose();

    const after = openWindow();
    await after.restore(true);
    expect(after.get(sessionId)!.snapshot).toMatchObject({ lastSeq: 6, best: 1 });
    expect(host.links.at(-1)!.request.lastSeq).toBe(6);
    await host.send([...events, finished]);
    expect(after.get(sessionId)!.snapshot).toMatchObject({ lastSeq: 7, status: 'finished' });
    expect(warnings).toEqual([]);
  });

  it('on other hosts are followed again only in the window that followed them', async () => {
    await openWindow().add(remote, initial);
    await host.send(events);
    const other = openWindow(memoryMemento());
    await other.restore(true);
    expect(other.get(sessionId)).toMatchObject({
      connection: { state: 'offline' },
      snapshot: { lastSeq: 6 },
    });
    const reloaded = openWindow();
    await reloaded.restore(true);
    expect(reloaded.get(sessionId)!.connection.state).toBe('connected');
  });

  it('of a host that the user disconnected are not followed, after a reload neither', async () => {
    const store = openWindow();
    await store.add(remote, initial);
    await store.detachHost('ssh:farm');
    expect(store.get(sessionId)!.connection).toEqual({ state: 'offline' });
    expect(host.openLinks).toBe(0);
    const reloaded = openWindow();
    await reloaded.restore(true);
    expect(reloaded.get(sessionId)!.connection).toEqual({ state: 'offline' });
    await reloaded.reconnect(sessionId);
    expect(reloaded.get(sessionId)!.connection.state).toBe('connected');
  });

  it('are shown but not followed in a folder that is not trusted', async () => {
    await openWindow().add(known, initial);
    await host.send(events);
    const restricted = openWindow(memoryMemento());
    await restricted.restore(false);
    expect(restricted.get(sessionId)).toMatchObject({
      connection: { state: 'offline' },
      snapshot: { best: 1 },
    });
    await restricted.restore(true);
    expect(restricted.get(sessionId)!.connection.state).toBe('connected');
  });

  it('that ended leave the host, and are not followed after a reload', async () => {
    const store = openWindow();
    await store.add(known, initial);
    await host.send([...events, finished]);
    await expect.poll(() => host.openLinks).toBe(0);
    const reloaded = openWindow();
    await reloaded.restore(true);
    expect(host.links.length).toBe(1);
    expect(await reloaded.readCandidate(sessionId, 1)).toBe(better);
  });

  it('of two windows see each other after a refresh', async () => {
    const one = openWindow();
    const two = openWindow(memoryMemento());
    await one.add(known, initial);
    await two.refresh();
    expect(two.all.map((view) => view.id)).toEqual([sessionId]);
    await one.remove(sessionId);
    await two.refresh();
    expect(two.all).toEqual([]);
  });

  it('that another window starts on this machine are followed here too', async () => {
    const other = openWindow(memoryMemento());
    await other.restore(true);
    await openWindow().add(known, initial);
    await other.refresh();
    await expect.poll(() => other.get(sessionId)?.connection.state).toBe('connected');
    expect(host.openLinks).toBe(2);
  });

  it('that run on a host and were started elsewhere are taken in, ended ones are not', async () => {
    const store = openWindow();
    const listing = { title: 'Valley', displayPath: 'valley.discover', lastSeq: 6 };
    await store.adopt(remote.target, [
      { ...listing, sessionId, verdict: { state: 'live', pid: 7 } },
      {
        ...listing,
        sessionId: sessionId.replace('J', 'K'),
        verdict: { state: 'exited', reason: 'finished' },
      },
    ]);
    await host.send(events);
    expect(store.all.map((view) => [view.id, view.hostLabel, view.snapshot.best])).toEqual([
      [sessionId, 'farm', 1],
    ]);
  });

  it('give the initial program without asking the host', async () => {
    const store = openWindow();
    await store.add(known, initial);
    await host.send(events.slice(0, 2));
    expect(await store.readCandidate(sessionId, 0)).toBe(initial);
    expect(host.asked).toEqual([]);
  });

  it('keep the text of the best candidate for the time without contact', async () => {
    const store = openWindow();
    await store.add(known, initial);
    await host.send(events);
    await expect.poll(() => host.asked).toEqual([sha256Of(better)]);
    host.isReachable = false;
    await store.detachHost('local');
    await expect.poll(() => store.readCandidate(sessionId, 1)).toBe(better);
  });

  it('fetch what an evaluator offered once, check it, and keep it for the time without contact', async () => {
    const picture = '{"kind":"bars"}';
    host.texts = new Map([...host.texts, [sha256Of(picture), picture]]);
    const store = openWindow();
    await store.add(known, initial);
    await host.send(events);
    expect(await store.readArtifact(sessionId, sha256Of(picture))).toBe(picture);
    await expect(store.readArtifact(sessionId, sha256Of('another'))).rejects.toThrow(/another text/);
    host.isReachable = false;
    await store.detachHost('local');
    expect(await store.readArtifact(sessionId, sha256Of(picture))).toBe(picture);
    expect(host.asked.filter((asked) => asked === `artifact ${sha256Of(picture)}`)).toHaveLength(1);
  });

  it('say what to do when a text cannot be had', async () => {
    host.isReachable = false;
    const store = openWindow();
    await store.add(known, initial);
    await host.send(events);
    await expect(store.readCandidate(sessionId, 1)).rejects.toThrow(
      /no contact with session "Valley": No route to farm/,
    );
    await expect(store.readCandidate(sessionId, 9)).rejects.toThrow(/no candidate c9/);
  });

  it('do not believe a host that answers with another text', async () => {
    host.texts = new Map();
    const store = openWindow();
    await store.add(known, initial);
    await host.send(events);
    await expect(store.readCandidate(sessionId, 1)).rejects.toThrow(/another text/);
  });

  it('pass requests to the host', async () => {
    const store = openWindow();
    await store.add(known, initial);
    await store.pause(sessionId);
    await store.resume(sessionId);
    await store.note(sessionId, 'Try a wider tile.');
    await store.removeNotes(sessionId);
    await store.stop(sessionId, { now: true });
    expect(host.asked).toEqual(['pause', 'resume', 'note Try a wider tile.', 'remove notes', 'stop now']);
  });

  it('hold on to the host until it answered, also when the answer ends the session', async () => {
    const store = openWindow();
    await store.add(known, initial);
    await host.send(events);
    const cache = new JournalCache(folder);
    await expect.poll(() => cache.readCandidate(sessionId, sha256Of(better))).toBe(better);
    host.onStop = async () => {
      await host.send([...events, finished]);
      expect(host.openLinks).toBe(1);
    };
    await store.stop(sessionId, { now: true });
    expect(store.get(sessionId)!.snapshot.status).toBe('finished');
    await expect.poll(() => host.openLinks).toBe(0);
  });

  it('announce changes at most every 100 ms, and never miss the last one', async () => {
    const store = openWindow();
    const seen: number[] = [];
    store.onDidChange((id) => seen.push(store.get(id)?.snapshot.lastSeq ?? -1));
    const beganMs = performance.now();
    await store.add(known, initial);
    for (let count = 1; count <= events.length; count += 1) await host.send(events.slice(0, count));
    await expect.poll(() => seen.at(-1)).toBe(6);
    // A busy machine may take longer over it than to one announcement.
    expect(seen.length).toBeLessThanOrEqual(3 + Math.floor((performance.now() - beganMs) / 100));
  });

  it('remember the candidate that was accepted', async () => {
    const store = openWindow();
    await store.add(known, initial);
    expect(await store.acceptedCandidate(sessionId)).toBeUndefined();
    await store.setAccepted(sessionId, 1);
    expect(await openWindow().acceptedCandidate(sessionId)).toBe(1);
  });
});

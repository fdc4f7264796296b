import {
  hostKeyOf,
  RemoteError,
  type HostClient,
  type HostTarget,
  type Progress,
} from '../../remote/hostClient';
import { untilAborted } from '../base/cancellation';
import { Emitter, type Closeable, type Subscribe } from '../base/emitter';
import { isCancelled, messageOf } from '../base/failures';

export type HostState =
  | { readonly state: 'disconnected' }
  | { readonly state: 'connecting' }
  | { readonly state: 'connected'; readonly description: string }
  | { readonly state: 'failed'; readonly message: string; readonly advice?: string };

interface Link {
  readonly controller: AbortController;
  /** Those who are told what is being done. */
  readonly watchers: Set<Progress>;
  readonly client: Promise<HostClient>;
  /** Callers that still wait; the attempt is given up when the last one cancels. */
  waiting: number;
}

/** At most one connection a host, shared by all that need it. */
export class HostConnections implements Closeable {
  private readonly links = new Map<string, Link>();
  private readonly states = new Map<string, HostState>();
  private readonly changes: Emitter<string>;
  /** Fires with the key of a host whose state changed. */
  readonly onDidChange: Subscribe<string>;

  constructor(
    private readonly open: (
      target: HostTarget,
      signal: AbortSignal,
      progress: Progress,
    ) => Promise<HostClient>,
    private readonly onError: (what: string, error: unknown) => void,
  ) {
    this.changes = new Emitter((error) => onError('host listener', error));
    this.onDidChange = this.changes.event;
  }

  stateOf(hostKey: string): HostState {
    return this.states.get(hostKey) ?? { state: 'disconnected' };
  }

  /** The connection, made if there is none. Cancelling one caller does not disturb another. */
  async connect(target: HostTarget, signal: AbortSignal, progress?: Progress): Promise<HostClient> {
    const key = hostKeyOf(target);
    const link = this.links.get(key) ?? this.begin(key, target);
    link.waiting += 1;
    if (progress !== undefined) link.watchers.add(progress);
    try {
      return await untilAborted(link.client, signal);
    } finally {
      link.waiting -= 1;
      if (progress !== undefined) link.watchers.delete(progress);
      if (signal.aborted && link.waiting === 0 && this.stateOf(key).state === 'connecting') {
        link.controller.abort();
      }
    }
  }

  async disconnect(hostKey: string): Promise<void> {
    const link = this.links.get(hostKey);
    if (link === undefined) {
      this.enter(hostKey, { state: 'disconnected' });
      return;
    }
    this.links.delete(hostKey);
    this.enter(hostKey, { state: 'disconnected' });
    link.controller.abort();
    const client = await link.client.catch(() => undefined);
    await client?.close();
  }

  dispose(): void {
    this.changes.dispose();
    for (const key of [...this.links.keys()]) {
      this.disconnect(key).catch((error: unknown) => this.onError(`closing ${key}`, error));
    }
  }

  private begin(key: string, target: HostTarget): Link {
    const controller = new AbortController();
    const watchers = new Set<Progress>();
    const tellAll: Progress = (message, fraction) => {
      for (const watcher of watchers) watcher(message, fraction);
    };
    const client = this.open(target, controller.signal, tellAll);
    const link: Link = { controller, watchers, client, waiting: 0 };
    this.links.set(key, link);
    this.enter(key, { state: 'connecting' });
    link.client.then(
      (client) => {
        if (this.links.get(key) !== link) return;
        this.enter(key, { state: 'connected', description: client.description });
        client.onClosed((reason) => this.closed(key, link, reason));
      },
      (error: unknown) => this.closed(key, link, error),
    );
    return link;
  }

  private closed(key: string, link: Link, reason: unknown): void {
    if (this.links.get(key) !== link) return;
    this.links.delete(key);
    this.enter(key, stateAfter(reason));
  }

  private enter(key: string, state: HostState): void {
    this.states.set(key, state);
    this.changes.fire(key);
  }
}

function stateAfter(reason: unknown): HostState {
  if (reason === undefined || isCancelled(reason)) return { state: 'disconnected' };
  return reason instanceof RemoteError
    ? { state: 'failed', message: reason.message, advice: reason.advice }
    : { state: 'failed', message: messageOf(reason) };
}

import * as z from 'zod';
import type { Verdict } from '../../protocol/hostCommands';
import {
  nextFollowerModel,
  offlineModel,
  unverifiableAfterMs,
  type FollowerEffect,
  type FollowerEvent,
  type FollowerState,
} from './followerState';
import { RemoteError, type HostClient, type SessionAttachment } from '../hostClient';

/** Time and chance, given from outside. */
export interface FollowerClock {
  /** Unix milliseconds. */
  nowMs(): number;
  /** Calls back once; the function it returns calls it off. */
  setTimer(delayMs: number, callback: () => void): () => void;
  /** From 0 to 1. */
  random(): number;
}

export const systemClock: FollowerClock = {
  nowMs: () => Date.now(),
  setTimer(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};

export interface FollowerListener {
  /** Contiguous and once, whatever the link does; awaited before more are taken. */
  onEntries(entries: readonly unknown[]): Promise<void> | void;
  onState(state: FollowerState): void;
}

export interface SessionFollower {
  readonly state: FollowerState;
  /** The last event that was delivered; 0 before the first. */
  readonly lastSeq: number;
  /** The live attachment, for requests; `undefined` without contact. */
  readonly attachment: SessionAttachment | undefined;
  start(): void;
  /** Tries at once instead of waiting. Does nothing while connected or connecting. */
  retryNow(): void;
  /** Ends the following; the session goes on. Nothing is delivered afterwards. */
  stop(): Promise<void>;
}

const sequenced = z.object({ seq: z.int().min(1) });

/**
 * Follows one session over a link that may break: attaches, and after a loss connects and attaches again from the event
 * after the last one delivered. Failures that are not transient wait for the person.
 * @param connect gives the connected host: a live one, or a new connection. One call at a time.
 * @param options.afterSeq the last event that the caller has already.
 */
export function followSession(
  sessionId: string,
  connect: (signal: AbortSignal) => Promise<HostClient>,
  listener: FollowerListener,
  options: { readonly afterSeq?: number; readonly clock?: FollowerClock } = {},
): SessionFollower {
  const clock = options.clock ?? systemClock;
  let model = offlineModel;
  let lastSeq = options.afterSeq ?? 0;
  let attachment: SessionAttachment | undefined;
  let clearTimer: (() => void) | undefined;
  let clearDoubt: (() => void) | undefined;
  /** One link from `connect` to its end; what an older one still says is not listened to. */
  let link: AbortController | undefined;
  /** Deliveries and closings still under way; the next link waits for them. */
  let settling: Promise<unknown> = Promise.resolve();

  const send = (event: FollowerEvent): void => {
    const before = model.view;
    const next = nextFollowerModel(model, event);
    model = next.model;
    for (const effect of next.effects) carryOut(effect);
    if (model.view !== before) listener.onState(model.view);
  };

  const carryOut = (effect: FollowerEffect): void => {
    switch (effect) {
      case 'connect': {
        const controller = new AbortController();
        link = controller;
        void settling.then(() => openLink(controller));
        return;
      }
      case 'set-timer': {
        const { view } = model;
        if (view.state !== 'lost' || view.retryAtMs === undefined) return;
        clearTimer = clock.setTimer(view.retryAtMs - clock.nowMs(), () => send({ type: 'retry' }));
        return;
      }
      case 'clear-timer':
        clearTimer?.();
        clearTimer = undefined;
        return;
      case 'set-doubt': {
        const sinceMs = model.lostSinceMs ?? clock.nowMs();
        // A clock that was set back meanwhile does not make the wait longer.
        const waitedMs = Math.max(0, clock.nowMs() - sinceMs);
        clearDoubt = clock.setTimer(Math.max(0, unverifiableAfterMs - waitedMs), () =>
          send({ type: 'doubt' }),
        );
        return;
      }
      case 'clear-doubt':
        clearDoubt?.();
        clearDoubt = undefined;
        return;
      case 'disconnect': {
        link?.abort();
        link = undefined;
        const closing = attachment?.close();
        attachment = undefined;
        settling = Promise.allSettled([settling, closing]);
        return;
      }
    }
  };

  const fail = (controller: AbortController, error: unknown): void => {
    if (controller !== link) return;
    const reason = error instanceof Error ? error : new Error(String(error));
    send({
      type: 'failed',
      reason,
      isTransient: reason instanceof RemoteError && reason.isTransient,
      isComplete: attachment !== undefined && lastSeq >= attachment.lastSeq,
      nowMs: clock.nowMs(),
      random: clock.random(),
    });
  };

  const deliver = async (entries: readonly unknown[]): Promise<void> => {
    const fresh = entries.filter((entry) => {
      const seq = sequenced.safeParse(entry).data?.seq;
      return seq !== undefined && seq > lastSeq;
    });
    const first = sequenced.safeParse(fresh[0]).data?.seq;
    const last = sequenced.safeParse(fresh.at(-1)).data?.seq;
    if (first === undefined || last === undefined) return;
    if (first !== lastSeq + 1 || last - first + 1 !== fresh.length) {
      throw new RemoteError(
        'protocol',
        `Events after ${lastSeq} are missing: the host went on with ${first} to ${last}.`,
        'Reload the session; if it repeats, its journal on the host is damaged.',
      );
    }
    await listener.onEntries(fresh);
    lastSeq = last;
  };

  const openLink = async (controller: AbortController): Promise<void> => {
    const isCurrent = () => controller === link;
    if (!isCurrent()) return;
    try {
      const client = await connect(controller.signal);
      if (!isCurrent()) return;
      const opened = await client.attach(sessionId, lastSeq + 1, {
        onEntries(entries) {
          if (!isCurrent()) return;
          const delivery = deliver(entries);
          settling = Promise.allSettled([settling, delivery]);
          return delivery;
        },
        onVerdict(verdict: Verdict) {
          if (isCurrent()) send({ type: 'verdict', verdict });
        },
        onHeard() {
          if (isCurrent()) send({ type: 'heard', nowMs: clock.nowMs() });
        },
        onLost: (reason) => fail(controller, reason),
      });
      if (!isCurrent()) {
        await opened.close();
        return;
      }
      attachment = opened;
      send({ type: 'attached', verdict: opened.verdict, nowMs: clock.nowMs() });
    } catch (error) {
      fail(controller, error);
    }
  };

  return {
    get state() {
      return model.view;
    },
    get lastSeq() {
      return lastSeq;
    },
    get attachment() {
      return attachment;
    },
    start: () => send({ type: 'start' }),
    retryNow: () => send({ type: 'retry' }),
    async stop() {
      send({ type: 'stop' });
      await settling;
    },
  };
}

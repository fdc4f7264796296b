import type { Verdict } from '../../protocol/hostCommands';

/** What is known of the link to one session. */
export type FollowerState =
  | { readonly state: 'offline' }
  | { readonly state: 'connecting'; readonly attempt: number }
  | { readonly state: 'connected'; readonly verdict: Verdict }
  | {
      readonly state: 'lost';
      /** When the host was last heard; where it never was, when it was first tried in vain. */
      readonly sinceMs: number;
      readonly wasHeard: boolean;
      /** The host was not heard for so long that nothing can be said of the session any more. It is no end of it. */
      readonly isUnverifiable: boolean;
      readonly reason: Error;
      /** Absent where only the person can try again. */
      readonly retryAtMs?: number;
    };

/** A state and what the policy must remember beside it. */
export interface FollowerModel {
  readonly view: FollowerState;
  /** Attempts since contact was last steady; the back-off grows with it. */
  readonly attempts: number;
  readonly connectedAtMs: number | undefined;
  readonly heardAtMs: number | undefined;
  /** Since when there is no contact, kept over failed attempts. */
  readonly lostSinceMs: number | undefined;
  readonly isUnverifiable: boolean;
}

export type FollowerEvent =
  | { readonly type: 'start' }
  | { readonly type: 'attached'; readonly verdict: Verdict; readonly nowMs: number }
  | { readonly type: 'verdict'; readonly verdict: Verdict }
  | { readonly type: 'heard'; readonly nowMs: number }
  /** `random` is from 0 to 1. */
  | {
      readonly type: 'failed';
      readonly reason: Error;
      readonly isTransient: boolean;
      /** All that the host was known to have is here. */
      readonly isComplete: boolean;
      readonly nowMs: number;
      readonly random: number;
    }
  | { readonly type: 'retry' }
  /** There was no contact for `unverifiableAfterMs`. */
  | { readonly type: 'doubt' }
  | { readonly type: 'stop' };

export type FollowerEffect =
  'connect' | 'set-timer' | 'clear-timer' | 'set-doubt' | 'clear-doubt' | 'disconnect';

export const offlineModel: FollowerModel = {
  view: { state: 'offline' },
  attempts: 0,
  connectedAtMs: undefined,
  heardAtMs: undefined,
  lostSinceMs: undefined,
  isUnverifiable: false,
};

/** Without contact for so long, what was last known of a session is no knowledge any more. */
export const unverifiableAfterMs = 45_000;

const firstDelayMs = 1_000;
const maxDelayMs = 60_000;
/** Contact that holds this long starts the back-off anew; a link that flaps faster does not. */
const steadyAfterMs = 10_000;

/** 1, 2, 4 … 60 s, of which a random part is waited, so that many windows do not come at once. */
export function backOffMs(attempts: number, random: number): number {
  const capMs = Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min(attempts, 16));
  return Math.round(capMs * random);
}

/** The reconnect policy. Pure; unknown combinations leave the model as it is. */
export function nextFollowerModel(
  model: FollowerModel,
  event: FollowerEvent,
): { readonly model: FollowerModel; readonly effects: readonly FollowerEffect[] } {
  const { state } = model.view;
  switch (event.type) {
    case 'start':
      return state === 'offline' ? connecting(model, []) : same(model);
    case 'retry':
      return state === 'lost' ? connecting(model, ['clear-timer']) : same(model);
    case 'attached':
      if (state !== 'connecting') return same(model);
      return {
        model: {
          view: { state: 'connected', verdict: event.verdict },
          attempts: model.attempts,
          connectedAtMs: event.nowMs,
          heardAtMs: event.nowMs,
          lostSinceMs: undefined,
          isUnverifiable: false,
        },
        effects: ['clear-doubt'],
      };
    case 'heard':
      return state === 'connected'
        ? { model: { ...model, heardAtMs: event.nowMs }, effects: [] }
        : same(model);
    case 'verdict':
      if (state !== 'connected') return same(model);
      return { model: { ...model, view: { state: 'connected', verdict: event.verdict } }, effects: [] };
    case 'failed':
      return state === 'connecting' || state === 'connected' ? lost(model, event) : same(model);
    case 'doubt': {
      if (model.lostSinceMs === undefined) return same(model);
      const view = state === 'lost' ? { ...model.view, isUnverifiable: true } : model.view;
      return { model: { ...model, view, isUnverifiable: true }, effects: [] };
    }
    case 'stop':
      return state === 'offline'
        ? same(model)
        : { model: offlineModel, effects: ['clear-timer', 'clear-doubt', 'disconnect'] };
  }
}

function same(model: FollowerModel): ReturnType<typeof nextFollowerModel> {
  return { model, effects: [] };
}

function connecting(
  model: FollowerModel,
  effects: readonly FollowerEffect[],
): ReturnType<typeof nextFollowerModel> {
  const attempts = model.attempts + 1;
  return {
    model: { ...model, view: { state: 'connecting', attempt: attempts }, attempts, connectedAtMs: undefined },
    effects: [...effects, 'connect'],
  };
}

function lost(
  model: FollowerModel,
  event: Extract<FollowerEvent, { type: 'failed' }>,
): ReturnType<typeof nextFollowerModel> {
  // A session whose process has ended has nothing more to say once all is here; its link going is no loss then.
  const hasExited = model.view.state === 'connected' && model.view.verdict.state === 'exited';
  if (hasExited && event.isComplete && event.isTransient) {
    return { model: offlineModel, effects: ['clear-doubt', 'disconnect'] };
  }
  const wasSteady = model.connectedAtMs !== undefined && event.nowMs - model.connectedAtMs >= steadyAfterMs;
  const attempts = wasSteady ? 0 : model.attempts;
  const sinceMs = model.lostSinceMs ?? model.heardAtMs ?? event.nowMs;
  const { isUnverifiable } = model;
  const wasHeard = model.heardAtMs !== undefined;
  const base = { state: 'lost', sinceMs, wasHeard, isUnverifiable, reason: event.reason } as const;
  const retryAtMs = event.nowMs + backOffMs(Math.max(0, attempts - 1), event.random);
  const effects: FollowerEffect[] = ['disconnect'];
  if (event.isTransient) effects.push('set-timer');
  if (model.lostSinceMs === undefined) effects.push('set-doubt');
  return {
    model: {
      view: event.isTransient ? { ...base, retryAtMs } : base,
      attempts,
      connectedAtMs: undefined,
      heardAtMs: model.heardAtMs,
      lostSinceMs: sinceMs,
      isUnverifiable,
    },
    effects,
  };
}

import type { Verdict } from '../../protocol/hostCommands';

/** What is known of the link to one session. */
export type FollowerState =
  | { readonly state: 'offline' }
  | { readonly state: 'connecting'; readonly attempt: number }
  | { readonly state: 'connected'; readonly verdict: Verdict }
  /** `retryAtMs` is absent where only the person can try again. */
  | { readonly state: 'lost'; readonly sinceMs: number; readonly reason: Error; readonly retryAtMs?: number };

/** A state and what the policy must remember beside it. */
export interface FollowerModel {
  readonly view: FollowerState;
  /** Attempts since contact was last steady; the back-off grows with it. */
  readonly attempts: number;
  readonly connectedAtMs: number | undefined;
  /** When contact was lost, kept over failed attempts. */
  readonly lostSinceMs: number | undefined;
}

export type FollowerEvent =
  | { readonly type: 'start' }
  | { readonly type: 'attached'; readonly verdict: Verdict; readonly nowMs: number }
  | { readonly type: 'verdict'; readonly verdict: Verdict }
  /** `random` is from 0 to 1. */
  | {
      readonly type: 'failed';
      readonly reason: Error;
      readonly isTransient: boolean;
      readonly nowMs: number;
      readonly random: number;
    }
  | { readonly type: 'retry' }
  | { readonly type: 'stop' };

export type FollowerEffect = 'connect' | 'set-timer' | 'clear-timer' | 'disconnect';

export const offlineModel: FollowerModel = {
  view: { state: 'offline' },
  attempts: 0,
  connectedAtMs: undefined,
  lostSinceMs: undefined,
};

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
          lostSinceMs: undefined,
        },
        effects: [],
      };
    case 'verdict':
      if (state !== 'connected') return same(model);
      return { model: { ...model, view: { state: 'connected', verdict: event.verdict } }, effects: [] };
    case 'failed':
      return state === 'connecting' || state === 'connected' ? lost(model, event) : same(model);
    case 'stop':
      return state === 'offline'
        ? same(model)
        : { model: offlineModel, effects: ['clear-timer', 'disconnect'] };
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
  // A session that has ended has nothing more to say; its link going is no loss.
  if (model.view.state === 'connected' && model.view.verdict.state === 'exited' && event.isTransient) {
    return { model: offlineModel, effects: ['disconnect'] };
  }
  const wasSteady = model.connectedAtMs !== undefined && event.nowMs - model.connectedAtMs >= steadyAfterMs;
  const attempts = wasSteady ? 0 : model.attempts;
  const sinceMs = model.lostSinceMs ?? event.nowMs;
  const base = { state: 'lost', sinceMs, reason: event.reason } as const;
  const retryAtMs = event.nowMs + backOffMs(Math.max(0, attempts - 1), event.random);
  return {
    model: {
      view: event.isTransient ? { ...base, retryAtMs } : base,
      attempts,
      connectedAtMs: undefined,
      lostSinceMs: sinceMs,
    },
    effects: event.isTransient ? ['disconnect', 'set-timer'] : ['disconnect'],
  };
}

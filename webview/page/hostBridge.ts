import {
  dashboardPageState,
  toDashboard,
  type DashboardPageState,
  type FromDashboard,
  type ToDashboard,
} from '../../src/protocol/dashboardMessages';

/** What VS Code gives to a webview's page. */
interface WebviewApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): WebviewApi;

export interface HostBridge {
  readonly send: (message: FromDashboard) => void;
  /** Messages that cannot be read go to `onUnreadable`, with the reason. */
  listen(onMessage: (message: ToDashboard) => void, onUnreadable: (reason: string) => void): void;
  readonly state: DashboardPageState;
  /** Kept over reloads and restarts of the editor. */
  keep(change: Partial<Omit<DashboardPageState, 'sessionId'>>): void;
}

/** The page's one way out. `sessionId` is kept from the start, so that even a page that never got data is restored. */
export function connectToHost(sessionId: string): HostBridge {
  const api = acquireVsCodeApi();
  const kept = dashboardPageState.safeParse(api.getState());
  let state: DashboardPageState =
    kept.success && kept.data.sessionId === sessionId
      ? kept.data
      : {
          sessionId,
          tables: {},
          order: 'newest',
          scrollTop: 0,
          axis: 'step',
          distanceTo: null,
          distribution: 'ribbons',
          compared: [],
        };
  api.setState(state);
  return {
    send: (message) => api.postMessage(message),
    listen(onMessage, onUnreadable) {
      window.addEventListener('message', (event: MessageEvent<unknown>) => {
        const message = toDashboard.safeParse(event.data);
        if (message.success) onMessage(message.data);
        else onUnreadable(message.error.message);
      });
    },
    get state() {
      return state;
    },
    keep(change) {
      state = { ...state, ...change };
      api.setState(state);
    },
  };
}

import { SessionLostError } from './errors';
import { NoAnswer } from './http';
import { isSuccess, type Requests } from './requests';

const everyMs = 10_000;
const timeoutMs = 10_000;
/** Servers end sessions that are silent for longer: hosted ones after two minutes. */
const worryingSilenceMs = 120_000;

/**
 * Tells the server every 10 s that the session lives, from the start: SkyRL never expires sessions that have not begun, and their
 * models stay loaded for ever. A missed beat is not repeated; the next one comes anyway.
 *
 * `onLost` is called once when the server no longer knows the session. Returns what stops the beats.
 */
export function startHeartbeat(
  requests: Requests,
  sessionId: string,
  life: AbortSignal,
  onLost: (error: SessionLostError) => void,
): () => void {
  const { clock, log, secrets } = requests.setup;
  const path = '/session_heartbeat';
  let stopped = false;
  let lastHeardMs = clock.nowMs();
  let warned = false;
  let next = { cancel: (): void => undefined };

  const missed = (reason: string): void => {
    const silentMs = clock.nowMs() - lastHeardMs;
    if (warned || silentMs < worryingSilenceMs) return;
    warned = true;
    log(
      'warning',
      `No heartbeat reached the Tinker server for ${Math.round(silentMs / 1000)} s (${reason}).`,
    );
  };

  const beat = async (): Promise<void> => {
    const call = { path, json: { session_id: sessionId, type: 'session_heartbeat' }, timeoutMs };
    const answer = await requests.attempt(call, life);
    if (answer instanceof NoAnswer) missed(answer.message);
    else if (answer.status === 404) {
      stopped = true;
      onLost(new SessionLostError(sessionId));
    } else if (isSuccess(answer)) {
      lastHeardMs = clock.nowMs();
      warned = false;
    } else missed(`status ${answer.status}`);
  };

  const run = (): void => {
    beat()
      .catch((error: unknown) => {
        if (!life.aborted) missed(secrets.redact(error instanceof Error ? error.message : String(error)));
      })
      .finally(() => {
        if (!stopped && !life.aborted) next = clock.after(everyMs, run);
      });
  };
  run();
  return () => {
    stopped = true;
    next.cancel();
  };
}

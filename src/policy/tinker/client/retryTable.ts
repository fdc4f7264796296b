import type { HttpAnswer } from './http';

/** How long one submission is repeated before it counts as failed. */
export const submitRetryLimitMs = 5 * 60_000;
const longestBackOffMs = 30_000;
const longestRetryAfterMs = 60_000;
const shareOfJitter = 0.25;

/** These say that the request itself is wrong; the same request gets the same answer. */
const final: ReadonlySet<number> = new Set([400, 401, 403, 404, 422]);
/** Timeout, conflict of locks, checkpoint still being written, too many requests. */
const passing: ReadonlySet<number> = new Set([408, 409, 425, 429]);

/** True if the same request may be answered differently later. */
export function isWorthRetrying(answer: HttpAnswer): boolean {
  if (final.has(answer.status)) return false;
  const advised = answer.headers.get('x-should-retry');
  if (advised === 'false') return false;
  return advised === 'true' || passing.has(answer.status) || answer.status >= 500;
}

/**
 * Before repeat number `repeat` (0 for the first): 1, 2, 4 … 30 s, up to a quarter less at random so that many clients do not come
 * back together; or what the answer asked for, up to 60 s.
 */
export function backOffMs(repeat: number, uniform: number, answer?: HttpAnswer, nowMs = 0): number {
  const asked = answer && retryAfterMs(answer, nowMs);
  if (asked !== undefined && asked >= 0 && asked <= longestRetryAfterMs) return asked;
  return Math.min(1000 * 2 ** repeat, longestBackOffMs) * (1 - shareOfJitter * uniform);
}

function retryAfterMs({ headers }: HttpAnswer, nowMs: number): number | undefined {
  const inMs = Number(headers.get('retry-after-ms') ?? NaN);
  if (Number.isFinite(inMs)) return inMs;
  const text = headers.get('retry-after');
  if (text === null) return undefined;
  const inSeconds = Number(text);
  if (Number.isFinite(inSeconds)) return inSeconds * 1000;
  const dateMs = Date.parse(text);
  return Number.isNaN(dateMs) ? undefined : dateMs - nowMs;
}

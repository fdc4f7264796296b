import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

/** Says where the request had its key, so that the other key takes its place. `src/runner/host` sets it. */
export const keyPlaceHeader = 'ttt-discover-key-in';

/** Headers of one connection alone, and those that open something. */
const notCarried: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'host',
  'authorization',
  'x-api-key',
  'cookie',
  'set-cookie',
  keyPlaceHeader,
]);

/** What of the headers goes on to the next connection. */
export function carriedHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const named = (headers.connection ?? '').toLowerCase().split(/\s*,\s*/);
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !notCarried.has(name) && !named.includes(name)),
  );
}

/** Path and query of a request, if it stays below the path of the base address however a server may read its dots and slashes. */
export function withinBase(base: URL, requested: string): string | undefined {
  const prefix = base.pathname.replace(/\/+$/, '');
  try {
    const { host, pathname, search } = new URL(requested, 'http://localhost');
    if (!requested.startsWith('/') || host !== 'localhost') return undefined;
    // What leads upwards is resolved by now, but for what some servers decode before they look for it.
    const leadsUp = decodeURIComponent(pathname)
      .split(/[\\/]/)
      .some((segment) => segment.trim() === '..');
    const isBelow = pathname === prefix || pathname.startsWith(`${prefix}/`);
    return isBelow && !leadsUp ? pathname + search : undefined;
  } catch {
    // No address, or no text once it is decoded.
    return undefined;
  }
}

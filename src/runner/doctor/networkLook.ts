import * as z from 'zod';
import type { ConnectionFacts } from '../../domain/host/hostFacts';
import { withoutAbsent } from '../../domain/withoutAbsent';
import { connectScript } from './connectScript';
import { type DoctorContext } from './doctorContext';
import { plainText } from '../../domain/host/plainText';
import { jsonOrUndefined } from '../../domain/json';

export interface NetworkTarget {
  readonly purpose: ConnectionFacts['purpose'];
  readonly host: string;
  readonly port: number;
  /** Reached without TLS. */
  readonly isPlain: boolean;
  /** Name of the environment variable that names the proxy. */
  readonly proxyVariable?: string;
}

type Env = DoctorContext['env'];

/** Where packages, models and sources come from by the environment, else their public places. */
export function networkTargets(env: Env): NetworkTarget[] {
  const index = urlIn(env, ['UV_DEFAULT_INDEX', 'UV_INDEX_URL', 'PIP_INDEX_URL']);
  const hub = urlIn(env, ['HF_ENDPOINT']);
  const target = (purpose: NetworkTarget['purpose'], url: URL): NetworkTarget => {
    const isPlain = url.protocol === 'http:';
    const port = url.port === '' ? (isPlain ? 80 : 443) : Number(url.port);
    const proxyVariable = proxyFor(url.hostname, isPlain, env);
    const host = url.hostname.replaceAll(/^\[|\]$/g, '');
    return { purpose, host, port, isPlain, ...withoutAbsent({ proxyVariable }) };
  };
  const packages = index === undefined ? ['https://pypi.org', 'https://files.pythonhosted.org'] : [index];
  return [
    ...packages.map((url) => target('packages', new URL(url))),
    target('models', new URL(hub ?? 'https://huggingface.co')),
    target('source', new URL('https://github.com')),
  ];
}

const resultLine = z.object({
  index: z.int().min(0),
  state: z.enum(['reached', 'untrusted', 'unreachable']),
  reason: z.string().optional(),
});

/** Tries them side by side by a plain TLS connection. A host without the internet is no failure. */
export async function lookAtNetwork(
  { shell, limits }: DoctorContext,
  targets: readonly NetworkTarget[],
): Promise<ConnectionFacts[]> {
  const script = 'exec "$1" -e "$2" -- "$3"';
  const report = await shell(
    script,
    [process.execPath, connectScript, JSON.stringify(targets)],
    limits.networkMs,
  );
  const results = report.stdout.split('\n').flatMap((line) => {
    const parsed = resultLine.safeParse(jsonOrUndefined(line));
    return parsed.success ? [parsed.data] : [];
  });
  return targets.map(({ purpose, host, port, proxyVariable }, index) => {
    const result = results.find((one) => one.index === index);
    const reason = result?.reason === undefined ? undefined : plainText(result.reason).slice(0, 200);
    return {
      purpose,
      host: port === 443 ? host : `${host}:${port}`,
      viaProxy: proxyVariable !== undefined,
      state: result?.state ?? 'late',
      ...withoutAbsent({ reason }),
    };
  });
}

function urlIn(env: Env, names: readonly string[]): string | undefined {
  return names
    .map((name) => env[name])
    .find((value) => value !== undefined && /^https?:\/\//.test(value) && URL.canParse(value));
}

/** As curl and pip choose it. */
function proxyFor(hostname: string, isPlain: boolean, env: Env): string | undefined {
  const exceptions = (env['no_proxy'] ?? env['NO_PROXY'] ?? '')
    .split(',')
    .map((entry) => entry.trim().replace(/^\*?\./, ''));
  const isExcepted = exceptions.some(
    (entry) => entry === '*' || (entry !== '' && (hostname === entry || hostname.endsWith(`.${entry}`))),
  );
  if (isExcepted) return undefined;
  const names = [
    ...(isPlain ? ['http_proxy', 'HTTP_PROXY'] : ['https_proxy', 'HTTPS_PROXY']),
    'all_proxy',
    'ALL_PROXY',
  ];
  // Of other kinds (socks5) nothing is known here: the connection is tried without.
  return names.find((name) => /^https?:\/\//.test(env[name] ?? '') && URL.canParse(env[name] ?? ''));
}

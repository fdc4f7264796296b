import * as z from 'zod';
import { parseAnswer } from './answers';
import { anonymous, keyIdentity, TokenIdentity } from './authentication';
import { checkedBaseUrl } from './baseUrl';
import { Conditions, type TinkerState } from './conditions';
import type { Connection } from './connection';
import { DialectCell } from './dialectCell';
import { ClientDisposedError } from './errors';
import { Futures } from './futures';
import { Gate } from './gate';
import {
  systemClock,
  systemRandom,
  untilAborted,
  type ClientRandom,
  type Clock,
  type CredentialsProvider,
  type Fetch,
  type Log,
} from './ports';
import { Requests, type Identity } from './requests';
import { createSecrets } from './secrets';
import { emulatedVersion, serverFlags, type ServerFlags } from './serverFlags';
import { TinkerSession } from './session';
import type { ServerKind } from './training';
import type { Dialect, Wire } from './wire/chooseWire';

export interface TinkerClientOptions {
  /** `https://…`, or `http://` of this machine; without /api/v1. */
  readonly baseUrl: string;
  /** Absent: no key is sent (SkyRL has no authentication). */
  readonly credentials?: CredentialsProvider;
  readonly log: Log;
  /** Told about every change of `state`. */
  readonly onState?: (state: TinkerState) => void;
  /** How training data travels; the server is asked if absent. */
  readonly wire?: Wire;
  /** For a server that hides its description behind a proxy; it is asked if absent. */
  readonly server?: ServerKind;
  /** How long one operation may take before `TinkerStalledError`; 2 h by default. */
  readonly stallLimitMs?: number;
  readonly clock?: Clock;
  readonly random?: ClientRandom;
  readonly fetch?: Fetch;
}

export interface OfferedModel {
  readonly name: string;
  /** In tokens; SkyRL does not tell. */
  readonly maxContextLength: number | undefined;
}

export interface TinkerClient {
  /** `ready`, or why requests wait now. */
  readonly state: TinkerState;
  /** The models that the server offers. */
  capabilities(signal: AbortSignal): Promise<readonly OfferedModel[]>;
  /** The kind of server, and how training data travels to it. */
  dialect(signal: AbortSignal): Promise<Dialect>;
  /** Begins a session and its heartbeats. Throws `TinkerAuthenticationError`, `TinkerUnreachableError` and others of `TinkerError`. */
  openSession(signal: AbortSignal): Promise<TinkerSession>;
  /** Stops heartbeats and everything under way, with `ClientDisposedError`. */
  dispose(): void;
}

/** Submissions that may be under way at once. */
const mostSamplingSubmits = 400;
const mostTrainingSubmits = 32;
const defaultStallLimitMs = 2 * 60 * 60_000;

const capabilitiesAnswer = z.object({
  supported_models: z.array(
    z.object({ model_name: z.string().nullish(), max_context_length: z.number().int().positive().nullish() }),
  ),
});
const sessionAnswer = z.object({
  session_id: z.string().min(1),
  info_message: z.string().nullish(),
  warning_message: z.string().nullish(),
  error_message: z.string().nullish(),
});

/** A client of one Tinker server. Nothing is sent before the first call. Throws `TinkerUsageError` for an unusable address. */
export function createTinkerClient(options: TinkerClientOptions): TinkerClient {
  const clock = options.clock ?? systemClock;
  const secrets = createSecrets();
  const life = new AbortController();
  const conditions = new Conditions(
    () => clock.nowMs(),
    (state) => options.onState?.(state),
  );
  const key = options.credentials
    ? keyIdentity(options.credentials, (secret) => secrets.add(secret))
    : anonymous;
  let identity: Identity = key;
  const requests = new Requests(
    {
      baseUrl: checkedBaseUrl(options.baseUrl, options.credentials !== undefined),
      fetch: options.fetch ?? fetch,
      clock,
      random: options.random ?? systemRandom,
      log: (level, message) => options.log(level, secrets.redact(message)),
      secrets,
      conditions,
      userAgent: `ttt-discover (tinker ${emulatedVersion})`,
      life: life.signal,
    },
    () => identity,
  );
  const stallLimitMs = options.stallLimitMs ?? defaultStallLimitMs;
  const dialect = new DialectCell(requests, { wire: options.wire, server: options.server });
  let starting: Promise<ServerFlags> | undefined;
  let offered: readonly OfferedModel[] | undefined;

  /** The server's flags, and from then on its kind of authentication; asked once. */
  const start = async (signal: AbortSignal): Promise<ServerFlags> => {
    starting ??= configure().catch((error: unknown) => {
      starting = undefined;
      throw error;
    });
    return untilAborted(starting, AbortSignal.any([signal, life.signal]));
  };
  const configure = async (): Promise<ServerFlags> => {
    const path = '/client/config';
    const answer = await requests.send(
      // A server from before these flags has no such path.
      { path, json: { sdk_version: emulatedVersion }, identity: key, accept: ({ status }) => status === 404 },
      life.signal,
    );
    const flags = answer.status === 404 ? serverFlags.parse({}) : parseAnswer(path, answer, serverFlags);
    requests.billingPauseLimitMs = flags.billing_exception_max_pause_duration_sec * 1000;
    if (flags.pjwt_auth_enabled && options.credentials) identity = new TokenIdentity(requests, key);
    return flags;
  };

  const capabilities = async (signal: AbortSignal): Promise<readonly OfferedModel[]> => {
    await start(signal);
    const path = '/get_server_capabilities';
    const answer = await requests.send({ path, method: 'GET' }, signal);
    const { supported_models } = parseAnswer(path, answer, capabilitiesAnswer);
    offered = supported_models.flatMap(({ model_name, max_context_length }) =>
      model_name ? [{ name: model_name, maxContextLength: max_context_length ?? undefined }] : [],
    );
    return offered;
  };

  return {
    get state() {
      return conditions.state;
    },
    capabilities,
    dialect: (signal) => dialect.current(signal),
    openSession: async (signal) => {
      const flags = await start(signal);
      const path = '/create_session';
      const json = { tags: [], user_metadata: {}, sdk_version: emulatedVersion, type: 'create_session' };
      const answer = await requests.send({ path, json }, signal);
      const session = parseAnswer(path, answer, sessionAnswer);
      if (session.info_message) requests.setup.log('info', session.info_message);
      for (const message of [session.warning_message, session.error_message]) {
        if (message) requests.setup.log('warning', message);
      }
      const connection: Connection = {
        requests,
        futures: new Futures(requests, stallLimitMs),
        dialect,
        flags,
        samplingGate: new Gate(clock, {
          count: mostSamplingSubmits,
          bytes: flags.sample_dispatch_bytes_semaphore_size,
        }),
        trainingGate: new Gate(clock, {
          count: mostTrainingSubmits,
          bytes: flags.fwdbwd_dispatch_bytes_semaphore_size,
        }),
        stallLimitMs,
        offeredModels: async (anySignal) =>
          (offered ?? (await capabilities(anySignal))).map(({ name }) => name),
      };
      return new TinkerSession(connection, session.session_id);
    },
    dispose: () => life.abort(new ClientDisposedError()),
  };
}

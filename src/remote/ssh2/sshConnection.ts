import type { Duplex } from 'node:stream';
import ssh2 from 'ssh2';
import type {
  ChangePasswordCallback,
  Client,
  ConnectConfig,
  NegotiatedAlgorithms,
  ServerHostKeyAlgorithm,
} from 'ssh2';
import { RemoteError, type HostEnvironment } from '../hostClient';
import { decideHostKey, HostKeyVerifier, type HostKeyDecision } from '../hostKeys/hostKeyVerifier';
import { fingerprintOf } from '../hostKeys/hostKeyBlob';
import {
  knownHostName,
  knownHostNameWithoutPort,
  knownKeyTypes,
  otherPlacesOf,
  type KnownHostsFile,
} from '../hostKeys/knownHosts';
import { readKnownHostsFiles, rememberHostKey } from '../hostKeys/knownHostsStore';
import { loadKeyRing } from '../login/keyRing';
import { LoginQuestions, readable } from '../login/loginQuestions';
import { cancelledError } from '../shell/markedRun';
import { PausableTimer } from '../login/pausableTimer';
import type { ResolvedHost } from '../config/resolvedHost';
import { connectionError, impatientError } from '../sshErrors';
import type { Secret } from '../login/secret';
import { SshLogin } from '../login/sshLogin';

type Needs = Pick<HostEnvironment, 'knownHostsPath' | 'prompts' | 'log' | 'trace'>;

const loginTimeoutMs = 60_000;
/** Each but the first follows an answer of the person: about the host key, or one for which a server did not wait. */
const maxConnections = 5;

/** What carries a connection that is not made to the host's address from here. */
export interface Carrier {
  readonly socket: Duplex;
  /** What there is to say of it when the connection over it fails. */
  readonly complaint?: () => string | undefined;
}

/** The way to a host. Rejects with a `RemoteError`. */
export interface Way {
  /** In words, for the question about a host key. */
  readonly via: string;
  open(signal: AbortSignal): Promise<Carrier>;
}

/**
 * Opens and authenticates one connection. The host key is decided before anything secret is sent; the person is asked
 * about an unknown key with no connection open. Rejects with a `RemoteError`.
 */
export async function openSshConnection(
  host: ResolvedHost,
  needs: Needs,
  signal: AbortSignal,
  way?: Way,
): Promise<Client> {
  const name = knownHostName(host);
  const nameWithoutPort = knownHostNameWithoutPort(host);
  const ring = await loadKeyRing(host);
  const questions = new LoginQuestions(host, needs.prompts, signal);
  for (let connection = 1; ; connection++) {
    if (isAborted(signal)) throw cancelledError();
    const files = await readKnownHostsFiles([needs.knownHostsPath, ...host.knownHostsFiles]);
    const verifier = new HostKeyVerifier((key) =>
      decideHostKey(key, {
        name,
        nameWithoutPort,
        policy: host.hostKeyPolicy,
        canAsk: !host.isBatch,
        files,
        ownPath: needs.knownHostsPath,
      }),
    );
    try {
      const carrier = await way?.open(signal);
      const client = await connectOnce(host, {
        verifier,
        keyTypes: knownKeyTypes([name, nameWithoutPort], files),
        carrier,
        signal,
        login: (hooks) => new SshLogin(host, ring, questions, hooks),
        log: needs,
      });
      const { decision } = verifier;
      if (decision?.kind === 'accept-and-pin') {
        needs.log(
          'warn',
          `${name}: took its host key ${fingerprintOf(decision.key)} as StrictHostKeyChecking says.`,
        );
        await rememberOrClose(client, needs.knownHostsPath, name, decision.key);
      }
      return client;
    } catch (error) {
      const { decision } = verifier;
      if (decision?.kind === 'refuse') throw decision.error;
      if (connection >= maxConnections || isAborted(signal)) throw error;
      if (decision?.kind === 'ask') {
        await askAboutKey({ host, name, via: way?.via, shown: decision, files }, needs, signal);
      } else if (questions.open !== undefined && isTransient(error)) {
        // The server lost its patience with a person who is still typing: it is called again with the answer.
        await questions.open;
        if (connection === maxConnections - 1) throw impatientError(host, error);
      } else {
        throw error;
      }
    }
  }
}

/** A call, because the answer may differ after every wait. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function isTransient(error: unknown): boolean {
  return error instanceof RemoteError && error.isTransient;
}

async function rememberOrClose(client: Client, path: string, name: string, key: Buffer): Promise<void> {
  try {
    await rememberHostKey(path, name, key);
  } catch (error) {
    client.destroy();
    throw error;
  }
}

async function askAboutKey(
  about: {
    readonly host: ResolvedHost;
    readonly name: string;
    readonly via: string | undefined;
    readonly shown: Extract<HostKeyDecision, { kind: 'ask' }>;
    readonly files: readonly KnownHostsFile[];
  },
  needs: Needs,
  signal: AbortSignal,
): Promise<void> {
  const { name, via, shown } = about;
  const fingerprint = fingerprintOf(shown.key);
  const known = shown.knownInstead;
  const trusted = await needs.prompts.trustHostKey({
    name,
    alias: about.host.alias,
    ...(via === undefined ? {} : { via }),
    keyType: shown.keyType,
    fingerprint,
    ...(known === undefined
      ? {}
      : {
          knownInstead: {
            keyType: known.keyType,
            fingerprint: fingerprintOf(known.key),
            place: `${known.path}:${known.line}`,
          },
        }),
    alsoKnownAs: otherPlacesOf(name, shown.key, about.files).map(
      ({ hosts, path, line }) => `${hosts.startsWith('|') ? 'a hashed name' : hosts} (${path}:${line})`,
    ),
  });
  if (signal.aborted) throw cancelledError();
  // Only a literal yes counts, whatever a prompt made of buttons returns.
  const isTrusted: unknown = trusted;
  if (isTrusted !== true) {
    throw new RemoteError(
      'host-key-refused',
      `The host key of ${name} was not trusted: ${shown.keyType} ${fingerprint}.`,
      'Compare the fingerprint with the administrator of the host, then connect again.',
    );
  }
  await rememberHostKey(needs.knownHostsPath, name, shown.key);
}

interface OneConnection {
  readonly verifier: HostKeyVerifier;
  /** Types of the keys that are known for the host. */
  readonly keyTypes: readonly string[];
  readonly carrier: Carrier | undefined;
  readonly signal: AbortSignal;
  login(hooks: ConstructorParameters<typeof SshLogin>[3]): SshLogin;
  readonly log: Pick<Needs, 'log' | 'trace'>;
}

function connectOnce(host: ResolvedHost, one: OneConnection): Promise<Client> {
  const { signal, carrier } = one;
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    let settled = false;
    let lastError: Error | undefined;
    const timer = new PausableTimer();
    const login = one.login({
      onPrompt: (open) => (open ? timer.pause() : timer.resume()),
      fail: (error) => finish(error),
    });
    const finish = (error: Error | undefined) => {
      if (settled) return;
      settled = true;
      login.isOver = true;
      timer.stop();
      signal.removeEventListener('abort', onAbort);
      if (error === undefined) {
        resolve(client);
      } else {
        reject(error);
        client.destroy();
        carrier?.socket.destroy();
      }
    };
    const startedMs = performance.now();
    const tell = (level: 'debug' | 'info', what: string) =>
      one.log.log(level, `${host.alias}: ${what} (after ${Math.round(performance.now() - startedMs)} ms)`);
    const { trace } = one.log;
    const onAbort = () => finish(cancelledError());
    const failed = (error: Error) => finish(connectionError(host, error, carrier?.complaint?.()));
    const timedOut = (phase: string, ms: number) => () =>
      failed(new Error(`no answer to the ${phase} in ${Math.round(ms / 1000)} s`));

    signal.addEventListener('abort', onAbort, { once: true });
    // This listener stays: an error with nobody listening would end the whole process.
    client.on('error', (error) => {
      // An agent that fails is not the end: ssh2 goes on with the next key.
      if (error.level === 'agent') return;
      lastError = error;
      failed(error);
    });
    client.on('connect', () => {
      client.setNoDelay(true);
      tell('debug', `connected to ${host.hostName}:${host.port}`);
    });
    client.on('handshake', (negotiated) => {
      tell('info', `key exchange done, ${algorithmsText(negotiated)}`);
      timer.start(loginTimeoutMs, timedOut('login', loginTimeoutMs));
    });
    client.on('ready', () => {
      tell('info', `logged in as ${host.user}, tried: ${login.triedText}`);
      finish(undefined);
    });
    // A server that hangs up during the login says only this.
    client.on('close', () => failed(lastError ?? new Error('the server hung up')));

    client.on('banner', (text) => tell('info', `the server says: ${readable(text).trim()}`));
    client.on('change password', (text, done) => {
      const old = login.sentPassword;
      login.changePassword(text).then(
        (password) => {
          if (!settled) sendNewPassword(client, old, password, done);
        },
        (error: unknown) => finish(error instanceof Error ? error : new Error(String(error))),
      );
    });

    timer.start(host.connectTimeoutMs, timedOut('connection', host.connectTimeoutMs));
    try {
      client.connect({
        ...(carrier === undefined ? addressOf(host) : { sock: carrier.socket }),
        username: host.user,
        hostVerifier: one.verifier.callback,
        authHandler: login.authenticate,
        algorithms: { serverHostKey: preferredKeyAlgorithms(one.keyTypes) },
        readyTimeout: 0,
        keepaliveInterval: host.keepaliveIntervalMs,
        keepaliveCountMax: host.keepaliveCountMax,
        strictVendor: false,
        ...(trace === undefined ? {} : { debug: (text) => trace(`${host.alias}: ${text}`) }),
      });
    } catch (error) {
      failed(error instanceof Error ? error : new Error(String(error)));
    }
  });
}

/** ssh2 sends the old password along, and takes it from the settings of the client, where ours never was. */
function sendNewPassword(
  client: Client,
  old: Secret | undefined,
  password: Secret,
  done: ChangePasswordCallback,
): void {
  const config: unknown = Reflect.get(client, 'config');
  if (typeof config !== 'object' || config === null) throw new TypeError('ssh2 has no settings.');
  Reflect.set(config, 'password', old?.reveal() ?? '');
  done(password.reveal());
  Reflect.set(config, 'password', undefined);
}

function addressOf(host: ResolvedHost): ConnectConfig {
  return {
    host: host.hostName,
    port: host.port,
    ...(host.bindAddress === undefined ? {} : { localAddress: host.bindAddress }),
    forceIPv4: host.addressFamily === 4,
    forceIPv6: host.addressFamily === 6,
  };
}

/** What the two ends agreed on; both directions where they differ. */
function algorithmsText({ kex, serverHostKey, cs, sc }: NegotiatedAlgorithms): string {
  const both = (to: string, from: string) => (to === from ? to : `${to} and ${from}`);
  // Ciphers that authenticate have no MAC of their own.
  const mac = both(cs.mac, sc.mac);
  return [kex, serverHostKey, both(cs.cipher, sc.cipher), ...(mac === '' ? [] : [mac])].join(', ');
}

/** Puts the types that are known for the host first, so that a server with several keys shows one of them. */
function preferredKeyAlgorithms(
  keyTypes: readonly string[],
): Record<'append' | 'prepend' | 'remove', ServerHostKeyAlgorithm[]> {
  const first = keyTypes.flatMap((type) => algorithmsOfType.get(type) ?? []);
  // Removing comes first: ssh2 does not move what is in its list already.
  return { remove: first, prepend: first, append: [] };
}

const algorithmsOfType: ReadonlyMap<string, readonly ServerHostKeyAlgorithm[]> = new Map([
  ['ssh-ed25519', ['ssh-ed25519']],
  ['ecdsa-sha2-nistp256', ['ecdsa-sha2-nistp256']],
  ['ecdsa-sha2-nistp384', ['ecdsa-sha2-nistp384']],
  ['ecdsa-sha2-nistp521', ['ecdsa-sha2-nistp521']],
  ['ssh-rsa', ['rsa-sha2-512', 'rsa-sha2-256']],
]);

import type { Duplex } from 'node:stream';
import ssh2 from 'ssh2';
import type { ChangePasswordCallback, Client, ConnectConfig } from 'ssh2';
import type { ResolvedHost } from '../config/resolvedHost';
import type { HostEnvironment } from '../hostClient';
import type { HostKeyVerifier } from '../hostKeys/hostKeyVerifier';
import { readable } from '../login/loginQuestions';
import { PausableTimer } from '../login/pausableTimer';
import type { Secret } from '../login/secret';
import type { SshLogin } from '../login/sshLogin';
import { cancelledError } from '../shell/markedRun';
import { connectionError } from '../sshErrors';
import { algorithmsText, preferredKeyAlgorithms } from './algorithms';

const loginTimeoutMs = 60_000;

/** What carries a connection that is not made to the host's address from here. */
export interface Carrier {
  readonly socket: Duplex;
  /** What there is to say of it when the connection over it fails. */
  readonly complaint?: () => string | undefined;
}

export interface OneConnection {
  readonly verifier: HostKeyVerifier;
  /** Types of the keys that are known for the host. */
  readonly keyTypes: readonly string[];
  /** Absent: the host's own address is called. */
  readonly carrier: Carrier | undefined;
  readonly signal: AbortSignal;
  login(hooks: ConstructorParameters<typeof SshLogin>[3]): SshLogin;
  readonly log: Pick<HostEnvironment, 'log' | 'trace'>;
}

/** One call of the host: key exchange, host key, login. Rejects with a `RemoteError`; nothing stays open then. */
export function connectOnce(host: ResolvedHost, one: OneConnection): Promise<Client> {
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

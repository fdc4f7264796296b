import type { Client } from 'ssh2';
import type { ResolvedHost } from '../config/resolvedHost';
import { RemoteError, type HostEnvironment } from '../hostClient';
import { fingerprintOf } from '../hostKeys/hostKeyBlob';
import { askAboutKey } from '../hostKeys/hostKeyQuestion';
import { decideHostKey, HostKeyVerifier } from '../hostKeys/hostKeyVerifier';
import { knownHostName, knownHostNameWithoutPort, knownKeyTypes } from '../hostKeys/knownHosts';
import { readKnownHostsFiles, rememberHostKey } from '../hostKeys/knownHostsStore';
import { loadKeyRing } from '../login/keyRing';
import { LoginQuestions } from '../login/loginQuestions';
import { SshLogin } from '../login/sshLogin';
import { cancelledError } from '../shell/markedRun';
import { impatientError } from '../sshErrors';
import { connectOnce, type Carrier } from './connectOnce';

type Needs = Pick<HostEnvironment, 'knownHostsPath' | 'prompts' | 'log' | 'trace'>;

/** Each but the first follows an answer of the person: about the host key, or one for which a server did not wait. */
const maxConnections = 5;

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

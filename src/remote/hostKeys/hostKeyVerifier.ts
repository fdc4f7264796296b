import { RemoteError } from '../hostClient';
import { fingerprintOf, keyTypeOf } from './hostKeyBlob';
import { judgeHostKey, type HostKeyVerdict, type KnownHostLine, type KnownHostsFile } from './knownHosts';

/** `StrictHostKeyChecking`, after `ssh -G`. */
export type HostKeyPolicy = 'yes' | 'accept-new' | 'ask' | 'no';

export type HostKeyDecision =
  | { readonly kind: 'accept' }
  /** Not known, and the policy takes new keys without asking; to be pinned. */
  | { readonly kind: 'accept-and-pin'; readonly key: Buffer; readonly keyType: string }
  /** Refused for now: the person decides with no connection open. */
  | {
      readonly kind: 'ask';
      readonly key: Buffer;
      readonly keyType: string;
      /** The host is known by a key of another type only, which it did not show. */
      readonly knownInstead?: KnownHostLine;
    }
  | { readonly kind: 'refuse'; readonly error: RemoteError };

/** The host is known through a certificate authority alone; the `ssh` program can check its certificate. */
export class HostCertificateNeeded extends RemoteError {
  constructor(name: string, place: string, shown: string) {
    super(
      'unsupported-host',
      `${name} is trusted through a certificate authority (${place}), and it showed a plain key: ${shown}.`,
      'Connect with the ssh program, which checks host certificates, or add the plain key of the host to a known_hosts file after comparing it with its administrator.',
    );
  }
}

/** What a decision rests on beside the key. */
export interface KnownToDecide {
  /** As `knownHostName` gives it. */
  readonly name: string;
  /** As `knownHostNameWithoutPort` gives it. */
  readonly nameWithoutPort: string | undefined;
  readonly policy: HostKeyPolicy;
  /** Whether there is somebody to ask: not under `BatchMode`. */
  readonly canAsk?: boolean;
  readonly files: readonly KnownHostsFile[];
  /** Our own store, for advice on how to forget a key. */
  readonly ownPath: string;
}

/** Decides on a key by the files alone, at once. Never throws. */
export function decideHostKey(key: Buffer, known: KnownToDecide): HostKeyDecision {
  const keyType = keyTypeOf(key);
  if (keyType === undefined) {
    return refuse(
      'host-key-refused',
      `${known.name} showed a host key that is none.`,
      'Ask the administrator of the host.',
    );
  }
  const shown = `${keyType} ${fingerprintOf(key)}`;
  const verdict = judgeUnderBothNames(key, known);
  switch (verdict.kind) {
    case 'match':
      return { kind: 'accept' };
    case 'revoked':
      return refuse(
        'host-key-revoked',
        `The host key of ${known.name} is marked as revoked (${placeOf(verdict.at)}): ${shown}.`,
        'This key must not be trusted any more. Ask the administrator of the host for its new key.',
      );
    case 'mismatch':
      return refuse(
        'host-key-changed',
        `The host key of ${known.name} has changed. Known: ${keyAt(verdict.at)}. Shown now: ${shown}.`,
        'Someone may be listening, or the host was set up anew. Compare with its administrator. Only if the new key is right, forget the old one: ' +
          `${howToForget(verdict.at, known)}, then connect again.`,
      );
    case 'other-key-type':
      return known.policy === 'yes' || known.canAsk === false
        ? refuse(
            'host-key-changed',
            `${known.name} is known by a key of another type. Known: ${keyAt(verdict.at)}. Shown now: ${shown}.`,
            'Someone may be listening, or the host was set up anew. Compare with its administrator, then add the new key to a known_hosts file.',
          )
        : { kind: 'ask', key, keyType, knownInstead: verdict.at };
    case 'ca-only':
      return {
        kind: 'refuse',
        error: new HostCertificateNeeded(known.name, placeOf(verdict.at), shown),
      };
    case 'unknown':
      return decideUnknown(key, keyType, known);
  }
}

function decideUnknown(key: Buffer, keyType: string, known: KnownToDecide): HostKeyDecision {
  const cannotAsk = known.policy === 'ask' && known.canAsk === false;
  if (known.policy === 'yes' || cannotAsk) {
    return refuse(
      'host-key-refused',
      `The host key of ${known.name} is not known, and ${cannotAsk ? 'BatchMode' : 'StrictHostKeyChecking'} is "yes": ${keyType} ${fingerprintOf(key)}.`,
      'Add the key to a known_hosts file after comparing it with the administrator of the host.',
    );
  }
  // `no` is taken for `accept-new`: a key that has changed is refused whatever the policy.
  return { kind: known.policy === 'ask' ? 'ask' : 'accept-and-pin', key, keyType };
}

/**
 * As ssh does: a name that is unknown with its port may be known without it. Only what settles the question counts there:
 * another service of the same machine may well have another key.
 */
function judgeUnderBothNames(
  key: Buffer,
  known: Pick<KnownToDecide, 'name' | 'nameWithoutPort' | 'files'>,
): HostKeyVerdict {
  const verdict = judgeHostKey(known.name, key, known.files);
  const isOpen = verdict.kind === 'unknown' || verdict.kind === 'ca-only';
  if (!isOpen || known.nameWithoutPort === undefined) return verdict;
  const withoutPort = judgeHostKey(known.nameWithoutPort, key, known.files);
  return ['match', 'revoked', 'ca-only'].includes(withoutPort.kind) ? withoutPort : verdict;
}

const placeOf = ({ path, line }: KnownHostLine) => `${path}:${line}`;

/** `ssh-ed25519 SHA256:… (FILE:LINE)` */
export function keyAt(at: KnownHostLine): string {
  return `${at.keyType} ${fingerprintOf(at.key)} (${placeOf(at)})`;
}

function howToForget(at: KnownHostLine, known: KnownToDecide): string {
  return at.path === known.ownPath
    ? `run "TTT-Discover: Forget Host…" for ${known.name}`
    : `ssh-keygen -R '${known.name}' -f '${at.path}'`;
}

function refuse(code: RemoteError['code'], message: string, advice: string): HostKeyDecision {
  return { kind: 'refuse', error: new RemoteError(code, message, advice) };
}

/** The shape ssh2 takes: the answer is given through the callback, and the function returns nothing. */
export type HostVerifierCallback = (key: Buffer, answer: (valid: boolean) => void) => void;

/**
 * ssh2 takes anything but a literal `false` for a yes: promises, `undefined`, errors. This accepts only a literal
 * `true`, and answers in the same turn, because a late answer during a re-keying corrupts the stream.
 */
export function failClosed(decide: (key: Buffer) => unknown): HostVerifierCallback {
  return (key, answer) => {
    answer(isLiteralTrue(() => decide(key)));
  };
}

function isLiteralTrue(decide: () => unknown): boolean {
  try {
    return decide() === true;
  } catch {
    // A decision that failed is a no.
    return false;
  }
}

/** Verifies one connection: the first key by `decide`, later ones (re-keying) by equality with the first. */
export class HostKeyVerifier {
  private pin: Buffer | undefined;
  private firstDecision: HostKeyDecision | undefined;
  readonly callback: HostVerifierCallback;

  constructor(decide: (key: Buffer) => HostKeyDecision) {
    this.callback = failClosed((key) => {
      if (this.firstDecision !== undefined) return this.pin?.equals(key) === true;
      const decision = decide(Buffer.from(key));
      this.firstDecision = decision;
      if (decision.kind !== 'accept' && decision.kind !== 'accept-and-pin') return false;
      this.pin = Buffer.from(key);
      return true;
    });
  }

  /** `undefined` until the host has shown a key. */
  get decision(): HostKeyDecision | undefined {
    return this.firstDecision;
  }
}

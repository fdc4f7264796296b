import { RemoteError } from './hostClient';
import {
  fingerprintOf,
  judgeHostKey,
  keyTypeOf,
  type HostKeyVerdict,
  type KnownHostsFile,
} from './knownHosts';

/** `StrictHostKeyChecking`, after `ssh -G`. */
export type HostKeyPolicy = 'yes' | 'accept-new' | 'ask' | 'no';

export type HostKeyDecision =
  | { readonly kind: 'accept' }
  /** Not known, and the policy takes new keys without asking; to be pinned. */
  | { readonly kind: 'accept-and-pin'; readonly key: Buffer; readonly keyType: string }
  /** Refused for now: the person decides with no connection open. */
  | { readonly kind: 'ask'; readonly key: Buffer; readonly keyType: string }
  | { readonly kind: 'refuse'; readonly error: RemoteError };

/** Decides on a key by the files alone. Never throws. */
export function decideHostKey(
  key: Buffer,
  known: {
    readonly name: string;
    readonly nameWithoutPort: string | undefined;
    readonly policy: HostKeyPolicy;
    readonly files: readonly KnownHostsFile[];
    /** Our own store, for advice on how to forget a key. */
    readonly ownPath: string;
  },
): HostKeyDecision {
  const keyType = keyTypeOf(key);
  if (keyType === undefined) {
    return refuse('host-key-refused', `${known.name} showed a host key that is none.`, adminAdvice);
  }
  const shown = `${keyType} ${fingerprintOf(key)}`;
  const verdict = judgeUnderBothNames(key, known);
  const place = 'at' in verdict ? `${verdict.at.path}:${verdict.at.line}` : '';
  switch (verdict.kind) {
    case 'match':
      return { kind: 'accept' };
    case 'revoked':
      return refuse(
        'host-key-revoked',
        `The host key of ${known.name} is marked as revoked (${place}): ${shown}.`,
        'This key must not be trusted any more. Ask the administrator of the host for its new key.',
      );
    case 'mismatch':
    case 'other-key-type':
      return refuse(
        'host-key-changed',
        `The host key of ${known.name} has changed. Known: ${verdict.at.keyType} ${fingerprintOf(verdict.at.key)} ` +
          `(${place}). Shown now: ${shown}.`,
        `Someone may be listening, or the host was set up anew. Compare with its administrator. Only if the new key is right, forget the old one: ` +
          (verdict.at.path === known.ownPath
            ? `run "TTT-Discover: Forget Host Key…" for ${known.name}`
            : `ssh-keygen -R '${known.name}' -f '${verdict.at.path}'`) +
          ', then connect again.',
      );
    case 'ca-only':
      return refuse(
        'unsupported-host',
        `${known.name} is trusted through a certificate authority (${place}), and host certificates are not supported yet.`,
        `Add the plain key of the host to a known_hosts file after comparing it with its administrator: ${shown}.`,
      );
    case 'unknown':
      if (known.policy === 'yes') {
        return refuse(
          'host-key-refused',
          `The host key of ${known.name} is not known, and StrictHostKeyChecking is "yes": ${shown}.`,
          'Add the key to a known_hosts file after comparing it with the administrator of the host.',
        );
      }
      return { kind: known.policy === 'ask' ? 'ask' : 'accept-and-pin', key, keyType };
  }
}

/** As ssh does: a name that is unknown with its port may be known without it, which counts only for a match. */
function judgeUnderBothNames(
  key: Buffer,
  known: Pick<Parameters<typeof decideHostKey>[1], 'name' | 'nameWithoutPort' | 'files'>,
): HostKeyVerdict {
  const verdict = judgeHostKey(known.name, key, known.files);
  if (verdict.kind !== 'unknown' || known.nameWithoutPort === undefined) return verdict;
  const withoutPort = judgeHostKey(known.nameWithoutPort, key, known.files);
  return withoutPort.kind === 'match' || withoutPort.kind === 'revoked' ? withoutPort : verdict;
}

const adminAdvice = 'Ask the administrator of the host.';

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

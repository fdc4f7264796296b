import type { ResolvedHost } from '../config/resolvedHost';
import { RemoteError, type HostEnvironment } from '../hostClient';
import { cancelledError } from '../shell/markedRun';
import { fingerprintOf } from './hostKeyBlob';
import type { HostKeyDecision } from './hostKeyVerifier';
import { otherPlacesOf, type KnownHostsFile } from './knownHosts';
import { rememberHostKey } from './knownHostsStore';

/** Asks the person about a key that is not known, and remembers a trusted one. Rejects with a `RemoteError` otherwise. */
export async function askAboutKey(
  about: {
    readonly host: ResolvedHost;
    readonly name: string;
    readonly via: string | undefined;
    readonly shown: Extract<HostKeyDecision, { kind: 'ask' }>;
    readonly files: readonly KnownHostsFile[];
  },
  needs: Pick<HostEnvironment, 'knownHostsPath' | 'prompts'>,
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

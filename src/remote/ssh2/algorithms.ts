import type { NegotiatedAlgorithms, ServerHostKeyAlgorithm } from 'ssh2';

/** What the two ends agreed on; both directions where they differ. */
export function algorithmsText({ kex, serverHostKey, cs, sc }: NegotiatedAlgorithms): string {
  const both = (to: string, from: string) => (to === from ? to : `${to} and ${from}`);
  // Ciphers that authenticate have no MAC of their own.
  const mac = both(cs.mac, sc.mac);
  return [kex, serverHostKey, both(cs.cipher, sc.cipher), ...(mac === '' ? [] : [mac])].join(', ');
}

/** Puts the types that are known for the host first, so that a server with several keys shows one of them. */
export function preferredKeyAlgorithms(
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

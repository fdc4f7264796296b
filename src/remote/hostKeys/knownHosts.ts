import { createHmac } from 'node:crypto';
import { keyTypeOf, plainTypeOf } from './hostKeyBlob';

/** A known_hosts file that was read whole. */
export interface KnownHostsFile {
  readonly path: string;
  readonly text: string;
}

/** One usable line: see sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT". */
export interface KnownHostLine {
  readonly path: string;
  /** Counts from 1. */
  readonly line: number;
  readonly marker: 'none' | 'cert-authority' | 'revoked';
  /** The hosts field as written. */
  readonly hosts: string;
  /** As inside the key: `ssh-rsa` also where the line says `rsa-sha2-512`. */
  readonly keyType: string;
  readonly key: Buffer;
}

/** What the files say of a key, the first that holds of: revoked, match, mismatch, other-key-type, ca-only, unknown. */
export type HostKeyVerdict =
  | { readonly kind: 'revoked'; readonly at: KnownHostLine }
  | { readonly kind: 'match'; readonly at: KnownHostLine }
  /** The host is known by another key of the same type. */
  | { readonly kind: 'mismatch'; readonly at: KnownHostLine }
  /** The host is known, but only by keys of other types. */
  | { readonly kind: 'other-key-type'; readonly at: KnownHostLine }
  /** Only a certificate authority is known for the host, and no certificate was shown. */
  | { readonly kind: 'ca-only'; readonly at: KnownHostLine }
  | { readonly kind: 'unknown' };

/** `host`, or `[host]:port` away from port 22; lower-case. A HostKeyAlias stands alone, as in OpenSSH. */
export function knownHostName(host: {
  readonly hostName: string;
  readonly port: number;
  readonly hostKeyAlias: string | undefined;
}): string {
  if (host.hostKeyAlias !== undefined) return host.hostKeyAlias.toLowerCase();
  const name = host.hostName.toLowerCase();
  return host.port === 22 ? name : `[${name}]:${host.port}`;
}

/** The name without its port, under which ssh looks too when it knows nothing under the other. */
export function knownHostNameWithoutPort(host: Parameters<typeof knownHostName>[0]): string | undefined {
  return host.hostKeyAlias === undefined && host.port !== 22 ? host.hostName.toLowerCase() : undefined;
}

/**
 * The paths of a list that `ssh -G` prints: it puts no quotes around those with spaces, so that a word belongs to the path
 * before it unless it begins as a path does.
 */
export function knownHostsPathsOf(words: readonly string[]): string[] {
  const paths: string[] = [];
  for (const word of words) {
    if (paths.length === 0 || /^([/~%$\\]|[A-Za-z]:[/\\]|__PROGRAMDATA__)/.test(word)) paths.push(word);
    else paths.push(`${paths.pop()} ${word}`);
  }
  return paths;
}

export function judgeHostKey(
  name: string,
  key: Uint8Array,
  files: readonly KnownHostsFile[],
): HostKeyVerdict {
  const type = keyTypeOf(key);
  const lines = files.flatMap((file) => [...linesFor(name, file)]);
  const isKey = (line: KnownHostLine) => line.key.equals(key);
  const plain = lines.filter((line) => line.marker === 'none');

  const revoked = lines.find((line) => line.marker === 'revoked' && isKey(line));
  if (revoked !== undefined) return { kind: 'revoked', at: revoked };
  const match = plain.find(isKey);
  if (match !== undefined) return { kind: 'match', at: match };
  const mismatch = plain.find((line) => line.keyType === type);
  if (mismatch !== undefined) return { kind: 'mismatch', at: mismatch };
  const [otherType] = plain;
  if (otherType !== undefined) return { kind: 'other-key-type', at: otherType };
  const authority = lines.find((line) => line.marker === 'cert-authority');
  if (authority !== undefined) return { kind: 'ca-only', at: authority };
  return { kind: 'unknown' };
}

/** Places where a key is known under other names than the one asked for, for a person who wonders whether to trust it. */
export function otherPlacesOf(
  name: string,
  key: Uint8Array,
  files: readonly KnownHostsFile[],
): readonly KnownHostLine[] {
  return files.flatMap((file) =>
    [...linesOf(file)].filter(
      (line) => line.marker === 'none' && line.key.equals(key) && !hostsMatch(line.hosts, name),
    ),
  );
}

/** Types of the plain keys known for a host, those of its first name first, to be offered to the server in that order. */
export function knownKeyTypes(
  names: readonly (string | undefined)[],
  files: readonly KnownHostsFile[],
): string[] {
  const types = new Set<string>();
  for (const name of names) {
    if (name === undefined) continue;
    const lines = files.flatMap((file) => [...linesFor(name, file)]);
    const revoked = lines.filter((line) => line.marker === 'revoked');
    for (const { marker, keyType, key } of lines) {
      if (marker === 'none' && !revoked.some((line) => line.key.equals(key))) types.add(keyType);
    }
  }
  return [...types];
}

/** The usable lines of a file that name a host, in their order. */
export function* linesFor(name: string, file: KnownHostsFile): Generator<KnownHostLine> {
  for (const line of linesOf(file)) if (hostsMatch(line.hosts, name)) yield line;
}

function* linesOf(file: KnownHostsFile): Generator<KnownHostLine> {
  for (const [index, text] of file.text.split('\n').entries()) {
    const line = parseKnownHostLine(text, file.path, index + 1);
    if (line !== undefined) yield line;
  }
}

/** `undefined` for comments, blank lines, and lines that OpenSSH skips too: unknown markers, keys that are none. */
export function parseKnownHostLine(text: string, path: string, line: number): KnownHostLine | undefined {
  const words = text.split(/[ \t]+/).filter((word) => word !== '');
  const [first] = words;
  if (first === undefined || first.startsWith('#')) return undefined;
  let marker: KnownHostLine['marker'] = 'none';
  if (first.startsWith('@')) {
    if (first === '@cert-authority') marker = 'cert-authority';
    else if (first === '@revoked') marker = 'revoked';
    else return undefined;
    words.shift();
  }
  const [hosts, typeName, base64] = words;
  if (hosts === undefined || hosts.startsWith('@') || typeName === undefined || base64 === undefined)
    return undefined;
  const key = bytesOfBase64(base64);
  const keyType = key === undefined ? undefined : keyTypeOf(key);
  if (key === undefined || keyType !== plainTypeOf(typeName)) return undefined;
  return { path, line, marker, hosts, keyType, key };
}

/** Control characters that count as white space are passed over, such as the end of a line from Windows. */
function bytesOfBase64(text: string): Buffer | undefined {
  const compact = text.replace(/[\r\v\f]/g, '');
  const bytes = Buffer.from(compact, 'base64');
  return bytes.length > 0 && bytes.toString('base64') === compact ? bytes : undefined;
}

/** Whether a hosts field names a host: hashed, or a list of patterns of which a negated one vetoes. */
export function hostsMatch(hosts: string, name: string): boolean {
  const lowerName = name.toLowerCase();
  if (hosts.startsWith('|')) return hashMatches(hosts, lowerName);
  let matched = false;
  for (const entry of hosts.split(',')) {
    const negated = entry.startsWith('!');
    const pattern = (negated ? entry.slice(1) : entry).toLowerCase();
    // OpenSSH gives up the whole list there.
    if (pattern.length >= maxPatternLength) return false;
    if (!patternMatches(pattern, lowerName)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}

const maxPatternLength = 1023;
const sha1Bytes = 20;

function hashMatches(hosts: string, name: string): boolean {
  const salt = Buffer.from(/^\|1\|([^|]*)\|/.exec(hosts)?.[1] ?? '', 'base64');
  return salt.length === sha1Bytes && hosts === hashedName(name, salt);
}

/** The hosts field of `HashKnownHosts yes`. @param salt 20 random bytes. */
export function hashedName(name: string, salt: Buffer): string {
  const hash = createHmac('sha1', salt).update(name.toLowerCase()).digest('base64');
  return `|1|${salt.toString('base64')}|${hash}`;
}

/** `*` and `?` as OpenSSH reads them, in time linear in the product of both lengths whatever the pattern. */
function patternMatches(pattern: string, name: string): boolean {
  let patternAt = 0;
  let nameAt = 0;
  let starAt = -1;
  let starNameAt = 0;
  while (nameAt < name.length) {
    const wanted = pattern[patternAt];
    if (wanted === '*') {
      starAt = patternAt++;
      starNameAt = nameAt;
    } else if (wanted !== undefined && (wanted === '?' || wanted === name[nameAt])) {
      patternAt++;
      nameAt++;
    } else if (starAt !== -1) {
      patternAt = starAt + 1;
      nameAt = ++starNameAt;
    } else {
      return false;
    }
  }
  while (pattern[patternAt] === '*') patternAt++;
  return patternAt === pattern.length;
}

import { createHash, createHmac } from 'node:crypto';

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

/** `SHA256:…` as `ssh-keygen -lf` prints it. */
export function fingerprintOf(key: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The type named inside a key blob; `undefined` if it is not a whole key: length-prefixed fields to its very end. */
export function keyTypeOf(key: Uint8Array): string | undefined {
  const bytes = Buffer.from(key);
  const fields: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + 4 > bytes.length) return undefined;
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) return undefined;
    fields.push(bytes.subarray(at + 4, end));
    at = end;
  }
  const type = fields[0]?.toString('latin1') ?? '';
  return fields.length >= 2 && /^[a-z0-9@.-]{1,64}$/i.test(type) ? type : undefined;
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

/** Types of the plain keys known for a name, to be offered first to the server. */
export function knownKeyTypes(name: string, files: readonly KnownHostsFile[]): string[] {
  const types = new Set<string>();
  for (const file of files) {
    for (const line of linesFor(name, file)) if (line.marker === 'none') types.add(line.keyType);
  }
  return [...types];
}

export function* linesFor(name: string, file: KnownHostsFile): Generator<KnownHostLine> {
  const lines = file.text.split('\n');
  for (const [index, text] of lines.entries()) {
    const line = parseKnownHostLine(text, file.path, index + 1);
    if (line !== undefined && hostsMatch(line.hosts, name)) yield line;
  }
}

/** `undefined` for comments, blank lines, and lines that OpenSSH skips too: unknown markers, keys that are none. */
export function parseKnownHostLine(text: string, path: string, line: number): KnownHostLine | undefined {
  const words = text.split(/[ \t\r]+/).filter((word) => word !== '');
  const [first] = words;
  if (first === undefined || first.startsWith('#')) return undefined;
  let marker: KnownHostLine['marker'] = 'none';
  if (first.startsWith('@')) {
    if (first === '@cert-authority') marker = 'cert-authority';
    else if (first === '@revoked') marker = 'revoked';
    else return undefined;
    words.shift();
  }
  const [hosts, keyType, base64] = words;
  if (hosts === undefined || keyType === undefined || base64 === undefined) return undefined;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || base64.length % 4 !== 0) return undefined;
  const key = Buffer.from(base64, 'base64');
  if (keyTypeOf(key) !== keyType) return undefined;
  return { path, line, marker, hosts, keyType, key };
}

/** Whether a hosts field names a host: hashed, or a list of patterns of which a negated one vetoes. */
export function hostsMatch(hosts: string, name: string): boolean {
  const lowerName = name.toLowerCase();
  if (hosts.startsWith('|')) return hashMatches(hosts, lowerName);
  let matched = false;
  for (const entry of hosts.split(',')) {
    const negated = entry.startsWith('!');
    const pattern = (negated ? entry.slice(1) : entry).toLowerCase();
    if (!patternMatches(pattern, lowerName)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}

function hashMatches(hosts: string, name: string): boolean {
  const [, version, salt = '', hash = ''] = hosts.split('|');
  const saltBytes = Buffer.from(salt, 'base64');
  const hashBytes = Buffer.from(hash, 'base64');
  if (version !== '1' || saltBytes.length !== 20 || hashBytes.length !== 20) return false;
  return createHmac('sha1', saltBytes).update(name).digest().equals(hashBytes);
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

import { readdir, readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import ssh2 from 'ssh2';
import type { BaseAgent as BaseAgentType, ParsedKey, SignCallback, SigningRequestOptions } from 'ssh2';
import type { ResolvedHost } from '../config/resolvedHost';

/** A key that can be offered to a server. */
export type LoginKey =
  | { readonly kind: 'file'; readonly path: string; readonly key: ParsedKey }
  | {
      readonly kind: 'agent';
      readonly label: string;
      readonly key: ParsedKey;
      readonly agent: BaseAgentType<ParsedKey>;
    }
  /** The private part is under a passphrase; the public part is known if the file or its `.pub` shows it. */
  | {
      readonly kind: 'encrypted';
      readonly path: string;
      readonly publicKey: ParsedKey | undefined;
      readonly text: Buffer;
    };

export interface KeyRing {
  readonly keys: readonly LoginKey[];
  /** Keys that were passed over, each with its reason, for the message of a failed login. */
  readonly skipped: readonly string[];
}

/** sshd ends a connection after six failures by default; five leave room for its own count. */
const maxOffers = 5;
const agentTimeoutMs = 5_000;

/**
 * Keys in the order they are offered: those of IdentityFile (from the agent, or from files that need no passphrase),
 * other keys of the agent unless IdentitiesOnly, and last the files under a passphrase.
 */
export async function loadKeyRing(host: ResolvedHost): Promise<KeyRing> {
  const skipped: string[] = [];
  const agentKeys = await readAgent(host.agentSocket, skipped);
  const pageant = agentKeys.length === 0 && host.agentSocket !== undefined ? await pageantPipe() : undefined;
  agentKeys.push(...(await readAgent(pageant, skipped)));
  const named: LoginKey[] = [];
  const encrypted: LoginKey[] = [];
  for (const path of host.identityFiles) {
    const found = await readIdentity(path, skipped);
    const publicKey = found?.kind === 'encrypted' ? found.publicKey : found?.key;
    const inAgent = agentKeys.find((entry) => publicKey !== undefined && isSameKey(entry.key, publicKey));
    if (inAgent !== undefined) named.push({ ...inAgent, label: `${path} (agent)` });
    else if (found?.kind === 'file') named.push(found);
    else if (found?.kind === 'encrypted') encrypted.push(found);
  }
  const others = host.identitiesOnly
    ? []
    : agentKeys.filter(
        (entry) => !named.some((key) => key.kind === 'agent' && isSameKey(key.key, entry.key)),
      );
  const room = Math.max(0, maxOffers - named.length - Math.min(encrypted.length, 2));
  for (const entry of others.slice(room)) skipped.push(`${entry.label}: too many keys`);
  const keys = [...named, ...others.slice(0, room), ...encrypted];
  return { keys: keys.slice(0, maxOffers), skipped };
}

type AgentKey = Extract<LoginKey, { kind: 'agent' }>;

async function readAgent(socket: string | undefined, skipped: string[]): Promise<AgentKey[]> {
  if (socket === undefined) return [];
  const agent = new ssh2.OpenSSHAgent(socket);
  try {
    const keys = await agentIdentities(agent);
    return keys.map((key) => ({ kind: 'agent', label: `agent key ${key.comment || key.type}`, key, agent }));
  } catch (error) {
    skipped.push(`agent at ${socket}: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}

/** PuTTY's agent on Windows listens on a pipe whose name ends in a hash; it is found by the user's name in it. */
async function pageantPipe(): Promise<string | undefined> {
  if (process.platform !== 'win32') return undefined;
  const folder = '\\\\.\\pipe\\';
  // Where pipes cannot be listed there is no such agent to be found.
  const names = await readdir(folder).catch(() => []);
  const pipe = names.find((name) => name.startsWith(`pageant.${userInfo().username}.`));
  return pipe === undefined ? undefined : folder + pipe;
}

function agentIdentities(agent: BaseAgentType<ParsedKey>): Promise<ParsedKey[]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer')), agentTimeoutMs);
    agent.getIdentities((error, keys) => {
      clearTimeout(timer);
      if (error) reject(error);
      else resolve((keys ?? []).flatMap((key) => ('getPublicSSH' in key ? [key] : [])));
    });
  });
}

type FileKey = Exclude<LoginKey, AgentKey>;

async function readIdentity(path: string, skipped: string[]): Promise<FileKey | PublicOnly | undefined> {
  const text = await readOptional(path, skipped);
  if (text === undefined) {
    // With only the public half here, the private one may be in the agent.
    const key = await readPublicKey(`${path}.pub`, skipped);
    return key === undefined ? undefined : { kind: 'public', key };
  }
  const key = ssh2.utils.parseKey(text);
  if (!(key instanceof Error)) {
    return key.isPrivateKey() ? { kind: 'file', path, key } : { kind: 'public', key };
  }
  if (/encrypted|passphrase/i.test(key.message)) {
    const publicKey = publicPartOf(text) ?? (await readPublicKey(`${path}.pub`, skipped));
    return { kind: 'encrypted', path, publicKey, text };
  }
  skipped.push(`${path}: ${key.message}`);
  return undefined;
}

interface PublicOnly {
  readonly kind: 'public';
  readonly key: ParsedKey;
}

async function readPublicKey(path: string, skipped: string[]): Promise<ParsedKey | undefined> {
  const text = await readOptional(path, skipped);
  if (text === undefined) return undefined;
  const key = ssh2.utils.parseKey(text);
  return key instanceof Error ? undefined : key;
}

async function readOptional(path: string, skipped: string[]): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!isMissing) skipped.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

/** The public key at the head of an OpenSSH private key file, which is never encrypted (PROTOCOL.key). */
export function publicPartOf(privateKeyFile: Buffer): ParsedKey | undefined {
  const blob = publicBlobOf(privateKeyFile);
  if (blob === undefined) return undefined;
  const key = ssh2.utils.parseKey(`${typeOfBlob(blob)} ${blob.toString('base64')}`);
  return key instanceof Error ? undefined : key;
}

/** The type named in a public key, such as `ssh-ed25519`; it need not be one that ssh2 knows. */
export function typeOfBlob(blob: Buffer): string {
  return blob.length < 4 ? '' : blob.subarray(4, 4 + blob.readUInt32BE(0)).toString('latin1');
}

/** The same as the bytes in which keys are sent. */
export function publicBlobOf(privateKeyFile: Buffer): Buffer | undefined {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/.exec(
    privateKeyFile.toString('latin1'),
  )?.[1];
  if (body === undefined) return undefined;
  const bytes = Buffer.from(body, 'base64');
  const magic = Buffer.from('openssh-key-v1\0');
  if (!bytes.subarray(0, magic.length).equals(magic)) return undefined;
  let at = magic.length;
  const next = (): Buffer | undefined => {
    if (at + 4 > bytes.length) return undefined;
    const length = bytes.readUInt32BE(at);
    at += 4;
    if (at + length > bytes.length) return undefined;
    const field = bytes.subarray(at, at + length);
    at += length;
    return field;
  };
  // Cipher, key derivation and its options stand before the number of keys and the first public key.
  for (let field = 0; field < 3; field++) if (next() === undefined) return undefined;
  at += 4;
  return next();
}

export function isSameKey(one: ParsedKey, other: ParsedKey): boolean {
  return one.getPublicSSH().equals(other.getPublicSSH());
}

/** Offers one key; how it signs is the caller's. ssh2 asks the server first whether it would take the key. */
export class OneKeyAgent extends ssh2.BaseAgent<ParsedKey> {
  constructor(
    private readonly key: ParsedKey,
    private readonly signWith: (data: Buffer, options: SigningRequestOptions) => Promise<Buffer>,
  ) {
    super();
  }
  override getIdentities(done: (error: Error | undefined, keys?: ParsedKey[]) => void): void {
    done(undefined, [this.key]);
  }
  override sign(
    _key: ParsedKey,
    data: Buffer,
    optionsOrDone: SigningRequestOptions | SignCallback,
    done?: SignCallback,
  ): void {
    const answer = typeof optionsOrDone === 'function' ? optionsOrDone : done;
    const options = typeof optionsOrDone === 'function' ? {} : optionsOrDone;
    this.signWith(data, options).then(
      (signature) => answer?.(null, signature),
      (error: unknown) => answer?.(error instanceof Error ? error : new Error(String(error))),
    );
  }
}

/** Signs through an agent. */
export function agentSigner(
  agent: BaseAgentType<ParsedKey>,
  key: ParsedKey,
): (data: Buffer, options: SigningRequestOptions) => Promise<Buffer> {
  return (data, options) =>
    new Promise((resolve, reject) => {
      agent.sign(key, data, options, (error, signature) => {
        if (error) reject(error);
        else if (signature === undefined) reject(new Error('The agent gave no signature.'));
        else resolve(signature);
      });
    });
}

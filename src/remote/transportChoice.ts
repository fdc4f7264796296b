import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';
import { agentKeyTypes } from './login/agentKeyTypes';
import { publicBlobOf, typeOfBlob } from './login/keyRing';
import { knownHostName, linesFor } from './hostKeys/knownHosts';
import { readKnownHostsFiles } from './hostKeys/knownHostsStore';
import type { ResolvedHost } from './config/resolvedHost';

/** `auto`: the built-in client, and the `ssh` program where the built-in one cannot do what the host wants. */
export type TransportSetting = 'auto' | 'ssh2' | 'system';

const klistTimeoutMs = 5_000;
const maxKeyFileBytes = 64 * 1024;

/**
 * Why the `ssh` program is needed on this route, in words; `undefined`: the built-in client can do it. Looks at the
 * settings, the key files, the agent and the known hosts of every hop, and connects to none.
 */
export async function reasonForSystemSsh(
  route: readonly ResolvedHost[],
  knownHostsPath: string,
): Promise<string | undefined> {
  for (const host of route) {
    const reason = await reasonForHost(host, knownHostsPath);
    if (reason !== undefined) return route.length === 1 ? reason : `${host.alias}: ${reason}`;
  }
  return undefined;
}

async function reasonForHost(host: ResolvedHost, knownHostsPath: string): Promise<string | undefined> {
  const [setting] = host.onlyForSsh;
  if (setting !== undefined) return `its settings have ${setting}`;
  const keys = await reasonInKeys(host);
  if (keys !== undefined) return keys;
  if (await isCertifiedOnly(host, knownHostsPath)) return 'its host key is known by a certificate authority';
  // Many systems allow GSSAPI for every host: it is wanted only with a ticket at hand.
  if (host.wantsGssapi && (await hasTicket()))
    return 'there is a Kerberos ticket, and GSSAPIAuthentication is on';
  return undefined;
}

async function reasonInKeys(host: ResolvedHost): Promise<string | undefined> {
  for (const path of host.certificateFiles) {
    if ((await readHead(path)) !== undefined) return `it has a user certificate (${path})`;
  }
  for (const path of host.identityFiles) {
    if ((await readHead(`${path}-cert.pub`)) !== undefined)
      return `it has a user certificate (${path}-cert.pub)`;
    const text = (await readHead(`${path}.pub`)) ?? (await readHead(path));
    if (text !== undefined && isHardwareKey(text)) return `it has a hardware key (${path})`;
  }
  // Of an agent's keys only those are offered that the settings name, if they say so.
  if (host.identitiesOnly) return undefined;
  const types = await agentKeyTypes(host.agentSocket);
  const special = types.find((type) => type.startsWith('sk-') || type.includes('-cert-'));
  return special === undefined ? undefined : `the agent has a ${special} key`;
}

function isHardwareKey(text: Buffer): boolean {
  if (/^sk-(ssh|ecdsa)/m.test(text.toString('latin1'))) return true;
  const blob = publicBlobOf(text);
  return blob !== undefined && typeOfBlob(blob).startsWith('sk-');
}

/** Whether all that is known of a host's keys is who certifies them: a plain key is not to be trusted then. */
export async function isCertifiedOnly(host: ResolvedHost, knownHostsPath: string): Promise<boolean> {
  const files = await readKnownHostsFiles([knownHostsPath, ...host.knownHostsFiles]);
  const lines = files.flatMap((file) => [...linesFor(knownHostName(host), file)]);
  const has = (marker: string) => lines.some((line) => line.marker === marker);
  return has('cert-authority') && !has('none');
}

/** The beginning of a file; `undefined` where it cannot be read, which a login tells in its own words. */
async function readHead(path: string): Promise<Buffer | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(maxKeyFileBytes), 0, maxKeyFileBytes, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

function hasTicket(): Promise<boolean> {
  return new Promise((resolve) => {
    execFile('klist', ['-s'], { timeout: klistTimeoutMs, windowsHide: true }, (error) =>
      resolve(error === null),
    );
  });
}

import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SessionSpec } from '../../src/protocol/sessionSpec';
import {
  RemoteError,
  type HostEnvironment,
  type HostKeyQuestion,
  type PasswordQuestion,
  type ServerQuestions,
} from '../../src/remote/hostClient';
import { Secret } from '../../src/remote/login/secret';
import type { Sshd } from '../support/sshd';

export const fakeRunnerPath = join(import.meta.dirname, 'fakeRunner.cjs');
export const never = new AbortController().signal;
export const noProgress = () => undefined;

/** An environment that says yes to new keys and knows no passphrase, and remembers what it was asked. */
export interface RecordingEnvironment extends HostEnvironment {
  readonly questions: HostKeyQuestion[];
  readonly passphrasesAsked: { readonly keyPath: string; readonly attempt: number }[];
  readonly passwordsAsked: PasswordQuestion[];
  readonly serverQuestions: ServerQuestions[];
  readonly logged: string[];
}

export function environmentFor(
  sshd: Pick<Sshd, 'folder' | 'sshConfigPath'>,
  changes: {
    readonly trust?: boolean;
    readonly passphrases?: readonly (string | undefined)[];
    readonly passwords?: readonly (string | undefined)[];
    readonly newPassword?: string;
    readonly answers?: readonly (readonly string[] | undefined)[];
    readonly nodeBinary?: string;
    readonly root?: string;
    readonly runnerBundlePath?: string;
    readonly sshConfigPath?: string;
  } = {},
): RecordingEnvironment {
  const questions: HostKeyQuestion[] = [];
  const passphrasesAsked: { keyPath: string; attempt: number }[] = [];
  const passwordsAsked: PasswordQuestion[] = [];
  const serverQuestions: ServerQuestions[] = [];
  const logged: string[] = [];
  const passphrases = [...(changes.passphrases ?? [])];
  const passwords = [...(changes.passwords ?? [])];
  const answers = [...(changes.answers ?? [])];
  return {
    questions,
    passphrasesAsked,
    passwordsAsked,
    serverQuestions,
    logged,
    runnerBundlePath: changes.runnerBundlePath ?? fakeRunnerPath,
    localNode: { path: process.execPath, env: {} },
    nodeBinaryFor: () => Promise.resolve(changes.nodeBinary),
    knownHostsPath: join(sshd.folder, 'own', 'known_hosts'),
    sshPath: 'ssh',
    sshConfigPath: changes.sshConfigPath ?? sshd.sshConfigPath,
    root: changes.root ?? '~/.ttt-discover',
    prompts: {
      trustHostKey(question) {
        questions.push(question);
        return Promise.resolve(changes.trust ?? true);
      },
      passphrase(question) {
        passphrasesAsked.push(question);
        return Promise.resolve(secretOf(passphrases.shift()));
      },
      password(question) {
        passwordsAsked.push(question);
        return Promise.resolve(secretOf(passwords.shift()));
      },
      newPassword: () => Promise.resolve(secretOf(changes.newPassword)),
      answers(question) {
        serverQuestions.push(question);
        return Promise.resolve(answers.shift()?.map((answer) => new Secret(answer)));
      },
    },
    log: (_level, message) => logged.push(message),
  };
}

function secretOf(text: string | undefined): Secret | undefined {
  return text === undefined ? undefined : new Secret(text);
}

/** What a promise was refused with; it must be a `RemoteError`. */
export async function refusalOf(promise: Promise<unknown>): Promise<RemoteError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof RemoteError) return error;
    throw error;
  }
  throw new Error('It was expected to fail.');
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
export function newSessionId(): string {
  const bytes = randomBytes(25);
  return '0' + [...bytes].map((byte) => crockford[byte % 32]).join('');
}

/** For the fake runner: a session of `total` entries. */
export function fakeSpec(sessionId: string, total: number, name = 'fake'): SessionSpec {
  return {
    version: 1,
    sessionId,
    displayPath: `${name}:${total}`,
    problemFile: 'problem.discover',
    overrides: {},
    files: [{ path: 'problem.discover', executable: false, base64: '' }],
  };
}

/** A folder for PATH with the system's tools, but without those named. */
export async function toolsWithout(
  missing: readonly string[],
): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'ttt-tools-'));
  await mkdir(path, { recursive: true });
  for (const tool of await readdir('/usr/bin')) {
    if (!missing.includes(tool)) await symlink(join('/usr/bin', tool), join(path, tool));
  }
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Established connections from this machine to a port of it. */
export async function connectionsTo(port: number): Promise<number> {
  const table = await readFile('/proc/net/tcp', 'utf8');
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table.split('\n').filter((line) => {
    const [, , remote, state] = line.trim().split(/\s+/);
    return remote?.endsWith(suffix) === true && state === '01';
  }).length;
}

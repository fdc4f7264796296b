import { createHash, randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import * as z from 'zod';
import { sessionId as sessionIdSchema, sessionSpec, type SessionSpec } from '../../protocol/sessionSpec';
import { errorCode } from '../journal/diskFullError';
import { makePrivateFolder, readJsonFile, writeJsonFile } from './privateFiles';

/** The specification without the files, which lie beside it. */
const storedSpec = sessionSpec.omit({ files: true });
export type StoredSpec = z.infer<typeof storedSpec>;

/** Where the runner keeps everything on a host: the argument, `$TTT_DISCOVER_ROOT`, or `~/.ttt-discover`. */
export function resolveRoot(argument: string | undefined): string {
  const fromEnvironment = process.env['TTT_DISCOVER_ROOT'];
  if (argument !== undefined) return resolve(argument);
  return fromEnvironment === undefined || fromEnvironment === ''
    ? join(homedir(), '.ttt-discover')
    : resolve(fromEnvironment);
}

/** The places of one session. Folders have mode 0700, files 0600. */
export interface SessionFolder {
  readonly sessionId: string;
  readonly path: string;
  readonly specPath: string;
  readonly problemPath: string;
  readonly journalPath: string;
  readonly candidatesPath: string;
  readonly statesPath: string;
  readonly blobsPath: string;
  /** Long data of the policy, by content; made where it is missing, as older sessions have none. */
  readonly policyPath: string;
  readonly workPath: string;
  readonly ownersPath: string;
  readonly exitPath: string;
  readonly startLogPath: string;
  /** Copies of the best program and its construction under their own names, made at the end. */
  readonly bestPath: string;
  readonly socketPath: string;
  /** Where editors offer connections through which the session reaches its model server. `src/remote/multiplex` knows the name too. */
  readonly modelSocketPath: string;
}

export function sessionFolder(root: string, sessionId: string): SessionFolder {
  const path = join(root, 'sessions', sessionId);
  return {
    sessionId,
    path,
    specPath: join(path, 'spec.json'),
    problemPath: join(path, 'problem'),
    journalPath: join(path, 'journal'),
    candidatesPath: join(path, 'candidates'),
    statesPath: join(path, 'states'),
    blobsPath: join(path, 'blobs'),
    policyPath: join(path, 'policy'),
    workPath: join(path, 'work'),
    ownersPath: join(path, 'owners'),
    exitPath: join(path, 'exit.json'),
    startLogPath: join(path, 'start.log'),
    bestPath: join(path, 'best'),
    socketPath: join(socketFolder(root), `${sessionId}.sock`),
    modelSocketPath: join(socketFolder(root), `${sessionId}.model.sock`),
  };
}

/** A local folder with a short path: sockets do not work on network file systems nor with paths over 107 bytes. */
function socketFolder(root: string): string {
  const digest = createHash('sha256').update(root).digest('hex').slice(0, 8);
  return `/tmp/ttt-discover-${process.getuid?.() ?? 0}-${digest}`;
}

/**
 * Makes a session's folder, whole or not at all: it is built under another name and renamed. `existed`: it was there
 * already, and nothing was changed.
 */
export function createSessionFolder(
  root: string,
  spec: SessionSpec,
): { readonly folder: SessionFolder; readonly existed: boolean } {
  const folder = sessionFolder(root, spec.sessionId);
  if (existsSync(folder.path)) return { folder, existed: true };
  const draft = join(root, 'sessions', `.${spec.sessionId}.${randomUUID()}`);
  makePrivateFolder(draft);
  try {
    for (const name of ['journal', 'candidates', 'states', 'blobs', 'work', 'owners']) {
      mkdirSync(join(draft, name), { mode: 0o700 });
    }
    writeProblemFiles(join(draft, 'problem'), spec.files);
    writeJsonFile(join(draft, 'spec.json'), storedSpec.parse(spec));
    renameSync(draft, folder.path);
    return { folder, existed: false };
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another start of the same session was faster.
    if (errorCode(error) === 'ENOTEMPTY' || errorCode(error) === 'EEXIST') return { folder, existed: true };
    throw error;
  }
}

/** Writes the files of a problem into a new folder. */
export function writeProblemFiles(folder: string, files: SessionSpec['files']): void {
  makePrivateFolder(folder);
  for (const file of files) {
    const path = join(folder, file.path);
    makePrivateFolder(dirname(path));
    writeFileSync(path, Buffer.from(file.base64, 'base64'), { mode: 0o600, flag: 'wx' });
    if (file.executable) chmodSync(path, 0o700);
  }
}

const specHead = z.object({ displayPath: z.string() });

/** What every version writes into a specification; `undefined` if there is no such session. */
export function readSpecHead(folder: SessionFolder): z.infer<typeof specHead> | undefined {
  return readJsonFile(folder.specPath, specHead);
}

export function readSpec(folder: SessionFolder): StoredSpec | undefined {
  return readJsonFile(folder.specPath, storedSpec);
}

/** Ids of the sessions under the root, oldest first. */
export function listSessionIds(root: string): readonly string[] {
  try {
    return readdirSync(join(root, 'sessions'))
      .filter((name) => sessionIdSchema.safeParse(name).success)
      .sort();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

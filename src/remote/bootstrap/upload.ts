import { once } from 'node:events';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { RemoteError } from '../hostClient';
import { markCommand } from '../shell/markedOutput';
import { cancelledError, followMarkedRun, newNonce } from '../shell/markedRun';
import type { RemoteProcess } from '../transport';
import { receiveCommand, type UploadTarget } from './uploadReceive';

type Spawn = (command: string) => Promise<RemoteProcess>;

export interface UploadOptions {
  /** Bytes of the content handed over so far. */
  readonly onProgress?: (sentBytes: number) => void;
  /** Another installer is at work there; called once a second while it is waited for. */
  readonly onWaiting?: () => void;
  readonly signal?: AbortSignal;
  /** `on-the-way` compresses the content; `before` says that it is compressed already. The host must have `gzip`. */
  readonly gzip?: 'on-the-way' | 'before';
}

/** The file that arrived did not pass its trial on the host, and was not published. */
export class SelfTestFailed extends RemoteError {
  constructor(
    readonly path: string,
    readonly exitCode: number,
    readonly said: string,
  ) {
    super(
      'bootstrap-failed',
      `${path} does not work on the host: ${said === '' ? `exit code ${exitCode}` : said}`,
      'Look at the log; installing Node 20 or later on the host may help.',
    );
  }
}

/**
 * Writes a file through a shell on the host: into a temporary folder beside the target, checked there by size and SHA-256
 * and by its self-test, then renamed. What is there already is not sent. Nothing is left behind on failure. Rejects with a
 * `RemoteError`: `no-space`, `bootstrap-failed`, `lost`, `cancelled`.
 */
export async function uploadThroughShell(
  spawn: Spawn,
  content: AsyncIterable<Uint8Array>,
  target: UploadTarget,
  options: UploadOptions = {},
  endGroup?: (pid: number) => Promise<unknown>,
): Promise<void> {
  if (options.signal?.aborted === true) throw cancelledError();
  const nonce = newNonce();
  const process = await spawn(markCommand(receiveCommand(target, nonce, options.gzip !== undefined), nonce));
  const said = new Map<string, string>();
  let begin: (isWanted: boolean) => void = () => undefined;
  const isWanted = new Promise<boolean>((resolve) => (begin = resolve));
  const result = await followMarkedRun(process, nonce, {
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(endGroup === undefined ? {} : { endGroup }),
    onLine(line) {
      const [key = '', value = ''] = line.split(' ');
      said.set(key, value);
      if (key === 'waiting') options.onWaiting?.();
      // All but these two are the end, in which nothing is read any more.
      else begin(key === 'ready');
    },
    input: async (stdin) => {
      const ended = process.exited.then(
        () => false,
        () => false,
      );
      if (await Promise.race([isWanted, ended])) await sendAll(process, content, options);
      stdin.end();
    },
  });
  if (said.has('done') || said.has('have')) return;
  throw uploadError(target, said, result.stderr);
}

async function sendAll(
  process: RemoteProcess,
  content: AsyncIterable<Uint8Array>,
  options: UploadOptions,
): Promise<void> {
  let gone = false;
  const markGone = () => (gone = true);
  process.exited.then(markGone, markGone);
  async function* counted(): AsyncGenerator<Uint8Array> {
    let sentBytes = 0;
    for await (const chunk of content) {
      if (gone) return;
      if (options.signal?.aborted === true) throw cancelledError();
      yield chunk;
      sentBytes += chunk.length;
      options.onProgress?.(sentBytes);
    }
  }
  const writeAll = async (chunks: AsyncIterable<Uint8Array>) => {
    for await (const chunk of chunks) await write(process.stdin, chunk, process.exited);
  };
  if (options.gzip !== 'on-the-way') return writeAll(counted());
  // The fastest level: a link faster than that needs no compression, and Node's program shrinks to less than a half.
  const zip = createGzip({ level: 1 });
  await pipeline(Readable.from(counted(), { objectMode: false, highWaterMark: 1024 * 1024 }), zip, writeAll);
}

async function write(stdin: Writable, chunk: Uint8Array, exited: Promise<unknown>): Promise<void> {
  if (stdin.destroyed || stdin.writableEnded) return;
  if (!stdin.write(chunk)) {
    const waiting = new AbortController();
    try {
      await Promise.race([
        once(stdin, 'drain', { signal: waiting.signal }),
        once(stdin, 'close', { signal: waiting.signal }),
        exited,
      ]);
    } finally {
      waiting.abort();
    }
  }
}

function uploadError(target: UploadTarget, report: ReadonlyMap<string, string>, stderr: string): RemoteError {
  const said = stderr.trim().slice(-300);
  const because = said === '' ? '' : `: ${said}`;
  const stage = report.get('failed');
  if (stage === 'self-test') return new SelfTestFailed(target.path, Number(report.get('code')), said);
  // 153 is SIGXFSZ: the account's file-size limit.
  if (isNoSpace(stderr) || report.get('code') === '153') {
    return new RemoteError(
      'no-space',
      `There is no room on the host for ${target.path} (${Math.ceil(target.sizeBytes / 1_000_000)} MB)${because}`,
      'Free some space or quota there, or set another root folder for this host, then try again.',
    );
  }
  switch (stage) {
    case 'size':
    case 'hash':
      return new RemoteError(
        'bootstrap-failed',
        `${target.path} arrived damaged on the host (${report.get('size') ?? target.sizeBytes} of ${target.sizeBytes} bytes) and was refused.`,
        'Try again; if it repeats, check the disk of the host and the network path to it.',
      );
    case 'no-hash-tool':
      return new RemoteError(
        'unsupported-host',
        'The host has none of sha256sum, shasum and openssl, so that an upload cannot be checked.',
        'Install one of them there (coreutils), then connect again.',
      );
    case 'locked':
      return new RemoteError(
        'bootstrap-failed',
        `Another editor has been installing on the host for more than five minutes (process ${report.get('owner') ?? 'unknown'}).`,
        `Wait for it, then connect again. If there is none, remove the folder ${target.lock ?? ''} there.`,
      );
    default:
      return new RemoteError(
        'bootstrap-failed',
        `${target.path} could not be written on the host${because}`,
        'Check the permissions of that folder, or set another root folder for this host.',
      );
  }
}

export function isNoSpace(text: string): boolean {
  return /no space left|disk quota exceeded|quota exceeded|file too large|file size limit/i.test(text);
}

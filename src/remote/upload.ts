import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { RemoteError } from './hostClient';
import { markCommand } from './markedOutput';
import { cancelledError, followMarkedRun, newNonce } from './markedRun';
import { shellQuote } from './shellQuote';
import type { RemoteProcess, Transport } from './transport';

type Spawn = (command: string) => Promise<RemoteProcess>;
type Target = Parameters<Transport['upload']>[1];
type Options = NonNullable<Parameters<Transport['upload']>[2]>;

/**
 * Writes a file through a shell on the host: into a temporary file beside the target, checked there by size and SHA-256,
 * then renamed. Nothing is left behind on failure. Rejects with a `RemoteError`: `no-space`, `bootstrap-failed`, `lost`,
 * `cancelled`.
 */
export async function uploadThroughShell(
  spawn: Spawn,
  content: AsyncIterable<Uint8Array>,
  target: Target,
  options: Options = {},
  endGroup?: (pid: number) => Promise<unknown>,
): Promise<void> {
  if (options.signal?.aborted === true) throw cancelledError();
  const nonce = newNonce();
  const process = await spawn(markCommand(receiveCommand(target, nonce), nonce));
  let gone = false;
  void process.exited.then(
    () => (gone = true),
    () => (gone = true),
  );
  const result = await followMarkedRun(process, nonce, {
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(endGroup === undefined ? {} : { endGroup }),
    input: async (stdin) => {
      let sentBytes = 0;
      for await (const chunk of content) {
        if (gone) break;
        if (options.signal?.aborted === true) throw cancelledError();
        await write(stdin, chunk, process.exited);
        sentBytes += chunk.length;
        options.onProgress?.(sentBytes);
      }
      stdin.end();
    },
  });
  const report = new Map(
    result.stdout
      .split('\n')
      .map((line) => line.split(' '))
      .map(([key = '', value = '']) => [key, value]),
  );
  if (report.has('done')) return;
  throw uploadError(target, report, result.stderr);
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

/** One line of shell. It prints `done`, or `failed STAGE` and what it saw. */
function receiveCommand(target: Target, nonce: string): string {
  const folder = target.path.slice(0, target.path.lastIndexOf('/'));
  return [
    `umask 077`,
    `p=${shellQuote(target.path)}`,
    `t="$p.partial-${nonce}"`,
    // The traps keep a cut connection from leaving half a file.
    `trap 'rm -f "$t"' EXIT`,
    `trap 'exit 129' HUP INT TERM PIPE`,
    `mkdir -p ${shellQuote(folder)} || { echo failed mkdir; exit 1; }`,
    `cat >"$t"; r=$?`,
    `if [ "$r" -ne 0 ]; then echo failed write; echo "code $r"; exit 1; fi`,
    `n=$(wc -c <"$t"); n=$((n))`,
    `if [ "$n" -ne ${target.sizeBytes} ]; then echo failed size; echo "size $n"; exit 1; fi`,
    `if command -v sha256sum >/dev/null 2>&1; then h=$(sha256sum <"$t"); ` +
      `elif command -v shasum >/dev/null 2>&1; then h=$(shasum -a 256 <"$t"); ` +
      `elif command -v openssl >/dev/null 2>&1; then h=$(openssl dgst -sha256 -r <"$t"); ` +
      `else echo failed no-hash-tool; exit 1; fi`,
    `h=\${h%% *}`,
    `if [ "$h" != ${target.sha256} ]; then echo failed hash; echo "hash $h"; exit 1; fi`,
    `chmod ${target.executable ? '700' : '600'} "$t" && mv -f "$t" "$p" || { echo failed rename; exit 1; }`,
    `echo done`,
  ].join('; ');
}

function uploadError(target: Target, report: ReadonlyMap<string, string>, stderr: string): RemoteError {
  const said = stderr.trim().slice(-300);
  const because = said === '' ? '' : `: ${said}`;
  // 153 is SIGXFSZ: the account's file-size limit.
  if (isNoSpace(stderr) || report.get('code') === '153') {
    return new RemoteError(
      'no-space',
      `There is no room on the host for ${target.path} (${Math.ceil(target.sizeBytes / 1_000_000)} MB)${because}`,
      'Free some space or quota there, or set another root folder for this host, then try again.',
    );
  }
  switch (report.get('failed')) {
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

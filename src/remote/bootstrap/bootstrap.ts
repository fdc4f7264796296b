import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { RemoteError, type HostEnvironment, type Progress } from '../hostClient';
import { downloadNodeOnHost } from './hostDownload';
import { bundlePathOf, minNodeMajor, probeHost, runtimePathOf, type HostProbe } from './hostProbe';
import { noRuntimeAdvice, runtimeKeyOf } from './nodeReleases';
import { homeFolder } from '../config/resolvedHost';
import { runnerCommand, type InstalledRunner } from '../attach/runnerCommand';
import { shellQuote } from '../shell/shellQuote';
import type { ExecResult, Transport } from '../transport';
import { SelfTestFailed } from './upload';
import { nodeSelfTest } from './uploadReceive';

const selfTestTimeoutMs = 30_000;
/** Room for a session's journal beside what is uploaded. */
const spareBytes = 32 * 1024 * 1024;
const spareInodes = 100;

interface Bootstrap {
  readonly transport: Transport;
  readonly environment: HostEnvironment;
  readonly probe: HostProbe;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * Makes a host ready: its own Node of version 20 or later, or one of ours, and the runner bundle. Both are tried before they
 * are published under the name of their content; while one editor installs, others wait for it.
 * Rejects with a `RemoteError`: `unsupported-host`, `no-runtime`, `no-space`, `bootstrap-failed`, `lost`, `cancelled`.
 */
export async function installRunner(
  transport: Transport,
  environment: HostEnvironment,
  progress: Progress,
  signal: AbortSignal,
): Promise<InstalledRunner> {
  const bundle = await describeFile(environment.runnerBundlePath);
  progress('Looking at the host');
  const probe = await probeHost(transport, { root: environment.root, bundleSha256: bundle.sha256 }, signal);
  requireUsableRoot(probe);
  const work: Bootstrap = { transport, environment, probe, progress, signal };
  const own = probe.nodes.find(({ version }) => Number(version.split('.')[0]) >= minNodeMajor);
  if (own !== undefined) {
    const node = { nodePath: own.path, nodeVersion: own.version };
    const ready = await installBundle(work, bundle, node);
    if (ready instanceof RemoteError) {
      environment.log(
        'warn',
        `The host's Node ${own.version} at ${own.path} does not run the runner: ${ready.message}`,
      );
    } else {
      return ready;
    }
  }
  const node = await installNode(work);
  const ready = await installBundle(work, bundle, node);
  if (ready instanceof RemoteError) throw ready;
  return ready;
}

/** This machine needs nothing but a trial. */
export async function useLocalRunner(
  transport: Transport,
  environment: HostEnvironment,
  signal: AbortSignal,
): Promise<InstalledRunner> {
  const runner: InstalledRunner = {
    nodePath: environment.localNode.path,
    nodeVersion: '',
    nodeEnv: environment.localNode.env,
    bundlePath: environment.runnerBundlePath,
    root: environment.root.replace(/^~(?=\/|$)/, homeFolder()),
  };
  const tried = await selfTest(transport, runner, signal);
  if (tried.code === 0) return runner;
  throw new RemoteError(
    'bootstrap-failed',
    `The runner does not start on this machine: ${said(tried)}`,
    'Install the extension again.',
  );
}

function requireUsableRoot({ root, rootTrouble, freeInodes }: HostProbe): void {
  const isFull = rootTrouble !== undefined && /no space|quota/i.test(rootTrouble);
  // Some file systems, such as Btrfs, count no inodes and say 0.
  const isOutOfInodes = freeInodes !== undefined && freeInodes > 0 && freeInodes < spareInodes;
  if (isFull || isOutOfInodes) {
    throw new RemoteError(
      'no-space',
      isFull
        ? `There is no room at ${root}: ${rootTrouble}`
        : `Only ${freeInodes} more files can be made at ${root}.`,
      'Free some space or quota there, or set another root folder for this host, then try again.',
    );
  }
  if (rootTrouble !== undefined) {
    throw new RemoteError(
      'bootstrap-failed',
      `The folder ${root} cannot be used on the host: ${rootTrouble}`,
      'Check the permissions of that folder, or set another root folder for this host (tttDiscover.remote.root).',
    );
  }
}

/** The runner with this Node, tried; or why that Node does not run it. */
async function installBundle(
  work: Bootstrap,
  bundle: LocalFile,
  node: Pick<InstalledRunner, 'nodePath' | 'nodeVersion'>,
): Promise<InstalledRunner | RemoteError> {
  const { probe } = work;
  const bundlePath = bundlePathOf(probe.root, bundle.sha256);
  const runner: InstalledRunner = { ...node, nodeEnv: {}, bundlePath, root: probe.root };
  if (!probe.hasBundle) {
    try {
      await send(work, bundle, {
        path: bundlePath,
        executable: false,
        selfTest: `TTT_DISCOVER_ROOT=${shellQuote(probe.root)} ${shellQuote(node.nodePath)} "$1" --version`,
        message: 'Uploading the runner',
      });
      return runner;
    } catch (error) {
      if (error instanceof SelfTestFailed) return runtimeError(node.nodePath, error.exitCode, error.said);
      throw error;
    }
  }
  const tried = await selfTest(work.transport, runner, work.signal);
  return tried.code === 0 ? runner : runtimeError(node.nodePath, tried.code, said(tried));
}

async function installNode(work: Bootstrap): Promise<Pick<InstalledRunner, 'nodePath' | 'nodeVersion'>> {
  const { environment, probe, transport, progress, signal } = work;
  if (!probe.canRunFromRoot) throw noexecError(probe.root);
  const runtimeKey = runtimeKeyOf(probe.platformKey, probe.glibc);
  const source = await environment.nodeBinaryFor(runtimeKey, progress, signal);
  if (source === undefined) {
    const found = probe.nodes.map(({ version }) => version).join(', ');
    const glibc = probe.glibc === undefined ? '' : `, glibc ${probe.glibc}`;
    throw new RemoteError(
      'no-runtime',
      `The host (${probe.systemName}${glibc}) has no Node ${minNodeMajor} or later${found === '' ? '' : ` (found: ${found})`}, and there is none to upload for ${runtimeKey}.`,
      noRuntimeAdvice(runtimeKey, minNodeMajor),
    );
  }
  if (typeof source !== 'string') {
    progress(`Downloading Node ${source.version} on the host`);
    const nodePath = await downloadNodeOnHost(transport, probe, source, signal);
    return { nodePath, nodeVersion: source.version };
  }
  const binary = await describeFile(source);
  const nodePath = runtimePathOf(probe.root, binary.sha256);
  try {
    await send(work, binary, {
      path: nodePath,
      executable: true,
      selfTest: nodeSelfTest,
      message: 'Uploading Node',
    });
  } catch (error) {
    throw error instanceof SelfTestFailed ? runtimeError(nodePath, error.exitCode, error.said) : error;
  }
  return { nodePath, nodeVersion: 'uploaded' };
}

function selfTest(transport: Transport, runner: InstalledRunner, signal: AbortSignal): Promise<ExecResult> {
  return transport.exec(runnerCommand(runner, ['--version']), { timeoutMs: selfTestTimeoutMs, signal });
}

function said(result: ExecResult): string {
  const text = (result.stderr.trim() || result.stdout.trim()).slice(-400);
  return text === '' ? `exit code ${result.code}` : text;
}

function runtimeError(nodePath: string, code: number, text: string): RemoteError {
  if (/GLIBC|GLIBCXX|libstdc\+\+|libatomic/.test(text)) {
    return new RemoteError(
      'no-runtime',
      `The host's C or C++ library is too old for the uploaded Node: ${text}`,
      noRuntimeAdvice('-old-glibc', minNodeMajor),
    );
  }
  if (code === 126 || /permission denied/i.test(text)) return noexecError(nodePath);
  return new RemoteError(
    'bootstrap-failed',
    `The runner does not start on the host: ${text === '' ? `exit code ${code}` : text}`,
    'Look at the log; installing Node 20 or later on the host may help.',
  );
}

function noexecError(path: string): RemoteError {
  return new RemoteError(
    'no-runtime',
    `Programs may not be run from ${path}: the file system is probably mounted noexec.`,
    `Set another root folder for this host (tttDiscover.remote.root), on a file system that allows programs, or install Node ${minNodeMajor} or later there.`,
  );
}

interface LocalFile {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** The same file compressed, where it lies beside it. */
  readonly gzip: { readonly path: string; readonly sizeBytes: number } | undefined;
}

async function describeFile(path: string): Promise<LocalFile> {
  try {
    const hash = createHash('sha256');
    for await (const chunk of chunksOf(path)) hash.update(chunk);
    const gzipPath = `${path}.gz`;
    const gzip = await stat(gzipPath).catch(() => undefined);
    return {
      path,
      sha256: hash.digest('hex'),
      sizeBytes: (await stat(path)).size,
      gzip: gzip === undefined ? undefined : { path: gzipPath, sizeBytes: gzip.size },
    };
  } catch (cause) {
    throw new RemoteError(
      'bootstrap-failed',
      `${path} cannot be read on this machine.`,
      'Install the extension again.',
      { cause },
    );
  }
}

/** Opens the file only when it is read, so that an upload that never begins leaves nothing open. */
async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  const stream: AsyncIterable<unknown> = createReadStream(path, { highWaterMark: 256 * 1024 });
  for await (const chunk of stream) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('A file gives bytes.');
    yield chunk;
  }
}

async function send(
  { transport, probe, progress, signal }: Bootstrap,
  file: LocalFile,
  target: {
    readonly path: string;
    readonly executable: boolean;
    readonly selfTest: string;
    readonly message: string;
  },
): Promise<void> {
  if (probe.freeBytes !== undefined && probe.freeBytes < file.sizeBytes + spareBytes) {
    throw new RemoteError(
      'no-space',
      `Only ${Math.floor(probe.freeBytes / 1_000_000)} MB are free at ${probe.root}; ${Math.ceil((file.sizeBytes + spareBytes) / 1_000_000)} MB are needed.`,
      'Free some space there, or set another root folder for this host, then try again.',
    );
  }
  const { message, ...where } = target;
  progress(message, 0);
  const canUnzip = probe.tools.includes('gzip');
  const sent = canUnzip ? (file.gzip ?? file) : file;
  await transport.upload(
    chunksOf(sent.path),
    { ...where, sha256: file.sha256, sizeBytes: file.sizeBytes, lock: `${probe.root}/.lock` },
    {
      signal,
      ...(canUnzip ? { gzip: sent === file ? 'on-the-way' : 'before' } : {}),
      onWaiting: () => progress('Waiting for another editor that installs on this host'),
      onProgress: (sentBytes) => progress(message, sentBytes / Math.max(1, sent.sizeBytes)),
    },
  );
}

import { spawn } from 'node:child_process';
import { Writable } from 'node:stream';
import { isNamespaced, namespaceTrial, systemPath } from '../containment';
import { findProgram } from '../findProgram';
import { createOutputCapture } from '../outputCapture';
import { lookAtFile } from './hostFiles';
import type { SandboxPlan } from './sandboxPlan';
import { syscallFilter } from './syscallFilter';
import { sandboxCalls } from './systemCalls';
import { encodedCalls, isKnownProcessor, loaderCommand, loaderWords } from './unshareLoader';
import type { Loader } from './unshareLoader';
import { trialPlan } from './trialPlan';

/** Of all trials together. */
const usualTrialsMs = 10_000;

/** How this host lets us make a sandbox ourselves. */
export interface Unshare {
  readonly loader: Loader;
  /** Without one, root alone can, and the command is root without rights. */
  readonly hasUserNamespace: boolean;
}

export type UnshareProbe =
  { readonly kind: 'works'; readonly unshare: Unshare } | { readonly kind: 'fails'; readonly why: string };

/** The command up to the one in the sandbox, and what it reads from `descriptor`. */
export function unshareCommand(
  { loader, hasUserNamespace }: Unshare,
  plan: SandboxPlan,
  filter: Uint8Array | undefined,
  descriptor: number,
): { readonly prefix: [string, ...string[]]; readonly input: Buffer } {
  const account = { user: process.getuid?.() ?? 0, group: process.getgid?.() ?? 0 };
  const calls = sandboxCalls(plan, {
    account: hasUserNamespace ? account : undefined,
    filter,
    lookAt: lookAtFile,
  });
  return { prefix: loaderCommand(loader, descriptor), input: encodedCalls(calls) };
}

/** Runs one command as evaluations are run, by each program that could make the calls, until one works. */
export async function probeUnshare(trialsMs = usualTrialsMs): Promise<UnshareProbe> {
  const deadline = performance.now() + trialsMs;
  if (process.platform !== 'linux')
    return { kind: 'fails', why: `namespaces are for Linux, and this is ${process.platform}.` };
  if (!isKnownProcessor())
    return { kind: 'fails', why: `the system calls of ${process.arch} are not known.` };
  const loaders = await findLoaders();
  if (loaders.length === 0) return { kind: 'fails', why: 'neither perl nor python3 is installed.' };
  const mayDoWithout = process.getuid?.() === 0;
  const refusals: string[] = [];
  for (const hasUserNamespace of mayDoWithout ? [true, false] : [true]) {
    for (const loader of loaders) {
      const unshare = { loader, hasUserNamespace };
      const leftMs = Math.max(1, deadline - performance.now());
      const refusal = await tryUnshare(unshare, leftMs);
      if (refusal === undefined) return { kind: 'works', unshare };
      refusals.push(refusal);
    }
  }
  return { kind: 'fails', why: refusals[0] ?? '' };
}

async function findLoaders(): Promise<readonly Loader[]> {
  const found: Loader[] = [];
  for (const [language, name] of [
    ['perl', 'perl'],
    ['python', 'python3'],
  ] as const) {
    const path = await findProgram(name, `${systemPath}:${process.env['PATH'] ?? ''}`, '/');
    if (path !== undefined) found.push({ language, path });
  }
  return found;
}

/** Why it does not work, or undefined where it does. */
export async function tryUnshare(unshare: Unshare, trialMs = usualTrialsMs): Promise<string | undefined> {
  const plan = trialPlan();
  const { prefix, input } = unshareCommand(unshare, plan, syscallFilter({ hasGpus: false }), 3);
  const [program, ...rest] = [...prefix, ...namespaceTrial];
  const child = spawn(program, rest, {
    cwd: '/',
    env: { PATH: systemPath },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    timeout: Math.ceil(trialMs),
    killSignal: 'SIGKILL',
  });
  const [printed, words] = [createOutputCapture(), createOutputCapture()];
  child.stdout?.on('data', (chunk: Buffer) => printed.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => words.push(chunk));
  const pipe = child.stdio[3];
  // A program that ended before it read is told of by its words.
  pipe?.on('error', () => undefined);
  if (pipe instanceof Writable) pipe.end(input);
  const startError = await new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', () => resolve(undefined));
  });
  if (startError !== undefined) return startError;
  if (isNamespaced(printed.text())) return undefined;
  const said = words.text().trim().split('\n').at(-1) ?? '';
  return said.startsWith(loaderWords)
    ? `${unshare.loader.language} could not: ${said.slice(loaderWords.length)}`
    : `${unshare.loader.language} gives no process namespace${said === '' ? '' : `: ${said}`}.`;
}

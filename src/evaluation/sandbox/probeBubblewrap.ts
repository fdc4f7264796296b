import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { isNamespaced, namespaceTrial, systemPath } from '../containment';
import { findProgram } from '../findProgram';
import { bubblewrapArguments } from './bubblewrap';
import type { Bubblewrap } from './bubblewrap';
import { trialPlan } from './trialPlan';

const trialMs = 10_000;

export type BubblewrapProbe =
  | { readonly kind: 'works'; readonly bubblewrap: Bubblewrap }
  | { readonly kind: 'fails'; readonly why: string };

/**
 * Runs one command as evaluations are run. Kernels and containers refuse namespaces in many ways (AppArmor on Ubuntu 24.04, a masked `/proc`
 * in Docker), so only a trial tells.
 */
export async function probeBubblewrap(): Promise<BubblewrapProbe> {
  if (process.platform !== 'linux') {
    return { kind: 'fails', why: `it is for Linux, and this is ${process.platform}.` };
  }
  const path = await findProgram('bwrap', systemPath, '/');
  if (path === undefined) return { kind: 'fails', why: 'bwrap is not installed.' };
  const run = promisify(execFile);
  try {
    const { stdout: help } = await run(path, ['--help'], { timeout: trialMs });
    const bubblewrap = { path, limitsSizes: /^\s*--size\b/m.test(help) };
    const [program, ...rest] = bubblewrapTrial(bubblewrap);
    const { stdout } = await run(program, rest, { timeout: trialMs, cwd: tmpdir() });
    if (isNamespaced(stdout)) return { kind: 'works', bubblewrap };
    return { kind: 'fails', why: 'bwrap gives no process namespace.' };
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return { kind: 'fails', why: lastLine(words) };
  }
}

/** A command in a sandbox as evaluations have it, which prints what `isNamespaced` wants. */
export function bubblewrapTrial(bubblewrap: Bubblewrap): [string, ...string[]] {
  const prefix = bubblewrapArguments(bubblewrap, trialPlan(), undefined);
  return [...prefix, ...namespaceTrial];
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

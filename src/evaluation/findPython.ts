import * as z from 'zod';
import { endedWell, runTool } from './environmentTools';
import { EnvironmentError } from './evaluator';
import { findProgram } from './findProgram';
import { meetsPythonRequirement } from './pythonVersion';

export interface PythonInterpreter {
  /** The interpreter itself, not a shim in front of it. */
  readonly path: string;
  readonly version: readonly [number, number, number];
  /** Python can make environments with pip; Debian leaves that to the package `python3-venv`. */
  readonly hasVenv: boolean;
}

const names = [
  'python3',
  'python3.14',
  'python3.13',
  'python3.12',
  'python3.11',
  'python3.10',
  'python3.9',
  'python',
] as const;

const question = `
import importlib.util, json, sys
print(json.dumps({
    "path": sys.executable,
    "version": list(sys.version_info[:3]),
    "hasVenv": all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")),
}))`;

const answer = z.object({
  path: z.string().min(1),
  version: z.tuple([z.int(), z.int(), z.int()]),
  hasVenv: z.boolean(),
});

const oldest = '>=3.9';
const patienceMs = 20_000;

export type PythonSearch =
  | { readonly kind: 'found'; readonly python: PythonInterpreter }
  | { readonly kind: 'too-old-or-new'; readonly versions: readonly string[] }
  | { readonly kind: 'none' };

/**
 * The first interpreter of the search path that meets the requirement, the user's `python3` before others. What
 * cannot be run (a shim of a version that is not installed, a broken link) is passed over.
 */
export async function findPython(
  requirement: string | undefined,
  hostEnv: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<PythonSearch> {
  const wanted = requirement ?? oldest;
  if (meetsPythonRequirement(wanted, [3, 0, 0]) === undefined) {
    throw new EnvironmentError(
      `The Python requirement "${wanted}" cannot be read.`,
      'Write it like ">=3.11" or ">=3.10, <3.13" under `environment: python:` in the problem file.',
    );
  }
  const versions = new Set<string>();
  let withoutVenv: PythonInterpreter | undefined;
  for (const name of names) {
    const program = await findProgram(name, hostEnv['PATH'] ?? '/usr/local/bin:/usr/bin:/bin', '/');
    const python = program === undefined ? undefined : await ask(program, hostEnv, signal);
    if (python === undefined) continue;
    versions.add(python.version.join('.'));
    if (meetsPythonRequirement(wanted, python.version) !== true) continue;
    if (python.hasVenv) return { kind: 'found', python };
    withoutVenv ??= python;
  }
  if (withoutVenv !== undefined) return { kind: 'found', python: withoutVenv };
  return versions.size === 0 ? { kind: 'none' } : { kind: 'too-old-or-new', versions: [...versions] };
}

async function ask(
  program: string,
  hostEnv: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<PythonInterpreter | undefined> {
  const report = await runTool([program, '-I', '-c', question], hostEnv, signal, patienceMs);
  if (!endedWell(report)) return undefined;
  try {
    return answer.parse(JSON.parse(report.output.trim().split('\n').at(-1) ?? ''));
  } catch (error) {
    // It answers with something else: no Python that we can use.
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}

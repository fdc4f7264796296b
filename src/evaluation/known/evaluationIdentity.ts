import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { release } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { hostPlaces } from '../../domain/problem/hostPlaces';
import type { Problem } from '../../domain/problem/problem';
import type { Preparation } from '../evaluator';
import { findProgram } from '../findProgram';
import type { MachineFacts } from './machineFacts';

export interface IdentityFacts {
  readonly problem: Problem;
  /** Absolute; its folder holds the problem's files as evaluations see them. */
  readonly problemPath: string;
  /** The runner's program, which has the protocols of other tools in it. */
  readonly bundlePath: string;
  readonly preparation: Preparation;
  /** Of this host; absent where evaluations run elsewhere, and are as alike as `slurm:` asks for. */
  readonly machine?: MachineFacts;
  readonly hostEnv: NodeJS.ProcessEnv;
}

/**
 * SHA-256 of everything that decides an outcome beside the candidate's text and the seed: the problem's files without the candidate, what the
 * problem file asks for (its `session:` and model apart), the Python environment that was made, the runner, the isolation, and what it runs on. Two
 * sessions with the same identity run the same evaluation.
 */
export async function evaluationIdentity(facts: IdentityFacts): Promise<string> {
  const { problem, problemPath, bundlePath, preparation, machine, hostEnv } = facts;
  // How many evaluations share a GPU decides when they run, as the session's settings do.
  const limits = { ...problem.limits, gpuMemoryBytes: undefined };
  const asked = { ...problem, limits, session: undefined, model: undefined, references: undefined };
  const folder = dirname(problemPath);
  const left = new Set([relative(folder, problemPath), hostPlaces(problem).candidate]);
  const parts = {
    identity: 1,
    asked,
    files: await filesOf(folder, left),
    runner: sha256Of(await readFile(bundlePath)),
    isolation: preparation.isolation,
    python: preparation.pythonFolder ?? (await pythonOfHost(hostEnv)),
    path: hostEnv['PATH'],
    ...(machine === undefined
      ? {}
      : { processor: machine.record, gpus: machine.gpuKinds, system: release() }),
  };
  return sha256Of(stableJson(parts));
}

type FileFacts = readonly [path: string, isExecutable: boolean, sha256: string];

/** All but those in `left`, which are relative paths with forward slashes; ascending. */
async function filesOf(folder: string, left: ReadonlySet<string>): Promise<readonly FileFacts[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, name: relative(folder, path).split(sep).join('/') }))
    .filter(({ name }) => !left.has(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const files: FileFacts[] = [];
  for (const { path, name } of paths) {
    const { mode } = await stat(path);
    files.push([name, (mode & 0o111) !== 0, sha256Of(await readFile(path))]);
  }
  return files;
}

/** The one in the search path, by what tells an upgrade. */
async function pythonOfHost(hostEnv: NodeJS.ProcessEnv): Promise<string | undefined> {
  const path = await findProgram('python3', hostEnv['PATH'] ?? '/usr/bin:/bin', '/');
  if (path === undefined) return undefined;
  const { size, mtimeMs } = await stat(path);
  return `${path} ${size} ${mtimeMs}`;
}

/** The same text for the same content, whatever the order of its members. */
function stableJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

function sha256Of(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

import { createHash, randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, readlink, symlink, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Environment } from '../domain/problem/problem';
import { endedWell, runTool, toolFailure } from './environmentTools';
import { DiskFullError, EnvironmentError } from './evaluator';
import { errorCode, noticingFullDisk } from './fileErrors';
import { findProgram } from './findProgram';
import { findPython } from './findPython';
import type { PythonInterpreter } from './findPython';
import { identityLives, processIdentity, withMakerLock } from './makerLock';
import { removeFolder } from './workFolder';

export interface PythonEnvironment {
  readonly folder: string;
  /** Goes first in PATH. */
  readonly binFolder: string;
}

export interface PythonEnvironmentOptions {
  /** Environments lie in `<root>/environments`. */
  readonly root: string;
  readonly hostEnv: NodeJS.ProcessEnv;
  readonly onProgress: (message: string) => void;
  readonly signal: AbortSignal;
}

/** Written last into an environment. */
const completeFile = '.complete';
const installPatienceMs = 2 * 3_600_000;

/**
 * A virtual environment with the packages, made once for each requirement, set of packages and interpreter. Undefined
 * if the problem asks for none. Several processes may ask at once. Throws `EnvironmentError`, or the signal's reason.
 */
export async function makePythonEnvironment(
  environment: Environment,
  options: PythonEnvironmentOptions,
): Promise<PythonEnvironment | undefined> {
  if (environment.python === undefined && environment.packages.length === 0) return undefined;
  try {
    return await findOrMake(environment, options);
  } catch (error) {
    if (!(error instanceof DiskFullError)) throw error;
    const advice = `Free space on the host, then try again.`;
    throw new EnvironmentError(`There is no space left in ${error.folder}.`, advice, { cause: error });
  }
}

async function findOrMake(
  { python: requirement, packages }: Environment,
  options: PythonEnvironmentOptions,
): Promise<PythonEnvironment> {
  const { hostEnv, signal, onProgress } = options;
  const tool = await chooseTool(requirement, packages, hostEnv, signal);
  const wanted = JSON.stringify([requirement ?? '', [...packages].sort(), tool.interpreter]);
  const key = createHash('sha256').update(wanted).digest('hex').slice(0, 16);
  const all = join(options.root, 'environments');
  await noticingFullDisk(all, () => mkdir(all, { recursive: true }));

  const made = (): Promise<PythonEnvironment | undefined> => readyEnvironment(all, key, hostEnv, signal);
  return withMakerLock(
    join(all, `${key}.lock`),
    {
      signal,
      made,
      onWaiting: () => onProgress('Waiting for another session that makes the same environment…'),
    },
    async () => {
      await removeAbandoned(all, key);
      const name = `${key}-${processIdentity().replaceAll(':', '+')}+${randomBytes(4).toString('hex')}`;
      const folder = join(all, name);
      let published = false;
      try {
        await build(folder, tool, packages, options);
        published = await noticingFullDisk(all, () => publish(all, key, name));
      } finally {
        if (!published) await removeFolder(folder);
      }
      const environment = await made();
      if (environment === undefined) throw new Error(`The environment ${folder} vanished while it was made.`);
      return environment;
    },
  );
}

interface Tool {
  readonly uv: string | undefined;
  /** Path of the interpreter, or for uv what it shall find or fetch. */
  readonly python: string;
  /** Tells environments of different interpreters apart. */
  readonly interpreter: string;
}

async function chooseTool(
  requirement: string | undefined,
  packages: readonly string[],
  hostEnv: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Tool> {
  const home = hostEnv['HOME'];
  const searchPath = [hostEnv['PATH'] ?? '', ...(home === undefined ? [] : [join(home, '.local/bin')])].join(
    ':',
  );
  const uv = await findProgram('uv', searchPath, '/');
  const search = await findPython(requirement, hostEnv, signal);
  const wanted = requirement ?? 'Python 3.9 or newer';
  if (search.kind === 'found') {
    const { python } = search;
    if (uv === undefined && packages.length > 0 && !python.hasVenv) throw withoutVenv(python);
    return { uv, python: python.path, interpreter: `${python.path} ${python.version.join('.')}` };
  }
  if (uv !== undefined) return { uv, python: requirement ?? '>=3.9', interpreter: 'uv' };
  const advice =
    'Install a suitable Python 3 on the host and have it in PATH (`python3 --version` tells), or install uv, which fetches one.';
  throw search.kind === 'none'
    ? new EnvironmentError('There is no Python 3 on the host.', advice)
    : new EnvironmentError(
        `The problem needs Python ${wanted}; the host has ${search.versions.join(', ')}.`,
        advice,
      );
}

function withoutVenv(python: PythonInterpreter): EnvironmentError {
  const version = python.version.slice(0, 2).join('.');
  return new EnvironmentError(
    `Python ${version} on the host cannot make virtual environments: its venv module is missing.`,
    `Install it: on Debian and Ubuntu \`sudo apt install python3-venv\` (or python${version}-venv). Or install uv.`,
  );
}

async function build(
  folder: string,
  { uv, python }: Tool,
  packages: readonly string[],
  { hostEnv, onProgress, signal }: PythonEnvironmentOptions,
): Promise<void> {
  const run = async (action: string, argv: readonly [string, ...string[]]): Promise<void> => {
    const report = await runTool(argv, hostEnv, signal, installPatienceMs);
    if (!endedWell(report)) throw await toolFailure(action, report, dirname(folder));
  };
  const made = interpreterOf(folder);
  onProgress('Making a Python environment…');
  if (uv !== undefined) await run('Making the environment with uv', [uv, 'venv', '--python', python, folder]);
  else {
    const withoutPip = packages.length === 0 ? ['--without-pip'] : [];
    await run('Making the environment', [python, '-m', 'venv', ...withoutPip, folder]);
  }
  if (packages.length > 0) {
    const list = packages.join(', ');
    onProgress(`Installing ${list}…`);
    const install: readonly [string, ...string[]] =
      uv === undefined
        ? [made, '-I', '-m', 'pip', 'install', '--disable-pip-version-check', '--progress-bar', 'off', '--']
        : [uv, 'pip', 'install', '--python', made, '--'];
    await run(`Installing ${list}`, [...install, ...packages]);
  }
  onProgress('Checking the environment…');
  const check = 'import importlib.metadata, sys\nfor name in sys.argv[1:]: importlib.metadata.version(name)';
  await run('Checking the environment', [made, '-I', '-c', check, ...namesOf(packages)]);
}

/** Distribution names of plain requirements; not of addresses, paths, and those that depend on the platform. */
function namesOf(packages: readonly string[]): string[] {
  return packages
    .map((text) => /^\s*([A-Za-z0-9][\w.-]*?)\s*(\[[^\]]*\])?\s*([=<>!~][^;@]*)?$/.exec(text)?.[1])
    .filter((name) => name !== undefined);
}

function interpreterOf(folder: string): string {
  return join(folder, 'bin', 'python');
}

/** The marker links to the folder, so that it comes to be whole, and once. False if another maker was first. */
async function publish(all: string, key: string, name: string): Promise<boolean> {
  await writeFile(join(all, name, completeFile), '');
  try {
    await symlink(name, join(all, `${key}.ready`));
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** What the marker names if it still runs; the interpreter beneath may have been removed or upgraded away. */
async function readyEnvironment(
  all: string,
  key: string,
  hostEnv: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<PythonEnvironment | undefined> {
  const marker = join(all, `${key}.ready`);
  let name: string;
  try {
    name = await readlink(marker);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  const folder = join(all, name);
  const report = await runTool([interpreterOf(folder), '-I', '-c', ''], hostEnv, signal, installPatienceMs);
  if (endedWell(report)) return { folder, binFolder: join(folder, 'bin') };
  await unlink(marker);
  return undefined;
}

/** Removes builds whose makers died. Complete environments stay: a session may still use one. */
async function removeAbandoned(all: string, key: string): Promise<void> {
  for (const name of await readdir(all)) {
    if (!name.startsWith(`${key}-`)) continue;
    const maker = name
      .slice(key.length + 1)
      .split('+')
      .slice(0, 3)
      .join(':');
    if (identityLives(maker) === false && !(await exists(join(all, name, completeFile)))) {
      await removeFolder(join(all, name));
    }
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

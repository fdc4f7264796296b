import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { lstat, readdir, rm, rmdir, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Around } from '../containment';
import { errorCode } from '../fileErrors';
import { makeOwnedFolder, removeOwnerless } from '../ownedFolders';
import { containerConfig, foldersOf, linksOf, rootName } from './containerConfig';
import { lookAtFile } from './hostFiles';
import type { SandboxPlan } from './sandboxPlan';

/** The better first: with `crun` the command is who it is outside, and no cgroup is made. */
export const runtimeNames = ['crun', 'runc'] as const;
export type RuntimeName = (typeof runtimeNames)[number];

/** A runtime of containers (Podman's, Docker's), without what usually stands above it: no images, no daemon. */
export interface ContainerRuntime {
  readonly name: RuntimeName;
  readonly path: string;
  readonly setpriv: string;
  readonly hasCgroupNamespace: boolean;
}

/** In the bundle's folder: what the runtime writes down of it. */
const stateName = 'state';
const standardStreams = 3;
const firstDescriptor = standardStreams;

export interface Bundle {
  readonly around: Around;
  /** Once nothing of the container lives. */
  readonly release: () => Promise<void>;
}

/**
 * What the runtime reads of one container: made when its command line is. Neither runtime dies with its parent by itself, nor the container with it:
 * both ask the kernel for that by `setpriv`. Whoever kills runner and runtime within the millisecond in which process 1 of the container has begun and has
 * not asked yet leaves a container without a runner; the next session of the same folder ends it.
 * `descriptors`: how many behind the standard streams the command has open.
 */
export function makeBundle(
  runtime: ContainerRuntime,
  plan: SandboxPlan,
  options: { readonly refused: readonly string[]; readonly descriptors: number },
): Bundle {
  const { setpriv } = runtime;
  const outside = { user: process.getuid?.() ?? 0, group: process.getgid?.() ?? 0 };
  // runc wants a root inside; it has no rights all the same.
  const inside = runtime.name === 'crun' ? outside : { user: 0, group: 0 };
  const streams = runtime.name === 'runc' ? keptStreams(firstDescriptor + options.descriptors) : undefined;
  let folder: string | undefined;
  return {
    around(command, env) {
      folder = makeOwnedFolder(folderKind(runtime));
      const config = containerConfig(plan, {
        command: [...(streams?.inside(env) ?? []), setpriv, '--pdeathsig', 'KILL', ...command],
        env,
        inside,
        outside,
        refused: options.refused,
        hasCgroupNamespace: runtime.hasCgroupNamespace,
        lookAt: lookAtFile,
      });
      writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
      fillRoot(join(folder, rootName), plan);
      const descriptors = options.descriptors + (streams === undefined ? 0 : standardStreams);
      const run = runCommand(runtime, folder, descriptors);
      if (streams === undefined) return [setpriv, '--pdeathsig', 'KILL', ...run];
      return [...streams.outside, setpriv, '--pdeathsig', 'KILL', ...run];
    },

    async release() {
      if (folder !== undefined) await removeBundle(runtime, folder);
    },
  };
}

/** What killed runners left of containers of this runtime, and where one of these still lives, that itself. */
export async function removeLeftBundles(runtime: ContainerRuntime): Promise<void> {
  await removeOwnerless(folderKind(runtime), (folder) => removeBundle(runtime, folder));
}

/** Only the runtime that made a container knows what it wrote down of it. */
function folderKind({ name }: ContainerRuntime): string {
  return `ttt-discover-container-${name}`;
}

async function removeBundle(runtime: ContainerRuntime, folder: string): Promise<void> {
  // Where the runtime was killed itself.
  if (existsSync(join(folder, stateName, basename(folder)))) {
    const id = basename(folder);
    await promisify(execFile)(runtime.path, [...stateArguments(folder), 'delete', '--force', id]);
  }
  await removeEmptyTree(join(folder, rootName));
  await rm(folder, { recursive: true, force: true });
}

function stateArguments(folder: string): string[] {
  return ['--log-format', 'json', '--root', join(folder, stateName)];
}

function runCommand({ name, path }: ContainerRuntime, folder: string, descriptors: number): string[] {
  return [
    path,
    ...stateArguments(folder),
    // The runner's limits are its own; and not every kind of cgroups is known to it.
    ...(name === 'crun' ? ['--cgroup-manager', 'disabled'] : []),
    ...['run', '--bundle', folder],
    ...(descriptors > 0 ? ['--preserve-fds', String(descriptors)] : []),
    basename(folder),
  ];
}

/**
 * runc puts pipes of its own before the standard streams, which every process of the container can open once more by their paths; ours are sockets. They
 * go through as further descriptors, from `first` on, and take their places inside. It also adds a home folder where the environment has none.
 */
function keptStreams(first: number): {
  readonly outside: readonly [string, ...string[]];
  inside(env: Readonly<Record<string, string>>): readonly string[];
} {
  const [input, output, errors] = [first, first + 1, first + 2];
  const keep = `exec ${input}<&0 ${output}>&1 ${errors}>&2 0</dev/null`;
  const takeBack = `exec 0<&${input} 1>&${output} 2>&${errors} ${input}<&- ${output}>&- ${errors}>&-`;
  const script = (before: string): string[] => ['-c', `${before}; exec "$@"`, 'sh'];
  return {
    outside: ['/bin/sh', ...script(keep)],
    inside: (env) => ['/bin/sh', ...script(env['HOME'] === undefined ? `unset HOME; ${takeBack}` : takeBack)],
  };
}

function fillRoot(root: string, plan: SandboxPlan): void {
  mkdirSync(root);
  for (const path of foldersOf(plan)) mkdirSync(join(root, path), { recursive: true });
  for (const [path, target] of linksOf(plan)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    symlinkSync(target, join(root, path));
  }
}

/** Of places for mounts. Whatever is not empty is no such place: it stays, and this throws. */
async function removeEmptyTree(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return;
  if (found.isDirectory()) {
    for (const name of await readdir(path)) await removeEmptyTree(join(path, name));
    await rmdir(path);
  } else if (found.isSymbolicLink() || found.size === 0) await unlink(path);
  else throw new Error(`There is more below the empty root of a container than was put there: ${path}.`);
}

/** What a runtime, told to log in JSON, says went wrong; undefined where it says nothing. */
export function containerRefusal(words: string): string | undefined {
  const refusals = words.split('\n').flatMap((line) => {
    const [, level, quoted] = /^(?=.*"level":"(error|fatal)")\{.*"msg":("(?:[^"\\]|\\.)*")/.exec(line) ?? [];
    return level === undefined || quoted === undefined ? [] : [String(JSON.parse(quoted))];
  });
  return refusals.length === 0 ? undefined : refusals.join('\n');
}

import { homedir } from 'node:os';
import { basename, delimiter, dirname, isAbsolute, join, normalize, relative, resolve } from 'node:path';
import { isWithin } from '../workFolder';
import { driverFolders, gpuDevices } from './gpuView';
import { hostFiles } from './hostFiles';
import type { HostFiles } from './hostFiles';

/** What a sandbox shows of the host beside the folders that the command works in. */
export interface HostView {
  /** `[path, target]`: `/bin` on most systems. */
  readonly links: readonly (readonly [string, string])[];
  /** Files and folders, read-only. */
  readonly system: readonly string[];
  /** The user's own installations of languages and compilers, read-only; they may lie in a folder that is hidden else. */
  readonly tools: readonly string[];
  /** Of GPUs: character devices, and folders of such. */
  readonly devices: readonly string[];
}

const merged = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];
const installed = ['/usr', '/opt', '/nix/store', '/gnu/store', '/run/opengl-driver', '/run/current-system'];
/** No passwords, no keys, no names of other hosts. */
const settings = [
  ...[
    'ld.so.cache',
    'ld.so.conf',
    'ld.so.conf.d',
    'alternatives',
    'passwd',
    'group',
    'nsswitch.conf',
    'hosts',
  ],
  ...[
    'localtime',
    'timezone',
    'os-release',
    'protocols',
    'services',
    'mime.types',
    'fonts',
    'ssl/openssl.cnf',
  ],
  ...[
    'ssl/certs',
    'pki/tls/certs',
    'ca-certificates',
    'OpenCL',
    'vulkan',
    'magic',
    'locale.alias',
    'python3',
  ],
].map((name) => join('/etc', name));
const machine = ['/sys/devices/system/cpu', '/sys/devices/system/node'];
/** Drivers find their devices here. */
const machineOfGpus = ['/sys', '/etc/nvidia'];

/** What is there of the system, and what the environment of a command says about the user's own tools. */
export function lookAtHost(
  env: Readonly<Record<string, string>>,
  hasGpus: boolean,
  files: HostFiles = hostFiles(),
): HostView {
  const links: [string, string][] = [];
  const system = [...installed, ...settings, ...(hasGpus ? machineOfGpus : machine)].filter(files.isThere);
  for (const path of merged) {
    const target = files.linkTarget(path);
    // Relative, so that it leads to the same place while the sandbox is still put together below another root.
    if (target !== undefined)
      links.push([path, isAbsolute(target) ? relative(dirname(path), target) : target]);
    else if (files.isThere(path)) system.push(path);
  }
  const covered = [...system, ...links.map(([path]) => path)];
  const tools = new Set<string>();
  for (const path of [...toolFolders(env, hasGpus, files), ...(hasGpus ? driverFolders(files) : [])]) {
    for (const place of new Set([path, files.realPath(path)])) {
      if (
        place !== undefined &&
        isFitToShow(place, files) &&
        !covered.some((folder) => isWithin(folder, place))
      ) {
        tools.add(place);
      }
    }
  }
  const devices = hasGpus ? gpuDevices(env, files) : [];
  return { links, system, tools: withoutNested([...tools]), devices };
}

const views = new Map<string, HostView>();
/** Of the environment, what `lookAtHost` looks at. */
const lookedAt = [
  ...['PATH', 'LD_LIBRARY_PATH', 'CUDA_HOME', 'CUDA_PATH', 'CARGO_HOME', 'RUSTUP_HOME'],
  ...['CUDA_VISIBLE_DEVICES', 'NVIDIA_VISIBLE_DEVICES'],
];

/** The system does not change while a session runs; looking takes a millisecond. */
export function knownHost(env: Readonly<Record<string, string>>, hasGpus: boolean): HostView {
  const key = JSON.stringify([hasGpus, ...lookedAt.map((name) => env[name] ?? null)]);
  const known = views.get(key) ?? lookAtHost(env, hasGpus);
  views.set(key, known);
  return known;
}

function toolFolders(
  env: Readonly<Record<string, string>>,
  hasGpus: boolean,
  files: HostFiles,
): readonly string[] {
  const search = foldersOf(env['PATH']);
  const cargo = env['CARGO_HOME'];
  const rustup = env['RUSTUP_HOME'];
  const found = [
    ...search.flatMap((folder) => installationsOf(folder, files)),
    ...search.flatMap((folder) =>
      ['python3', 'python', 'node'].flatMap((name) => programFolders(join(folder, name), files)),
    ),
    ...foldersOf(env['LD_LIBRARY_PATH']),
    ...(hasGpus ? [env['CUDA_HOME'], env['CUDA_PATH']] : []),
    // The runner's own Node draws for visualizers.
    process.execPath,
    // Never all of it: cargo keeps its passwords beside them.
    ...(cargo === undefined
      ? []
      : ['bin', 'registry', 'git', 'config.toml', 'config'].map((name) => join(cargo, name))),
    rustup,
  ];
  return found
    .filter((path) => path !== undefined && isAbsolute(path) && files.isThere(path))
    .map((path) => normalize(path ?? '/'));
}

/** An entry of a search path, with the installation that it belongs to where it is known to be one. */
function installationsOf(folder: string, files: HostFiles): readonly string[] {
  const above = dirname(folder);
  // pyenv, rbenv, asdf: scripts that look for the program beside them.
  if (basename(folder) === 'shims') return [above];
  return isInstallation(above, files) ? [folder, above] : [folder];
}

/** Where a program's links lead, step by step: an environment of Python is links to the installation that made it. */
function programFolders(path: string, files: HostFiles): readonly string[] {
  const found: string[] = [];
  let place = path;
  for (let steps = 0; steps < 8; steps += 1) {
    const target = files.linkTarget(place);
    if (target === undefined) break;
    place = resolve(dirname(place), target);
    found.push(...installationsOf(dirname(place), files));
  }
  const real = files.realPath(path);
  return real === undefined || real === path ? found : [...found, ...installationsOf(dirname(real), files)];
}

/** `bin` beside what programs need: conda, uv's Pythons, nvm's Nodes. A folder like `~/.local` holds more than that. */
function isInstallation(folder: string, { isThere }: HostFiles): boolean {
  if (isThere(join(folder, 'conda-meta')) || isThere(join(folder, 'pyvenv.cfg'))) return true;
  return isThere(join(folder, 'lib')) && isThere(join(folder, 'include')) && basename(folder) !== '.local';
}

/** Not what holds a home folder. */
function isFitToShow(path: string, files: HostFiles): boolean {
  const homes = [homedir(), files.realPath(homedir())].filter((home) => home !== undefined);
  return path !== '/' && !homes.some((home) => isWithin(path, home));
}

function foldersOf(list: string | undefined): readonly string[] {
  return (list ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
}

function withoutNested(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => !paths.some((other) => other !== path && isWithin(other, path)));
}

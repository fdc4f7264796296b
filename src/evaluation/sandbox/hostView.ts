import { lstatSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, isAbsolute, join, normalize, resolve } from 'node:path';
import { isWithin } from '../workFolder';

/** What a sandbox shows of the host beside the folders that the command works in. */
export interface HostView {
  /** `[path, target]`: `/bin` on most systems. */
  readonly links: readonly (readonly [string, string])[];
  /** Files and folders, read-only. */
  readonly system: readonly string[];
  /** The user's own installations of languages and compilers, read-only; they may lie in a folder that is hidden else. */
  readonly tools: readonly string[];
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
const machineOfGpus = ['/sys'];

/** What is there of the system, and what the environment of a command says about the user's own tools. */
export function lookAtHost(env: Readonly<Record<string, string>>, hasGpus: boolean): HostView {
  const links: [string, string][] = [];
  const system = [...installed, ...settings, ...(hasGpus ? machineOfGpus : machine)].filter(isThere);
  for (const path of merged) {
    const target = linkTarget(path);
    if (target !== undefined) links.push([path, target]);
    else if (isThere(path)) system.push(path);
  }
  const covered = [...system, ...links.map(([path]) => path)];
  const tools = new Set<string>();
  for (const path of toolFolders(env, hasGpus)) {
    for (const place of new Set([path, realPath(path)])) {
      if (place !== undefined && isFitToShow(place) && !covered.some((folder) => isWithin(folder, place))) {
        tools.add(place);
      }
    }
  }
  return { links, system, tools: withoutNested([...tools]) };
}

/** Character devices of GPUs, and folders of such. */
export function gpuDevices(): readonly string[] {
  const names = readdirSync('/dev').filter((name) => /^(nvidia.*|dri|kfd|dxg)$/.test(name));
  return names.map((name) => join('/dev', name));
}

function toolFolders(env: Readonly<Record<string, string>>, hasGpus: boolean): readonly string[] {
  const search = foldersOf(env['PATH']);
  const cargo = env['CARGO_HOME'];
  const rustup = env['RUSTUP_HOME'];
  const found = [
    ...search.flatMap(installationsOf),
    ...search.flatMap((folder) =>
      ['python3', 'python', 'node'].flatMap((name) => programFolders(join(folder, name))),
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
    .filter((path) => path !== undefined && isAbsolute(path) && isThere(path))
    .map((path) => normalize(path ?? '/'));
}

/** An entry of a search path, with the installation that it belongs to where it is known to be one. */
function installationsOf(folder: string): readonly string[] {
  const above = dirname(folder);
  // pyenv, rbenv, asdf: scripts that look for the program beside them.
  if (basename(folder) === 'shims') return [above];
  return isInstallation(above) ? [folder, above] : [folder];
}

/** Where a program's links lead, step by step: an environment of Python is links to the installation that made it. */
function programFolders(path: string): readonly string[] {
  const found: string[] = [];
  let place = path;
  for (let steps = 0; steps < 8; steps += 1) {
    const target = linkTarget(place);
    if (target === undefined) break;
    place = resolve(dirname(place), target);
    found.push(...installationsOf(dirname(place)));
  }
  const real = realPath(path);
  return real === undefined || real === path ? found : [...found, ...installationsOf(dirname(real))];
}

/** `bin` beside what programs need: conda, uv's Pythons, nvm's Nodes. A folder like `~/.local` holds more than that. */
function isInstallation(folder: string): boolean {
  if (isThere(join(folder, 'conda-meta')) || isThere(join(folder, 'pyvenv.cfg'))) return true;
  return isThere(join(folder, 'lib')) && isThere(join(folder, 'include')) && basename(folder) !== '.local';
}

/** Not what holds a home folder. */
function isFitToShow(path: string): boolean {
  const homes = [homedir(), realPath(homedir())].filter((home) => home !== undefined);
  return path !== '/' && !homes.some((home) => isWithin(path, home));
}

function foldersOf(list: string | undefined): readonly string[] {
  return (list ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
}

function withoutNested(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => !paths.some((other) => other !== path && isWithin(other, path)));
}

function isThere(path: string): boolean {
  return looked(() => statSync(path)) !== undefined;
}

function linkTarget(path: string): string | undefined {
  return looked(() => (lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined));
}

function realPath(path: string): string | undefined {
  return looked(() => realpathSync(path));
}

/** Absent, forbidden and broken are the same here: it cannot be shown. */
function looked<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

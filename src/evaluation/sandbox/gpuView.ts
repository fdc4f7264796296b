import { dirname, join } from 'node:path';
import type { HostFiles } from './hostFiles';

/** Where systems and containers put the driver's libraries; links there may lead anywhere. */
const libraryFolders = [
  ...['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib'],
  ...['/usr/local/nvidia/lib64', '/usr/local/cuda/compat', '/usr/lib/wsl/lib'],
];
const libraries = ['libcuda.so.1', 'libnvidia-ml.so.1', 'libnvidia-ptxjitcompiler.so.1', 'libamdhip64.so'];

/** Folders in which the driver's libraries really are. */
export function driverFolders(files: HostFiles): readonly string[] {
  return libraryFolders
    .flatMap((folder) => libraries.map((name) => files.realPath(join(folder, name))))
    .flatMap((path) => (path === undefined ? [] : [dirname(path)]));
}

/**
 * Character devices of GPUs, and folders of such. Where the environment names GPUs of NVIDIA by their UUIDs, the devices of the others are left
 * out. Their numbers say too little: CUDA counts by speed, the driver by bus, and both anew among those that are there.
 */
export function gpuDevices(env: Readonly<Record<string, string>>, files: HostFiles): readonly string[] {
  const names = files.names('/dev').filter((name) => /^(nvidia.*|dri|kfd|dxg)$/.test(name));
  const wanted = wantedMinors(env, files);
  return names
    .filter((name) => wanted === undefined || isWanted(name, wanted))
    .map((name) => join('/dev', name));
}

/** CUDA goes without `/dev/dri`, by which every GPU can be reached. */
function isWanted(name: string, minors: ReadonlySet<string>): boolean {
  const minor = /^nvidia(\d+)$/.exec(name)?.[1];
  return minor === undefined ? name !== 'dri' : minors.has(minor);
}

/** Undefined where nothing narrows them, or where we do not know all that are named. */
function wantedMinors(
  env: Readonly<Record<string, string>>,
  files: HostFiles,
): ReadonlySet<string> | undefined {
  let wanted: ReadonlySet<string> | undefined;
  for (const name of ['NVIDIA_VISIBLE_DEVICES', 'CUDA_VISIBLE_DEVICES']) {
    const ids = (env[name] ?? '').split(',').map((id) => id.trim());
    if (!ids.every((id) => /^GPU-[0-9a-f-]+$/i.test(id))) continue;
    const gpus = knownGpus(files);
    // CUDA takes the beginning of a UUID for the whole.
    const found = ids.map((id) => gpus.filter(({ uuid }) => uuid.startsWith(id.toLowerCase())));
    if (!found.every(({ length }) => length === 1)) continue;
    const minors = found.flatMap((matches) => matches.map(({ minor }) => minor));
    const before = wanted;
    wanted = new Set(before === undefined ? minors : minors.filter((minor) => before.has(minor)));
  }
  return wanted;
}

/** UUIDs in small letters. */
function knownGpus(files: HostFiles): readonly { readonly uuid: string; readonly minor: string }[] {
  const drivers = '/proc/driver/nvidia/gpus';
  return files.names(drivers).flatMap((name) => {
    const text = files.text(join(drivers, name, 'information')) ?? '';
    const uuid = /^GPU UUID:\s*(GPU-[0-9a-f-]+)/im.exec(text)?.[1];
    const minor = /^Device Minor:\s*(\d+)/im.exec(text)?.[1];
    return uuid === undefined || minor === undefined ? [] : [{ uuid: uuid.toLowerCase(), minor }];
  });
}

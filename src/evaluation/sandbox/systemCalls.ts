import { kernelSettings } from './sandboxPlan';
import type { SandboxPlan, SandboxStep } from './sandboxPlan';

/** One system call, or one of the few steps that are more than a call: see unshareLoader.ts. */
export type SandboxCall =
  | {
      readonly kind: 'call';
      readonly name: CallName;
      /** Numbers, text that ends with a zero byte, and bytes. */
      readonly args: readonly (number | string | Uint8Array)[];
      /** The error number that means it need not be done. */
      readonly mayFailWith?: number;
    }
  /** In the new user namespace a user and a group are who they are outside. */
  | ({ readonly kind: 'ids' } & Account)
  /** What follows is done by the child, process 1 of its namespace; the parent waits and ends as the child did. */
  | { readonly kind: 'fork' }
  /** Starts the network's loopback. */
  | { readonly kind: 'loopback' }
  | { readonly kind: 'filter'; readonly program: Uint8Array };

/** Numbers of the user and the group that the runner belongs to. */
export interface Account {
  readonly user: number;
  readonly group: number;
}

/** On x86-64; on 64-bit ARM. */
export const callNumbers = {
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  mkdirat: [258, 34],
  mknodat: [259, 33],
  symlinkat: [266, 36],
  chdir: [80, 49],
  prctl: [157, 167],
  capset: [126, 91],
  unshare: [272, 97],
  mount_setattr: [442, 442],
} as const satisfies Record<string, readonly [x64: number, arm64: number]>;
export type CallName = keyof typeof callNumbers;

/** What is on the host at a path, all links followed; undefined where nothing is. */
export type LookAt = (path: string) => { readonly realPath: string; readonly isFolder: boolean } | undefined;

// <linux/mount.h>, <linux/sched.h>, <linux/prctl.h>, <linux/fcntl.h>, <linux/stat.h>, <linux/capability.h>, <asm-generic/errno.h>
const [noSetUser, noDevices, noPrograms, bind, recursive, silent, slave] = [
  2,
  4,
  8,
  4096,
  16384,
  32768,
  1 << 19,
];
const [readOnlyAttribute, noSetUserAttribute, noDevicesAttribute, everythingBelow] = [1, 2, 4, 0x8000];
const [newUser, newProcesses, newNetwork] = [0x10000000, 0x20000000, 0x40000000];
const [newMounts, newIpc, newNames, newCgroups] = [0x00020000, 0x08000000, 0x04000000, 0x02000000];
const [atParentsDeath, dropFromBounds, noNewRights, ambient, clearAll] = [1, 24, 38, 47, 4];
const [here, regularFile, detach, kill, capabilities3] = [-100, 0o100000, 2, 9, 0x20080522];
const [exists, invalid] = [17, 22];
/** More than any kernel has; those that it does not know are no error. */
const capabilities = 64;

/** A new root lies on a file system in memory; the host's own is at `old` until everything is shown. */
const [fresh, old] = ['/newroot', '/oldroot'];
const basicDevices = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];

/**
 * What `bwrap` does with the same plan, call by call, from the process that the runner starts to the one that becomes the command. Throws where
 * something is not there that must be.
 */
export function sandboxCalls(
  plan: SandboxPlan,
  options: {
    /** For a user namespace. Without, the runner must be root; the command has no rights all the same. */
    readonly account: Account | undefined;
    readonly filter: Uint8Array | undefined;
    readonly lookAt: LookAt;
  },
): readonly SandboxCall[] {
  return [
    ...enteringNamespaces(options.account),
    { kind: 'fork' },
    ...makingRoot(),
    ...plan.steps.flatMap((step) => callsOf(step, options.lookAt)),
    ...leavingHost(plan.cwd),
    ...withoutRights(),
    ...(options.filter === undefined ? [] : [{ kind: 'filter', program: options.filter } as const]),
  ];
}

const namespaces = newProcesses | newNetwork | newMounts | newIpc | newNames;
/** As flags of clone(2), with a user namespace. */
export const namespacesOfSandbox = namespaces | newUser;

/** Kernels without cgroups have no namespace for them. */
export function enteringCgroup(): readonly SandboxCall[] {
  return [{ ...call('unshare', newCgroups), mayFailWith: invalid }];
}

/** Of the process whose child is the first one of the sandbox. */
function enteringNamespaces(account: Account | undefined): readonly SandboxCall[] {
  return [
    call('unshare', namespaces | (account === undefined ? 0 : newUser)),
    ...enteringCgroup(),
    ...(account === undefined ? [] : [{ kind: 'ids', ...account } as const]),
    call('prctl', atParentsDeath, kill),
  ];
}

/** By the first process of the sandbox: a root in memory, into which the steps of a plan show things. */
export function makingRoot(): readonly SandboxCall[] {
  return [
    { kind: 'loopback' },
    call('mount', 0, '/', 0, slave | recursive | silent, 0),
    call('mount', 'tmpfs', '/tmp', 'tmpfs', noSetUser | noDevices, 'mode=0755'),
    makeFolder(`/tmp${fresh}`),
    makeFolder(`/tmp${old}`),
    call('mount', `/tmp${fresh}`, `/tmp${fresh}`, 0, bind | recursive | silent, 0),
    call('pivot_root', '/tmp', `/tmp${old}`),
    call('chdir', '/'),
  ];
}

/** From here on nothing of the host is there but what was shown. */
export function leavingHost(cwd: string): readonly SandboxCall[] {
  return [
    call('umount2', old, detach),
    call('chdir', fresh),
    call('pivot_root', '.', '.'),
    call('umount2', '.', detach),
    call('chdir', cwd),
  ];
}

function withoutRights(): readonly SandboxCall[] {
  const header = new Uint8Array(new Uint32Array([capabilities3, 0]).buffer);
  return [
    ...Array.from({ length: capabilities }, (_, number) => ({
      ...call('prctl', dropFromBounds, number, 0, 0, 0),
      mayFailWith: invalid,
    })),
    call('prctl', ambient, clearAll, 0, 0, 0),
    call('capset', header, new Uint8Array(24)),
    call('prctl', noNewRights, 1, 0, 0, 0),
  ];
}

/** Throws where something is not there that must be. */
export function callsOf(step: SandboxStep, lookAt: LookAt): readonly SandboxCall[] {
  const { path } = step;
  const target = `${fresh}${path === '/' ? '' : path}`;
  switch (step.kind) {
    case 'link':
      return [...foldersAbove(path), makeLink(step.target, target)];
    case 'show': {
      const found = lookAt(path);
      if (found === undefined) {
        if (step.isOptional) return [];
        throw new Error(`There is no ${path}.`);
      }
      return [...placeFor(path, found.isFolder), ...showAs(`${old}${found.realPath}`, target, step.access)];
    }
    case 'processes':
      return [
        ...placeFor(path, true),
        call('mount', 'proc', target, 'proc', noSetUser | noDevices | noPrograms, 0),
        ...kernelSettings
          .map((name) => `${path}/${name}`)
          .filter((name) => lookAt(name) !== undefined)
          .flatMap((name) => showAs(`${fresh}${name}`, `${fresh}${name}`, 'read')),
      ];
    case 'devices':
      return [...memoryAt(path), ...devicesAt(path, lookAt)];
    case 'memory':
      return memoryAt(path, step.bytes);
    case 'folder':
      return placeFor(path, true);
    case 'seal':
      return [attributes(target, readOnlyAttribute)];
  }
}

function devicesAt(path: string, lookAt: LookAt): readonly SandboxCall[] {
  const links = [
    ['fd', '/proc/self/fd'],
    ['stdin', '/proc/self/fd/0'],
    ['stdout', '/proc/self/fd/1'],
    ['stderr', '/proc/self/fd/2'],
    ['ptmx', 'pts/ptmx'],
    ['core', '/proc/kcore'],
  ] as const;
  return [
    ...basicDevices
      .map((name) => `${path}/${name}`)
      .filter((device) => lookAt(device) !== undefined)
      .flatMap((device) => [
        makeFile(`${fresh}${device}`),
        ...showAs(`${old}${device}`, `${fresh}${device}`, 'device'),
      ]),
    ...links.map(([name, target]) => makeLink(target, `${fresh}${path}/${name}`)),
    makeFolder(`${fresh}${path}/shm`),
    makeFolder(`${fresh}${path}/pts`),
    call(
      'mount',
      'devpts',
      `${fresh}${path}/pts`,
      'devpts',
      noSetUser | noPrograms,
      'newinstance,ptmxmode=0666,mode=620',
    ),
  ];
}

function memoryAt(path: string, bytes?: number): readonly SandboxCall[] {
  const size = bytes === undefined ? '' : `,size=${bytes}`;
  return [
    ...placeFor(path, true),
    call('mount', 'tmpfs', `${fresh}${path}`, 'tmpfs', noSetUser | noDevices, `mode=0755${size}`),
  ];
}

/** With all that is mounted below, which gets the same attributes. */
function showAs(source: string, target: string, access: 'read' | 'write' | 'device'): readonly SandboxCall[] {
  const set =
    noSetUserAttribute |
    (access === 'device' ? 0 : noDevicesAttribute) |
    (access === 'read' ? readOnlyAttribute : 0);
  return [
    call('mount', source, target, 0, bind | recursive | silent, 0),
    attributes(target, set, everythingBelow),
  ];
}

/** `struct mount_attr`: what to set, what to clear, propagation, user namespace. */
function attributes(target: string, set: number, flags = 0): SandboxCall {
  const bytes = new Uint8Array(new BigUint64Array([BigInt(set), 0n, 0n, 0n]).buffer);
  return call('mount_setattr', here, target, flags, bytes, bytes.length);
}

function placeFor(path: string, isFolder: boolean): readonly SandboxCall[] {
  const place = `${fresh}${path}`;
  return [...foldersAbove(path), isFolder ? makeFolder(place) : makeFile(place)];
}

function foldersAbove(path: string): readonly SandboxCall[] {
  const names = path.split('/').slice(1, -1);
  return names.map((_, index) => makeFolder([fresh, ...names.slice(0, index + 1)].join('/')));
}

function makeFolder(path: string): SandboxCall {
  return { ...call('mkdirat', here, path, 0o755), mayFailWith: exists };
}

function makeFile(path: string): SandboxCall {
  return { ...call('mknodat', here, path, regularFile | 0o644, 0), mayFailWith: exists };
}

function makeLink(target: string, path: string): SandboxCall {
  return call('symlinkat', target, here, path);
}

function call(
  name: CallName,
  ...args: readonly (number | string | Uint8Array)[]
): Extract<SandboxCall, { kind: 'call' }> {
  return { kind: 'call', name, args };
}

import { kernelSettings } from './sandboxPlan';
import type { SandboxPlan, SandboxStep } from './sandboxPlan';
import type { Account, LookAt } from './systemCalls';

/** Of the Open Container Initiative's runtime specification, what we use: `config.json` of a bundle. */
export interface ContainerConfig {
  readonly ociVersion: '1.0.2';
  readonly process: {
    readonly terminal: false;
    readonly user: { readonly uid: number; readonly gid: number };
    readonly args: readonly string[];
    readonly env: readonly string[];
    readonly cwd: string;
    readonly capabilities: Readonly<Record<CapabilitySet, readonly []>>;
    readonly noNewPrivileges: true;
  };
  readonly root: { readonly path: typeof rootName; readonly readonly: boolean };
  readonly mounts: readonly ContainerMount[];
  readonly linux: {
    readonly namespaces: readonly { readonly type: string }[];
    readonly uidMappings: readonly IdMapping[];
    readonly gidMappings: readonly IdMapping[];
    readonly readonlyPaths: readonly string[];
    readonly resources: { readonly devices: readonly { readonly allow: true; readonly access: 'rwm' }[] };
    readonly seccomp: {
      readonly defaultAction: 'SCMP_ACT_ALLOW';
      readonly syscalls: readonly {
        readonly names: readonly string[];
        readonly action: 'SCMP_ACT_ERRNO';
        readonly errnoRet: number;
      }[];
    };
  };
}

export interface ContainerMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

interface IdMapping {
  readonly containerID: number;
  readonly hostID: number;
  readonly size: 1;
}

/** In the bundle's folder. */
export const rootName = 'root';

type CapabilitySet = 'bounding' | 'effective' | 'inheritable' | 'permitted' | 'ambient';
const eperm = 1;

/**
 * The same plan for a runtime of containers: it mounts what is listed on an empty folder, and makes the places for that. What lies in the folder itself is
 * `linksOf` and `foldersOf`. Throws where something is not there that must be.
 */
export function containerConfig(
  plan: SandboxPlan,
  options: {
    readonly command: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    /** Who the command is inside, and who that is on the host. */
    readonly inside: Account;
    readonly outside: Account;
    /** Names of system calls that fail. */
    readonly refused: readonly string[];
    readonly hasCgroupNamespace: boolean;
    readonly lookAt: LookAt;
  },
): ContainerConfig {
  const { inside, outside } = options;
  const sealed = new Set(plan.steps.flatMap((step) => (step.kind === 'seal' ? [step.path] : [])));
  const processes = plan.steps.flatMap((step) => (step.kind === 'processes' ? [step.path] : []));
  const namespaces = ['user', 'pid', 'network', 'ipc', 'uts', 'mount'];
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: inside.user, gid: inside.group },
      args: options.command,
      env: Object.entries(options.env).map(([name, value]) => `${name}=${value}`),
      cwd: plan.cwd,
      capabilities: { bounding: [], effective: [], inheritable: [], permitted: [], ambient: [] },
      noNewPrivileges: true,
    },
    root: { path: rootName, readonly: sealed.has('/') },
    mounts: plan.steps.flatMap((step) => mountsOf(step, sealed.has(step.path), options.lookAt)),
    linux: {
      namespaces: [...namespaces, ...(options.hasCgroupNamespace ? ['cgroup'] : [])].map((type) => ({
        type,
      })),
      uidMappings: [{ containerID: inside.user, hostID: outside.user, size: 1 }],
      gidMappings: [{ containerID: inside.group, hostID: outside.group, size: 1 }],
      readonlyPaths: processes.flatMap((path) => kernelSettings.map((name) => `${path}/${name}`)),
      // Nothing can make a device inside, and those of GPUs that are shown are to be used.
      resources: { devices: [{ allow: true, access: 'rwm' }] },
      seccomp: {
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{ names: options.refused, action: 'SCMP_ACT_ERRNO', errnoRet: eperm }],
      },
    },
  };
}

/** `[path, target]`. */
export function linksOf(plan: SandboxPlan): readonly (readonly [string, string])[] {
  return plan.steps.flatMap((step) => (step.kind === 'link' ? [[step.path, step.target] as const] : []));
}

export function foldersOf(plan: SandboxPlan): readonly string[] {
  return plan.steps.flatMap((step) => (step.kind === 'folder' ? [step.path] : []));
}

function mountsOf(step: SandboxStep, isSealed: boolean, lookAt: LookAt): readonly ContainerMount[] {
  const { path: destination } = step;
  const inMemory = (...more: string[]): ContainerMount => ({
    destination,
    type: 'tmpfs',
    source: 'tmpfs',
    // What is to be read-only becomes so when all is mounted.
    options: ['nosuid', 'mode=0755', ...(isSealed ? ['ro'] : []), ...more],
  });
  switch (step.kind) {
    case 'show': {
      const found = lookAt(destination);
      if (found !== undefined) return [shown(destination, found, step.access)];
      if (step.isOptional) return [];
      throw new Error(`There is no ${destination}.`);
    }
    case 'processes':
      return [{ destination, type: 'proc', source: 'proc', options: ['nosuid', 'nodev', 'noexec'] }];
    case 'devices':
      return [
        inMemory(),
        {
          destination: `${destination}/pts`,
          type: 'devpts',
          source: 'devpts',
          options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'],
        },
      ];
    case 'memory':
      return [inMemory('nodev', ...(step.bytes === undefined ? [] : [`size=${step.bytes}`]))];
    case 'link':
    case 'folder':
    case 'seal':
      return [];
  }
}

/** With all that is mounted below a folder; runtimes that do not know the options for that fail the trial. */
function shown(
  destination: string,
  { realPath, isFolder }: NonNullable<ReturnType<LookAt>>,
  access: 'read' | 'write' | 'device',
): ContainerMount {
  const attributes = [
    'nosuid',
    ...(access === 'device' ? [] : ['nodev']),
    ...(access === 'read' ? ['ro'] : []),
  ];
  // crun takes the recursive ones for folders alone.
  const options = isFolder ? ['rbind', ...attributes.map((name) => `r${name}`)] : ['bind', ...attributes];
  return { destination, type: 'bind', source: realPath, options };
}

import * as z from 'zod';

/**
 * What the doctor saw on a host, without judgement. `domain/host/features` says what it means. Sizes are bytes; whatever a host does not
 * tell is absent.
 */

/** A look that brought nothing: there is no such thing, the look failed, or it took longer than its limit. */
const unseen = [
  z.object({ state: z.literal('absent'), reason: z.string().optional() }),
  z.object({ state: z.literal('failed'), reason: z.string() }),
  z.object({
    state: z.literal('late'),
    limitMs: z.number(),
    /** Its process could not be ended: it hangs in the kernel. */
    isStuck: z.boolean(),
  }),
] as const;

/** The outcome of one look at a host. */
function looked<Value extends z.ZodType>(value: Value) {
  return z.discriminatedUnion('state', [z.object({ state: z.literal('found'), value }), ...unseen]);
}
export type Unseen = z.infer<(typeof unseen)[number]>;
export type Look<Value> = { readonly state: 'found'; readonly value: Value } | Unseen;

export function valueOf<Value>(look: Look<Value>): Value | undefined {
  return look.state === 'found' ? look.value : undefined;
}

const count = z.int().min(0);

export const throttleReasons = [
  'power cap',
  'thermal slowdown',
  'hardware thermal slowdown',
  'hardware slowdown',
  'power brake',
] as const;

export const gpuFacts = z.object({
  /** Place in the list of `nvidia-smi`, from 0. */
  index: count,
  name: z.string(),
  uuid: z.string().optional(),
  memoryBytes: z.number().optional(),
  usedBytes: z.number().optional(),
  utilizationPercent: z.number().optional(),
  temperatureCelsius: z.number().optional(),
  powerWatts: z.number().optional(),
  powerLimitWatts: z.number().optional(),
  smClockMhz: z.number().optional(),
  maxSmClockMhz: z.number().optional(),
  memoryClockMhz: z.number().optional(),
  maxMemoryClockMhz: z.number().optional(),
  /** Why the clocks are lower than they could be; idleness and settings are no reason. */
  throttling: z.array(z.enum(throttleReasons)),
  /** Since the driver was loaded. */
  uncorrectableEccErrors: count.optional(),
  /** Split into several smaller ones (MIG). */
  isSplit: z.boolean(),
  processes: z.array(
    z.object({ pid: count, name: z.string(), memoryBytes: z.number().optional(), isGraphics: z.boolean() }),
  ),
});
export type GpuFacts = z.infer<typeof gpuFacts>;

export const gpuInventory = z.object({
  driver: z.string().optional(),
  /** The newest CUDA that the driver can run, not what is installed. */
  cuda: z.string().optional(),
  gpus: z.array(gpuFacts),
});
export type GpuInventory = z.infer<typeof gpuInventory>;

const programFacts = z.object({
  path: z.string(),
  version: z.string().optional(),
  /** False: it lies in a folder that sessions do not search. */
  isOnPath: z.boolean(),
});
export type ProgramFacts = z.infer<typeof programFacts>;

const pythonFacts = z.object({
  path: z.string(),
  version: z.tuple([count, count, count]),
  /** It can make environments with pip. */
  hasVenv: z.boolean(),
});

const diskFacts = z.object({
  /** The folder that was looked at: the wanted one, or the nearest above it that exists. */
  folder: z.string(),
  mountPoint: z.string().optional(),
  fileSystem: z.string().optional(),
  totalBytes: z.number().optional(),
  freeBytes: z.number().optional(),
  freeInodes: z.number().optional(),
  canWrite: z.boolean(),
  /** A file written there can be run; absent where nothing can be written. */
  canExecute: z.boolean().optional(),
});
export type DiskFacts = z.infer<typeof diskFacts>;

export const partitionFacts = z.object({
  name: z.string(),
  isDefault: z.boolean(),
  isUp: z.boolean(),
  nodes: count,
  /** Nodes that take jobs or work on them. */
  usableNodes: count,
  timeLimit: z.string().optional(),
  /** GPUs of one node, by type; `gpu` where the cluster names none. */
  gpus: z.array(z.object({ type: z.string(), count })),
});
export type PartitionFacts = z.infer<typeof partitionFacts>;

const slurmFacts = z.object({ version: z.string().optional(), partitions: z.array(partitionFacts) });

export const purposes = ['packages', 'models', 'source'] as const;
const connectionFacts = z.object({
  purpose: z.enum(purposes),
  /** Host name, with the port where it is not 443. */
  host: z.string(),
  viaProxy: z.boolean(),
  state: z.enum(['reached', 'untrusted', 'unreachable', 'late']),
  reason: z.string().optional(),
});
export type ConnectionFacts = z.infer<typeof connectionFacts>;

const modelServerFacts = z.object({
  url: z.string(),
  /** The session that manages it; else it was found listening where model servers do. */
  sessionId: z.string().optional(),
  answers: z.boolean(),
  models: z.array(z.string()),
});
export type ModelServerFacts = z.infer<typeof modelServerFacts>;

export const programNames = [
  'uv',
  'git',
  'gcc',
  'g++',
  'clang',
  'clang++',
  'nvcc',
  'rustc',
  'cargo',
  'bwrap',
  'unshare',
  'setpriv',
  'podman',
  'docker',
  'apptainer',
  'sinfo',
  'sbatch',
  'srun',
] as const;
export type ProgramName = (typeof programNames)[number];

export const hostFacts = z.object({
  name: z.string(),
  /** `Linux 6.8.0 x64` */
  system: z.string(),
  platform: z.string(),
  /** From os-release: `ubuntu`, then what it is like. */
  distribution: z.object({ name: z.string(), families: z.array(z.string()) }).optional(),
  /** Absent where the C library is not glibc. */
  glibc: z.string().optional(),
  isRoot: z.boolean(),
  /** Name of the login shell's program: `bash`. */
  shell: z.string().optional(),
  node: z.object({ version: z.string(), path: z.string() }),
  cpu: z.object({
    model: z.string().optional(),
    cores: count,
    /** Those that this process may run on. */
    allowedCores: count.optional(),
    /** Quota of the control group, in cores. */
    limitCores: z.number().optional(),
    /** Over the last minute. */
    load: z.number().optional(),
  }),
  memory: z.object({
    totalBytes: z.number(),
    availableBytes: z.number().optional(),
    /** Of the control group. */
    limitBytes: z.number().optional(),
  }),
  limits: z.object({
    cpuTimeSeconds: z.number().optional(),
    processes: z.number().optional(),
    openFiles: z.number().optional(),
  }),
  root: z.string(),
  disk: looked(diskFacts),
  temporary: looked(diskFacts),
  gpus: looked(gpuInventory),
  /** NVIDIA devices on the PCI bus, whether or not a driver serves them. */
  nvidiaDevices: count,
  programs: z.record(z.enum(programNames), looked(programFacts)),
  /** Headers of libnuma, which SkyRL's GPU packages are built with. */
  numaHeaders: looked(z.object({})),
  /** By the name that was asked for, `python3` first. */
  pythons: z.array(z.object({ name: z.string(), look: looked(pythonFacts) })),
  isolation: z.object({
    /** The namespace that evaluations run in. */
    processNamespace: looked(z.object({})),
    userNamespace: looked(z.object({})),
    bubblewrap: looked(z.object({})),
    /** The same sandbox, made by ourselves by means of an interpreter; without a user namespace by root alone. */
    ownSandbox: looked(z.object({ language: z.enum(['perl', 'python']), hasUserNamespace: z.boolean() })),
    /** The same sandbox as a container, where neither of them works; looked at only then. Absent: the better runtime is not installed. */
    container: looked(z.object({ runtime: z.enum(['crun', 'runc']) })).optional(),
    /** Settings of the kernel that forbid namespaces to users. */
    obstacles: z.array(z.enum(['apparmor', 'unprivileged-clone', 'no-user-namespaces'])),
  }),
  dockerServer: looked(z.object({ version: z.string() })),
  slurm: looked(slurmFacts),
  /** Of the Slurm job that this process is part of. */
  slurmJob: z.string().optional(),
  connections: z.array(connectionFacts),
  modelServers: looked(z.array(modelServerFacts)),
  /** Milliseconds that all looks together took. */
  tookMs: z.number(),
});
export type HostFacts = z.infer<typeof hostFacts>;

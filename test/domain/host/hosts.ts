import type {
  GpuFacts,
  HostFacts,
  Look,
  ProgramFacts,
  ProgramName,
} from '../../../src/domain/host/hostFacts';
import { programNames } from '../../../src/domain/host/hostFacts';

const gib = 1024 ** 3;
const absent = { state: 'absent' } as const;

export function program(path: string, version?: string): Look<ProgramFacts> {
  return { state: 'found', value: { path, isOnPath: true, ...(version === undefined ? {} : { version }) } };
}

/** The programs given, and no others. */
export function programs(there: Partial<Record<ProgramName, Look<ProgramFacts>>>): HostFacts['programs'] {
  return Object.fromEntries(
    programNames.map((name) => [name, there[name] ?? absent]),
  ) as HostFacts['programs'];
}

export const h100: GpuFacts = {
  index: 0,
  name: 'NVIDIA H100 80GB HBM3',
  memoryBytes: 80 * gib,
  usedBytes: 0,
  throttling: [],
  isSplit: false,
  processes: [],
};

const disk: HostFacts['disk'] = {
  state: 'found',
  value: {
    folder: '/home/ann',
    freeBytes: 500 * gib,
    freeInodes: 10_000_000,
    canWrite: true,
    canExecute: true,
  },
};

/** An Ubuntu machine with two GPUs that has everything. */
export const fullHost: HostFacts = {
  name: 'gpu-1',
  system: 'Linux 6.8.0 x64',
  platform: 'linux',
  distribution: { name: 'Ubuntu 24.04.3 LTS', families: ['ubuntu', 'debian'] },
  glibc: '2.39',
  isRoot: false,
  shell: 'bash',
  node: { version: '22.11.0', path: '/usr/bin/node' },
  cpu: { cores: 32 },
  memory: { totalBytes: 256 * gib },
  limits: {},
  root: '/home/ann/.ttt-discover',
  disk,
  temporary: disk,
  gpus: {
    state: 'found',
    value: { driver: '580.65.06', cuda: '13.0', gpus: [h100, { ...h100, index: 1 }] },
  },
  nvidiaDevices: 2,
  programs: programs({
    uv: program('/home/ann/.local/bin/uv', '0.9.11'),
    git: program('/usr/bin/git', '2.43.0'),
    gcc: program('/usr/bin/gcc', '13.3.0'),
    'g++': program('/usr/bin/g++', '13.3.0'),
    nvcc: program('/usr/local/cuda/bin/nvcc', '13.0'),
    cargo: program('/home/ann/.cargo/bin/cargo', '1.95.0'),
    bwrap: program('/usr/bin/bwrap', '0.9.0'),
    unshare: program('/usr/bin/unshare', '2.39.3'),
    setpriv: program('/usr/bin/setpriv', '2.39.3'),
  }),
  numaHeaders: { state: 'found', value: {} },
  pythons: [
    {
      name: 'python3',
      look: { state: 'found', value: { path: '/usr/bin/python3', version: [3, 12, 3], hasVenv: true } },
    },
  ],
  isolation: {
    processNamespace: { state: 'found', value: {} },
    userNamespace: { state: 'found', value: {} },
    bubblewrap: { state: 'found', value: {} },
    ownSandbox: { state: 'found', value: { language: 'perl', hasUserNamespace: true } },
    obstacles: [],
  },
  dockerServer: absent,
  slurm: absent,
  connections: [
    { purpose: 'packages', host: 'pypi.org', viaProxy: false, state: 'reached' },
    { purpose: 'models', host: 'huggingface.co', viaProxy: false, state: 'reached' },
    { purpose: 'source', host: 'github.com', viaProxy: false, state: 'reached' },
  ],
  modelServers: { state: 'found', value: [] },
  tookMs: 1234,
};

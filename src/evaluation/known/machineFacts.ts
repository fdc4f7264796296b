import { execFile } from 'node:child_process';
import { cpus } from 'node:os';
import type { MachineRecord } from '../../domain/session/events';

/** nvidia-smi hangs where the driver does. */
const patienceMs = 20_000;
/** Where drivers put it besides PATH: containers, WSL. */
const otherFolders = ['/usr/local/nvidia/bin', '/usr/lib/wsl/lib'];

export interface MachineFacts {
  readonly record: MachineRecord;
  /** Names and driver versions, of problems that use GPUs. `unknown`: it uses some, and they do not say. */
  readonly gpuKinds?: readonly string[] | 'unknown';
}

/** What evaluations on this host run on. `gpus`: how many each of them has. */
export async function machineFacts(gpus: number, hostEnv: NodeJS.ProcessEnv): Promise<MachineFacts> {
  const processors = cpus();
  const record = {
    processor: processors[0]?.model.trim() ?? 'unknown',
    processors: Math.max(1, processors.length),
  };
  if (gpus === 0) return { record };
  const kinds = visibleOf(await gpuKinds(hostEnv), hostEnv['CUDA_VISIBLE_DEVICES']);
  if (kinds.length === 0) return { record: { ...record, gpusEach: gpus }, gpuKinds: 'unknown' };
  const names = kinds.map((kind) => kind.split(',')[0]?.trim() ?? kind);
  return { record: { ...record, gpus: names, gpusEach: gpus }, gpuKinds: kinds };
}

/** `name, driver version` of each; none where nvidia-smi does not answer. */
async function gpuKinds(hostEnv: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const env = { ...hostEnv, PATH: [hostEnv['PATH'] ?? '/usr/bin:/bin', ...otherFolders].join(':') };
  const printed = await new Promise<string>((resolve) => {
    const args = ['--query-gpu=name,driver_version', '--format=csv,noheader'];
    execFile('nvidia-smi', args, { env, cwd: '/', timeout: patienceMs }, (error, stdout) => {
      resolve(error === null ? stdout : '');
    });
  });
  return printed
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** Those that CUDA_VISIBLE_DEVICES lists by number; names of single GPUs are not resolved, and then all are taken as one kind. */
export function visibleOf(kinds: readonly string[], visible: string | undefined): readonly string[] {
  if (visible === undefined) return kinds;
  const wanted = visible.split(',').map((part) => part.trim());
  const listed = wanted.flatMap((part) => (/^\d+$/.test(part) ? (kinds[Number(part)] ?? []) : []));
  if (listed.length > 0 || wanted.every((part) => part === '' || /^-?\d+$/.test(part))) return listed;
  return new Set(kinds).size === 1 ? kinds.slice(0, wanted.length) : [];
}

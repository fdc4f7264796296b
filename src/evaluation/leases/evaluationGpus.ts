import type { Limits } from '../../domain/problem/problem';
import { evaluationsPerGpu } from '../../domain/session/gpuRoom';
import { EnvironmentError } from '../evaluator';
import { leaseGpus, type GpuLease } from './gpuSeats';
import { findGpuRoom } from './gpuMemory';

/**
 * Evaluations of all sessions that share one GPU at once where nothing tells how many have room there; more only where one session is told to
 * run more. Times are taken one after the other anyway; while one is timed, others start, compile and wait to be checked, and each holds
 * gigabytes of the GPU's memory.
 */
const usuallySharing = 4;

const withoutLease: GpuLease = { gpus: [], waitedMs: 0, giveBack: () => Promise.resolve() };

/** The GPUs that the evaluations of one problem have on this host. */
export interface EvaluationGpus {
  /** Looks at what there is. Throws `EnvironmentError` if that is less than one evaluation asks for. */
  prepare(): Promise<void>;
  /** Of one evaluation; without GPUs where it asks for none or none is known. Rejects with the signal's reason. */
  lease(signal: AbortSignal): Promise<GpuLease>;
}

/** `atOnce`: evaluations at once, of this session. */
export function createEvaluationGpus(
  limits: Pick<Limits, 'gpus' | 'gpuMemoryBytes'>,
  atOnce: number,
  hostEnv: NodeJS.ProcessEnv,
): EvaluationGpus {
  const count = Math.ceil(limits.gpus);
  let among: readonly string[] = [];
  let mostSharing = usuallySharing;
  return {
    async prepare() {
      if (count === 0) return;
      const room = await findGpuRoom(limits, hostEnv);
      among = room.gpus;
      mostSharing = evaluationsPerGpu(limits, room.memoryBytes) ?? usuallySharing;
      // Where there is none at all, evaluators say what they do without one, and other makers' GPUs are not known here.
      if (among.length === 0 || among.length >= count) return;
      throw new EnvironmentError(
        `One evaluation asks for ${count} GPUs (limits.gpus), and sessions here can use ${among.length === 1 ? '1 GPU' : `${among.length} GPUs`}.`,
        `Choose a host with ${count} GPUs, lower limits.gpus in the problem file, or look whether CUDA_VISIBLE_DEVICES hides some of them (nvidia-smi -L lists all).`,
      );
    },
    lease(signal) {
      if (count === 0 || among.length === 0) return Promise.resolve(withoutLease);
      const own = Math.ceil((atOnce * count) / among.length);
      return leaseGpus({ among, count, mostSharing: Math.max(mostSharing, own) }, signal);
    },
  };
}

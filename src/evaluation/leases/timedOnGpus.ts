import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import type { EvaluationRun } from '../evaluationMethod';
import type { ExecutionReport } from '../executor';
import { gpuStateProgram } from './gpuStateProgram';
import { jsonOrUndefined } from '../../domain/json';

/** As in `gpuStateProgram`. */
const mostAgain = 3;
const coolMs = 2000;
const lookMs = 60_000;
const notRecorded = 'Clocks, temperature and throttling of the GPU: not recorded, for there is no NVML here.';

const before = z.object({
  since_us: z.number(),
  readings: z.array(z.record(z.string(), z.number())),
  foreign: z.number(),
  harm: z.array(z.string()),
});
const after = z.object({
  harm: z.array(z.string()),
  isRecorded: z.boolean(),
  metrics: z.record(z.string(), z.number()),
  foreign: z.number(),
});

export interface TimedOnGpus<T> {
  /** Undefined where the GPUs were throttled each time: then `words` says that the program could not be timed. */
  readonly result: T | undefined;
  readonly metrics: Readonly<Record<string, number>>;
  /** Lines for people, of what was off. */
  readonly words: readonly string[];
}

export interface GpuTiming<T> {
  /** As `CUDA_VISIBLE_DEVICES` names them; where none is known nothing is looked at. */
  readonly gpus: readonly string[];
  /** Processes of the timed command that may compute on one GPU. */
  readonly ownProcesses: number;
  readonly take: () => Promise<T>;
  /** False where nothing was timed, so that there is nothing to take again. */
  readonly isTimed: (result: T) => boolean;
  /** Whether there is time to take it again. */
  readonly mayRepeat: () => boolean;
  /** While the GPU gets cooler; by the clock without it. */
  readonly pause?: (ms: number) => Promise<void>;
}

/**
 * What `take` gives, which times something on GPUs that are ours alone, with what NVML told right before and after it; again where they were
 * throttled meanwhile. NVML is asked by commands of their own, which nothing of a candidate can reach and which have ended when timing begins.
 */
export async function timedOnGpus<T>(
  run: Pick<EvaluationRun, 'execute' | 'signal'>,
  timing: GpuTiming<T>,
): Promise<TimedOnGpus<T>> {
  const { gpus, ownProcesses, take } = timing;
  if (gpus.length === 0) return { result: await take(), metrics: {}, words: [] };
  const look = async (what: string, own: number, ...rest: string[]): Promise<string> => {
    const argv = [
      'python3',
      '-I',
      '-c',
      gpuStateProgram,
      what,
      gpus.join(','),
      String(own),
      ...rest,
    ] as const;
    return lastLine(await run.execute({ argv: [...argv], cwd: '/', limits: { timeMs: lookMs } }));
  };
  let throttled = 0;
  let harm: readonly string[] = [];
  for (let attempt = 0; attempt <= mostAgain; attempt += 1) {
    if (attempt > 0) {
      if (!timing.mayRepeat()) break;
      await (timing.pause?.(coolMs) ?? delay(coolMs, undefined, { signal: run.signal }));
    }
    // Nothing of this evaluation runs now.
    const text = await look('before', 0);
    const start = before.safeParse(jsonOrUndefined(text));
    if (!start.success || start.data.readings.length === 0) {
      return { result: await take(), metrics: {}, words: [notRecorded] };
    }
    harm = start.data.harm;
    if (harm.length > 0) {
      throttled += 1;
      continue;
    }
    const result = await take();
    if (!timing.isTimed(result)) return { result, metrics: {}, words: [] };
    const end = after.safeParse(jsonOrUndefined(await look('after', ownProcesses, text)));
    if (!end.success) return { result, metrics: {}, words: [notRecorded] };
    harm = end.data.harm;
    if (harm.length > 0) {
      throttled += 1;
      continue;
    }
    return {
      result,
      metrics: { ...end.data.metrics, throttled },
      words: wordsOf(throttled, end.data.foreign),
    };
  }
  const message =
    `The program could not be timed: the GPU was throttled (${harm.join(', ')}) in ${throttled} ${throttled === 1 ? 'attempt' : 'attempts'}. ` +
    "This is about the host: look at the GPU's temperature and power with nvidia-smi -q -d PERFORMANCE.";
  return { result: undefined, metrics: {}, words: [message] };
}

function wordsOf(throttled: number, foreign: number): readonly string[] {
  return [
    ...(throttled === 0
      ? []
      : [
          `The GPU was throttled ${throttled === 1 ? '1 time' : `${throttled} times`}; these timings were taken again.`,
        ]),
    ...(foreign === 0
      ? []
      : [
          `${foreign} other ${foreign === 1 ? 'program' : 'programs'} computed on the GPU meanwhile: times may be too long.`,
        ]),
  ];
}

function lastLine({ end, output }: ExecutionReport): string {
  return end.kind === 'exited' && end.code === 0 ? (output.trim().split('\n').at(-1) ?? '') : '';
}

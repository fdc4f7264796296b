import * as z from 'zod';
import type { GpuModeTask } from '../../domain/foreign/gpuModeTask';
import type { TaskDevice } from '../../domain/problem/problem';
import { EnvironmentError } from '../evaluator';
import type { PreparationContext } from '../evaluationMethod';
import { executionFailure } from '../executionFailure';
import type { LoadedTask } from './loadTask';
import { installAdvice, lackOf } from './missingModule';
import { probeProgram } from './python/probeProgram';

const probeMs = 120_000;
const memoryBytes = 8 * 1024 ** 3;

const probeAnswer = z.object({
  missing: z.array(z.tuple([z.string(), z.string()])),
  torch: z
    .object({
      available: z.boolean(),
      count: z.number(),
      name: z.string().nullable(),
      error: z.string().nullable(),
    })
    .nullable(),
});

/** What of the host the stages need to know. */
export interface TaskHost {
  /** Undefined where nothing of the task uses PyTorch. */
  readonly gpuCount?: number;
  readonly gpuName?: string;
}

/** Looks whether the host has what the task's own files want. Throws `EnvironmentError`, which names what lacks. */
export async function checkHost(
  context: PreparationContext,
  { task, texts }: LoadedTask,
  device: TaskDevice,
  /** What one evaluation asks for. */
  gpus: number,
): Promise<TaskHost> {
  if (task.program.kind === 'cu') {
    await checkCompiler(context, device);
    return {};
  }
  context.onProgress('Looking for the modules that the task imports…');
  const python = texts.filter(({ name }) => name.endsWith('.py'));
  const wantsGpu = device === 'gpu';
  const report = await context.execute({
    argv: [
      'python3',
      '-I',
      '-c',
      probeProgram,
      wantsGpu ? '1' : '0',
      task.files.map(({ name }) => name).join('\n'),
      ...python.flatMap(({ name, path }) => [name, path]),
    ],
    cwd: context.folder,
    limits: { timeMs: probeMs, memoryBytes },
  });
  const failure = executionFailure(report, limitsOfProbe);
  if (failure !== undefined) {
    const tail = failure.outputTail === undefined ? '' : `\nThe end of its output:\n${failure.outputTail}`;
    throw new EnvironmentError(
      `Python cannot be asked what it has: ${failure.message}`,
      `Look whether python3 runs on the host.${tail}`,
    );
  }
  const { missing, torch } = probeAnswer.parse(JSON.parse(report.output.trim().split('\n').at(-1) ?? ''));
  if (missing.length > 0) {
    const words = missing.map(([file, name]) => lackOf(name, file, task.gpus));
    throw new EnvironmentError(words.join('\n'), installAdvice(missing.map(([, name]) => name)));
  }
  const world = worldOf(task);
  if (!wantsGpu && task.multiGpu) throw tooFewGpus(world, 'a processor');
  if (torch === null || !wantsGpu) return {};
  if (!torch.available) throw noGpu(task, torch.error);
  // One evaluation sees no more than it asked for.
  if (world > 1 && gpus < world) throw tooFewGpus(world, `${gpus} that limits.gpus asks for`);
  if (torch.count < world) throw tooFewGpus(world, `${torch.count} of this host`);
  return { gpuCount: torch.count, ...(torch.name !== null && { gpuName: torch.name }) };
}

const limitsOfProbe = {
  timeMs: probeMs,
  memoryBytes,
  cpus: 1,
  gpus: 1,
  outputBytes: 1024 ** 2,
  processes: 1024,
};

/** How many GPUs the largest case takes. */
function worldOf({ multiGpu, tests, benchmarks }: GpuModeTask): number {
  return multiGpu ? Math.max(1, ...[...tests, ...benchmarks].map(({ worldSize }) => worldSize ?? 1)) : 1;
}

function tooFewGpus(world: number, found: string): EnvironmentError {
  return new EnvironmentError(
    `The task takes ${world} GPUs at once, in place of ${found}.`,
    `Choose a host with ${world} GPUs, and limits with gpus: ${world}.`,
  );
}

function noGpu(task: GpuModeTask, error: string | null): EnvironmentError {
  const wanted = task.gpus.length === 0 ? '' : ` The task is for ${task.gpus.join(', ')}.`;
  const why = error === null ? '' : ` (${error})`;
  return new EnvironmentError(
    `PyTorch sees no GPU on this host${why}.${wanted}`,
    'Choose a host with a GPU and limits with gpus: 1 or more. To try the small cases without one, add device: cpu to evaluator in the problem file.',
  );
}

async function checkCompiler(context: PreparationContext, device: TaskDevice): Promise<void> {
  if (device === 'cpu') {
    throw new EnvironmentError(
      'This task is in CUDA C++, which does not run on a processor.',
      'Remove device: cpu from evaluator in the problem file, and choose a host with a GPU.',
    );
  }
  const { end } = await context.execute({
    argv: ['nvcc', '--version'],
    cwd: context.folder,
    limits: { timeMs: probeMs },
  });
  if (end.kind === 'exited' && end.code === 0) return;
  throw new EnvironmentError(
    'The task is in CUDA C++, and the host has no nvcc that runs.',
    'Install the CUDA toolkit there, and put its bin folder on the PATH of the session.',
  );
}

import { delimiter } from 'node:path';
import type { Limits } from '../domain/problem/problem';
import type { PythonEnvironment } from './pythonEnvironment';
import type { WorkFolder } from './workFolder';

const systemPath = '/usr/local/bin:/usr/bin:/bin';
/** Of the host: where compilers and the GPU's libraries are. Nothing else of the runner's environment gets through. */
const passedThrough = ['LD_LIBRARY_PATH', 'CUDA_HOME', 'CUDA_PATH'] as const;
const passedThroughForGpus = ['CUDA_VISIBLE_DEVICES', 'NVIDIA_VISIBLE_DEVICES'] as const;

/** The whole environment of one evaluation, from an allow-list. See docs/evaluators.md. */
export function evaluationEnvironment(options: {
  readonly hostEnv: NodeJS.ProcessEnv;
  readonly python: PythonEnvironment | undefined;
  readonly work: WorkFolder;
  readonly limits: Limits;
  readonly seed: number;
  readonly strict: boolean;
}): Record<string, string> {
  const { hostEnv, python, work, limits, seed, strict } = options;
  const threads = String(Math.max(1, Math.floor(limits.cpus)));
  const env: Record<string, string> = {
    PATH: [python?.binFolder, hostEnv['PATH'] ?? systemPath]
      .filter((part) => part !== undefined)
      .join(delimiter),
    HOME: work.home,
    TMPDIR: work.temporary,
    LANG: 'C.UTF-8',
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONHASHSEED: '0',
    PYTHONNOUSERSITE: '1',
    OMP_NUM_THREADS: threads,
    OPENBLAS_NUM_THREADS: threads,
    MKL_NUM_THREADS: threads,
    DISCOVER_CANDIDATE: work.candidate,
    DISCOVER_RESULT: work.result,
    DISCOVER_SEED: String(seed),
    DISCOVER_TIME_LIMIT: String(limits.timeMs / 1000),
    DISCOVER_CPUS: String(limits.cpus),
  };
  if (strict) env['DISCOVER_STRICT'] = '1';
  if (python !== undefined) env['VIRTUAL_ENV'] = python.folder;
  if (work.parentState !== undefined) env['DISCOVER_PARENT_STATE'] = work.parentState;
  const names = limits.gpus > 0 ? [...passedThrough, ...passedThroughForGpus] : passedThrough;
  for (const name of names) {
    const value = hostEnv[name];
    if (value !== undefined) env[name] = value;
  }
  if (limits.gpus === 0) env['CUDA_VISIBLE_DEVICES'] = '';
  return env;
}

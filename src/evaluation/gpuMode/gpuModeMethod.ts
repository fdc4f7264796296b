import { randomInt } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { submissionName } from '../../domain/foreign/gpuModeTask';
import type { ForeignEvaluator, GpuMode, Problem } from '../../domain/problem/problem';
import type { CaseResult } from '../../domain/session/outcome';
import { EnvironmentError } from '../evaluator';
import { takeGpusAlone } from '../leases/gpuTurn';
import { timedOnGpus } from '../leases/timedOnGpus';
import type { EvaluationMethod, EvaluationRun, NotScored, Scored } from '../evaluationMethod';
import { checkHost, type TaskHost } from './checkHost';
import { compileCuda } from './compileCuda';
import { feedbackOf } from './feedback';
import type { TimedCase } from './judgeStage';
import { loadTask, type LoadedTask } from './loadTask';
import { cpuShimProgram } from './python/cpuShimProgram';
import { runStage, skippedCases } from './runStage';
import { meansUs } from './score';
import { makeStageFolder } from './stageFolder';
import { stagesOf, type Stage } from './stages';

/** Of the pre-step that fills the cache of compiled extensions. */
const warmUpMs = 120_000;
/** Of an evaluator, on one GPU: it and the process that it runs the program in. */
const stageProcesses = 2;
/** As the ranking draws them. */
const secretSeeds = 2 ** 31;

interface Prepared {
  readonly loaded: LoadedTask;
  readonly host: TaskHost;
}

/** The protocol of GPU MODE on a folder with a `task.yml`. See docs/formats/gpu-mode.md. */
export function gpuModeMethod(problem: Problem, evaluator: ForeignEvaluator): EvaluationMethod {
  const device = evaluator.device ?? 'gpu';
  let prepared: Prepared | undefined;

  async function score(run: EvaluationRun): Promise<Scored | NotScored> {
    if (prepared === undefined) throw new Error('The task has not been loaded.');
    if (device === 'cpu') return evaluate(run, prepared);
    const turn = await takeGpusAlone(run.gpus, run.signal);
    run.onWaited(turn.waitedMs);
    try {
      return await evaluate(run, prepared);
    } finally {
      await turn.giveBack();
    }
  }

  async function evaluate(run: EvaluationRun, { loaded, host }: Prepared): Promise<Scored | NotScored> {
    const { task } = loaded;
    const mode = modeOf(evaluator.mode ?? 'leaderboard', run.request.strict === true);
    const stages = stagesOf(task, mode, device);
    const cases: CaseResult[] = [];
    let leftMs = problem.limits.timeMs;
    const limits = (): Problem['limits'] => ({ ...problem.limits, timeMs: Math.max(1, Math.floor(leftMs)) });
    const env = {
      ...(device === 'cpu' ? await cpuEnvironment(run) : {}),
      ...(task.multiGpu
        ? { POPCORN_GPUS: String(run.gpus.length || (host.gpuCount ?? problem.limits.gpus)) }
        : {}),
    };
    const notReached = (from: number): void => {
      for (const result of stages.slice(from).flatMap(skippedCases)) {
        cases.push(result);
        run.onCase(result);
      }
    };

    let compiled: Buffer | undefined;
    if (task.program.kind === 'cu') {
      const folder = join(run.work.path, 'compile');
      await makeStageFolder(folder, loaded, run.request.candidateText);
      const result = await compileCuda(run, folder, task.program, limits());
      if (result.kind === 'failed') {
        notReached(0);
        return { ...result, cases };
      }
      compiled = result.bytes;
      leftMs -= result.durationMs;
    } else {
      leftMs -= await fillExtensionCache(run, loaded, env, limits().timeMs);
    }

    const secret = mode === 'leaderboard-equal' ? { POPCORN_SEED: String(randomInt(1, secretSeeds)) } : {};
    const timed = new Map<Stage['name'], TimedCase[]>();
    let lastAlone = false;
    let gpuMetrics: Readonly<Record<string, number>> = {};
    const gpuWords = new Set<string>();
    for (const [number, stage] of stages.entries()) {
      const context = { run, loaded, device, compiled, env: { ...env, ...secret } };
      let attempts = 0;
      let lastMs = 0;
      const timing = await timedOnGpus(run, {
        gpus: stage.kind === 'benchmark' && device === 'gpu' ? run.gpus : [],
        ownProcesses: stageProcesses,
        take: async () => {
          const ran = await runStage(stage, number + stages.length * attempts, {
            ...context,
            limits: limits(),
          });
          attempts += 1;
          lastMs = ran.durationMs;
          leftMs -= lastMs;
          return ran;
        },
        isTimed: ({ judgement }) => judgement.kind === 'passed',
        mayRepeat: () => leftMs > lastMs,
      });
      const stageRun = timing.result;
      if (stageRun === undefined) {
        notReached(number);
        return { kind: 'failed', reason: 'could-not-start', message: timing.words.join(' '), cases };
      }
      gpuMetrics = { ...gpuMetrics, ...timing.metrics };
      for (const line of timing.words) gpuWords.add(line);
      cases.push(...stageRun.cases);
      lastAlone ||= stageRun.measuredLastAlone;
      if (stageRun.judgement.kind === 'failed') {
        notReached(number + 1);
        return { ...stageRun.judgement, cases };
      }
      timed.set(stage.name, [...(timed.get(stage.name) ?? []), ...stageRun.judgement.times]);
    }
    const scoring = timed.get('leaderboard') ?? timed.get('benchmark') ?? timed.get('profile') ?? [];
    const all = meansUs(scoring);
    const passed = cases.filter(
      ({ name, verdict }) => name.startsWith('test ') && verdict === 'passed',
    ).length;
    return {
      kind: 'scored',
      metrics: {
        ...(mode === 'benchmark' || mode === 'profile' ? {} : { tests_passed: passed }),
        ...(scoring.length === 0
          ? {}
          : {
              ...gpuMetrics,
              time_us: all[task.rankingBy],
              geomean_us: all.geom,
              mean_us: all.mean,
              last_us: all.last,
            }),
      },
      feedback: [
        feedbackOf({ task, mode, device, gpuName: host.gpuName, scoring, cases, lastAlone }),
        ...gpuWords,
      ].join('\n'),
      cases,
    };
  }

  return {
    async prepare(context) {
      const loaded = await loadTask(context.folder);
      const mode = evaluator.mode ?? 'leaderboard';
      const stages = stagesOf(loaded.task, mode, device);
      const empty = stages.find(({ cases }) => cases.length === 0);
      if (stages.length === 0 || empty !== undefined) throw noCases(empty?.kind ?? 'benchmark');
      if (mode === 'profile' && loaded.task.program.kind === 'cu') {
        throw new EnvironmentError(
          'mode: profile is for tasks in Python, and this one is in CUDA C++.',
          "Choose another mode, and profile by hand with NVIDIA's ncu.",
        );
      }
      const host = await checkHost(context, loaded, device, problem.limits.gpus);
      await mkdir(context.cacheFolder, { recursive: true });
      prepared = { loaded, host };
    },
    score,
  };
}

/** The check of a new best is made with secret seeds, as the ranking makes it. */
function modeOf(mode: GpuMode, isStrict: boolean): GpuMode {
  return isStrict && mode !== 'test' && mode !== 'profile' ? 'leaderboard-equal' : mode;
}

/** An evaluator without cases says that all is well. */
function noCases(kind: Stage['kind']): EnvironmentError {
  return new EnvironmentError(
    `task.yml has no cases under ${kind}s, so that a program could not fail there.`,
    `Add cases under ${kind}s in task.yml, or choose another mode.`,
  );
}

/**
 * Extensions that a program compiles when it is imported are kept in the home folder of the evaluation, so that compiling
 * does not count as part of a stage. What goes wrong here goes wrong again in the first stage, and is told there. Resolves with
 * the milliseconds that it took.
 */
async function fillExtensionCache(
  run: EvaluationRun,
  loaded: LoadedTask,
  env: Readonly<Record<string, string>>,
  leftMs: number,
): Promise<number> {
  if (!/\b(load_inline|cpp_extension)\b/.test(run.request.candidateText)) return 0;
  const folder = join(run.work.path, 'compile');
  await makeStageFolder(folder, loaded, run.request.candidateText);
  const { durationMs } = await run.execute({
    argv: ['python3', submissionName(loaded.task)],
    cwd: folder,
    env: { ...env, POPCORN_SEED: '1' },
    limits: { timeMs: Math.min(warmUpMs, leftMs) },
  });
  return durationMs;
}

/** Everything that asks PyTorch for a GPU gets the processor, and Triton's kernels run in its interpreter. */
async function cpuEnvironment(run: EvaluationRun): Promise<Record<string, string>> {
  const folder = join(run.work.path, 'without-gpu');
  await mkdir(folder);
  await writeFile(join(folder, 'sitecustomize.py'), cpuShimProgram);
  return {
    PYTHONPATH: folder,
    CUDA_VISIBLE_DEVICES: '',
    TRITON_INTERPRET: '1',
    TORCHDYNAMO_DISABLE: '1',
    DISCOVER_ON_CPU: '1',
  };
}

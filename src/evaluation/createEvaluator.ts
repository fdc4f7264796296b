import { mkdir, readdir, realpath, rmdir, statfs } from 'node:fs/promises';
import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import type { Problem } from '../domain/problem/problem';
import { hostPlaces } from '../domain/problem/hostPlaces';
import { commandMethod } from './commandMethod';
import { CommandTimes } from './commandTimes';
import { createProcessFamily } from './endProcesses';
import { evaluationEnvironment } from './evaluationEnvironment';
import { DiskFullError } from './evaluator';
import type { EvaluationReport, EvaluationRequest, Evaluator } from './evaluator';
import type { EvaluationMethod, MethodCommand } from './evaluationMethod';
import { reportOf, withoutPaths, withoutPathsInCase } from './evaluationReport';
import { foreignMethod } from './foreignMethod';
import { createEvaluationGpus } from './leases/evaluationGpus';
import type { GpuLease } from './leases/gpuSeats';
import type { ExecutionReport, Executor, VisibleFiles } from './executor';
import { errorCode, noticingFullDisk } from './fileErrors';
import { allProcesses, environmentOf } from './processTable';
import { makePythonEnvironment } from './pythonEnvironment';
import type { PythonEnvironment } from './pythonEnvironment';
import { createTurns } from './turns';
import { makeBareFolder, makeWorkFolder, removeFolder } from './workFolder';

/** With less than this, even a result file may not find its place. */
const leastFreeBytes = 1024 ** 2;

export interface EvaluatorOptions {
  readonly problem: Problem;
  /** Holds the problem's files as they were at the start of the session; nothing changes them. */
  readonly problemFolder: string;
  /** For work folders; this evaluator's alone, since what it finds there is left from a runner that died. */
  readonly workRoot: string;
  /** Of all sessions of this host; Python environments are kept here. */
  readonly root: string;
  readonly executor: Executor;
  /** Stores bytes and resolves with their SHA-256 in hexadecimal. */
  readonly storeBlob: (bytes: Uint8Array) => Promise<string>;
  /** Evaluations at once; as many as the processors allow by default. */
  readonly concurrency?: number;
  /** False: only the environment is prepared here, and what the method needs where it runs. */
  readonly preparesMethod?: boolean;
  /** The runner's own environment, of which an allow-list gets through. */
  readonly hostEnv?: NodeJS.ProcessEnv;
}

/** Scores candidates by the problem's method, each in a fresh copy of the problem's folder. */
export function createEvaluator(options: EvaluatorOptions): Evaluator {
  const { problem, workRoot, hostEnv = process.env } = options;
  const { limits } = problem;
  const method = methodOf(problem);
  const places = options.concurrency ?? Math.floor(availableParallelism() / Math.max(1, limits.cpus));
  const turns = createTurns(Math.max(1, places));
  const gpus = createEvaluationGpus(limits, Math.max(1, places), hostEnv);
  const disposal = new AbortController();
  const running = new Set<Promise<unknown>>();
  /** Folders that could not be removed yet, on a network file system for example. */
  const leftFolders = new Set<string>();
  const built = join(options.root, 'built');
  let python: PythonEnvironment | undefined;
  let prepared = false;

  /** Other sessions and other candidates lie in the root, and nothing in a home folder is an evaluation's business. */
  const visible = (...readable: string[]): Pick<VisibleFiles, 'readable' | 'hidden'> => ({
    readable: [...(python === undefined ? [] : [python.folder]), built, ...readable],
    hidden: [homedir(), options.root],
  });

  async function evaluate(request: EvaluationRequest, signal: AbortSignal): Promise<EvaluationReport> {
    if (!prepared) throw new Error('The evaluator has not been prepared.');
    const giveBack = await turns.take(signal);
    const used: string[] = [];
    const clear = async (): Promise<void> => {
      for (const folder of used.splice(0)) await removeOrRemember(folder);
    };
    try {
      const lease = await gpus.lease(signal);
      try {
        const report = await evaluateInTurn(request, lease, used, signal);
        if (report.outcome.kind === 'failed') {
          await clear();
          await throwIfDiskFull();
        }
        return report;
      } finally {
        await lease.giveBack();
      }
    } finally {
      giveBack();
      // A disk takes its time, and the next one need not wait for it.
      await clear();
    }
  }

  const store = (bytes: Uint8Array): Promise<string> =>
    noticingFullDisk(options.root, () => options.storeBlob(bytes));

  async function evaluateInTurn(
    request: EvaluationRequest,
    lease: GpuLease,
    /** Gets the folder that is to be removed. */
    used: string[],
    signal: AbortSignal,
  ): Promise<EvaluationReport> {
    const places = hostPlaces(problem);
    const work = await makeWorkFolder(workRoot, {
      id: request.id,
      problemFolder: options.problemFolder,
      candidatePath: places.candidate,
      candidateText: request.candidateText,
      parentState: request.parentState,
    });
    used.push(work.path);
    const own = withoutPaths(work);
    const times = new CommandTimes();
    let queuedMs = lease.waitedMs;
    let isWarm = false;
    const execute = async (command: MethodCommand): Promise<ExecutionReport> => {
      const limits = { ...problem.limits, ...command.limits };
      const startedMs = performance.now();
      const execution = options.executor.execute(
        {
          id: request.id,
          argv: command.argv,
          cwd: command.cwd ?? work.copy,
          env: {
            ...evaluationEnvironment({
              hostEnv,
              python,
              work,
              limits,
              seed: request.seed,
              strict: request.strict === true,
            }),
            ...(lease.gpus.length > 0 && { CUDA_VISIBLE_DEVICES: lease.gpus.join(',') }),
            ...command.env,
          },
          limits,
          files: { ...visible(), writable: [work.path] },
          ...(command.onDescriptor3 && { onDescriptor3: command.onDescriptor3 }),
          ...(command.input !== undefined && { input: command.input }),
          ...(problem.environment.preload && { preload: problem.environment.preload }),
        },
        command.stop === undefined ? signal : AbortSignal.any([signal, command.stop]),
      );
      const ended = (tookMs: number): void => {
        times.add({ endedMs: performance.now(), tookMs, waitedMs: command.waitedMs?.() ?? 0 });
      };
      const report = await execution.catch((error: unknown) => {
        ended(performance.now() - startedMs);
        throw error;
      });
      ended(report.durationMs);
      isWarm ||= report.isWarm === true;
      return report;
    };
    const score = await method.score({
      request,
      work,
      folder: places.folder === undefined ? work.copy : join(work.copy, places.folder),
      signal,
      gpus: lease.gpus,
      onWaited: (ms) => {
        queuedMs += ms;
      },
      execute,
      onCase: (result) => request.onCase?.(withoutPathsInCase(result, own)),
    });
    const { waitedMs = 0 } = score;
    queuedMs += waitedMs + times.waitedMs;
    return {
      ...(await reportOf(score, work, Math.max(0, times.durationMs - waitedMs), { problem, store })),
      ...(queuedMs > 0 && { queuedMs }),
      ...(problem.environment.preload && { isWarm }),
    };
  }

  async function prepareMethod(onProgress: (message: string) => void, signal: AbortSignal): Promise<void> {
    if (method.prepare === undefined) return;
    const places = hostPlaces(problem);
    await method.prepare({
      folder: join(options.problemFolder, places.folder ?? '.'),
      cacheFolder: built,
      onProgress,
      signal,
      async execute(command) {
        const work = await makeBareFolder(workRoot, 'prepare');
        try {
          const limits = { ...problem.limits, ...command.limits };
          const env = evaluationEnvironment({ hostEnv, python, work, limits, seed: 0, strict: false });
          return await options.executor.execute(
            {
              id: 'prepare',
              argv: command.argv,
              cwd: command.cwd,
              env: { ...env, ...command.env },
              limits,
              files: { ...visible(options.problemFolder), writable: [work.path] },
              ...(command.isTrusted === true && { isTrusted: true }),
              ...(command.onDescriptor3 && { onDescriptor3: command.onDescriptor3 }),
            },
            signal,
          );
        } finally {
          await removeOrRemember(work.path);
        }
      },
    });
  }

  /** A candidate that filled the disk has given the space back by now. */
  async function throwIfDiskFull(): Promise<void> {
    const { bavail, bsize } = await statfs(workRoot);
    if (bavail * bsize < leastFreeBytes) throw new DiskFullError(workRoot);
  }

  /** A folder that stays is no reason to lose an evaluation: it is tried again at the end. */
  async function removeOrRemember(folder: string): Promise<void> {
    try {
      await removeFolder(folder);
    } catch {
      leftFolders.add(folder);
    }
  }

  /** Ends what a runner that died left running here, and removes its folders. */
  async function clearWorkRoot(): Promise<void> {
    await mkdir(workRoot, { recursive: true });
    const home = `HOME=${await realpath(workRoot)}/`;
    for (const { pid } of allProcesses()) {
      const entry = environmentOf(pid).find((line) => line.startsWith(home));
      if (entry !== undefined) await createProcessFamily(pid, entry).end();
    }
    for (const name of await readdir(workRoot)) await removeFolder(join(workRoot, name));
  }

  return {
    races: problem.evaluator.stopEarly === true,
    takesParent: problem.evaluator.kind === 'command' && problem.evaluator.raceParent === true,

    async prepare(onProgress, signal) {
      const isolation = await options.executor.isolation();
      await gpus.prepare();
      await noticingFullDisk(workRoot, clearWorkRoot);
      python = await makePythonEnvironment(problem.environment, {
        root: options.root,
        hostEnv,
        onProgress,
        signal,
      });
      if (options.preparesMethod !== false) await prepareMethod(onProgress, signal);
      prepared = true;
      return { isolation, ...(python === undefined ? {} : { pythonFolder: python.folder }) };
    },

    evaluate(request, signal) {
      const evaluation = evaluate(request, AbortSignal.any([signal, disposal.signal]));
      running.add(evaluation);
      const forget = (): void => void running.delete(evaluation);
      evaluation.then(forget, forget);
      return evaluation;
    },

    async dispose() {
      disposal.abort(new Error('The evaluator was closed.'));
      await Promise.allSettled(running);
      await options.executor.dispose?.();
      for (const folder of leftFolders) await removeFolder(folder);
      try {
        await rmdir(workRoot);
      } catch (error) {
        if (errorCode(error) !== 'ENOENT') throw error;
      }
    },
  };
}

function methodOf(problem: Problem): EvaluationMethod {
  const { evaluator } = problem;
  return evaluator.kind === 'command' ? commandMethod(problem, evaluator) : foreignMethod(problem, evaluator);
}

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { defaultSlurm } from '../../domain/problem/slurmSettings';
import { onNodes } from '../../domain/session/isolationWords';
import { withoutAbsent } from '../../domain/withoutAbsent';
import { createEvaluator } from '../createEvaluator';
import type { EvaluatorOptions } from '../createEvaluator';
import { LeavingError } from '../evaluator';
import type { EvaluationReport, EvaluationRequest, Evaluator, Incumbent } from '../evaluator';
import { createLocalExecutor } from '../localExecutor';
import type { IsolationWish } from '../sandbox/isolation';
import { jobScript, sbatchArguments } from './jobScript';
import { SlurmError } from './slurmError';
import { findSlurmPrograms, SlurmProgramError } from './slurmPrograms';
import type { SlurmPrograms } from './slurmPrograms';
import { usualPace } from './slurmTask';
import type { SlurmPace, SlurmTask, TaskOutcome } from './slurmTask';
import { submitRefusal } from './submitErrors';
import { TaskBoard } from './taskBoard';
import { changedAtMs, namesIn, taskFolder } from './taskFiles';
import type { TaskRequest, TaskResult } from './taskFiles';
import { verdictOf } from './taskVerdict';

export interface SlurmEvaluatorOptions extends Omit<
  EvaluatorOptions,
  'executor' | 'concurrency' | 'problemFolder'
> {
  /** The problem file, in a folder that nothing changes. Like `root` and `slurmFolder` on a folder that the nodes share. */
  readonly problemPath: string;
  /** For requests and results; this session's alone. */
  readonly slurmFolder: string;
  /** Begins the names of the session's jobs; letters, digits and `-`. */
  readonly label: string;
  /** What a job runs with its batch's folder as the last argument: it calls `runSlurmTask`. */
  readonly command: readonly string[];
  readonly isolation: IsolationWish;
  readonly log: (message: string) => void;
  readonly pace?: SlurmPace;
  /** Slurm's own on this host by default. */
  readonly programs?: SlurmPrograms;
}

/**
 * Evaluates candidates as jobs of the user's cluster: one job an evaluation, many submitted together as an array. The evaluation is the
 * local one, on the node: same limits, same isolation. Jobs are found again by a later runner, and a result stays until it is written down.
 */
export function createSlurmEvaluator(options: SlurmEvaluatorOptions): Evaluator {
  const { problem, hostEnv = process.env, pace = usualPace, log } = options;
  const settings = problem.slurm ?? {};
  const tries = settings.tries ?? defaultSlurm.tries;
  const folder = taskFolder(options.slurmFolder);
  const shared = [options.slurmFolder, ...options.command.slice(0, 2)];
  const disposal = new AbortController();
  const running = new Set<Promise<unknown>>();
  let board: TaskBoard | undefined;
  /** Of the last call: its reason says whether the session ends or the runner alone. */
  let lastSignal: AbortSignal | undefined;
  const local = createLocalExecutor({ isolation: options.isolation });
  // This host may have another way than the nodes, and these may differ: each job looks for itself, and tells.
  const isolation = options.isolation === 'none' ? 'none' : onNodes;
  // Makes the Python environment and builds tools, once, here: nodes often have no way to the internet.
  const preparer = createEvaluator({
    ...options,
    problemFolder: dirname(options.problemPath),
    // Jobs refuse to run without the isolation that was asked for; this host need not have it.
    executor: {
      execute: (request, signal) => local.execute(request, signal),
      isolation: () => Promise.resolve('none'),
    },
    preparesMethod: problem.limits.gpus === 0,
  });

  async function evaluate(request: EvaluationRequest, signal: AbortSignal): Promise<EvaluationReport> {
    if (board === undefined) throw new Error('The evaluator has not been prepared.');
    const opened = board;
    const key = request.lastingId ?? request.id;
    const content = contentOf(request);
    const digest = digestOf(content);
    let task = opened.adopt(key, digest) ?? opened.submit(key, digest, 1, content);
    for (let trial = 1; ; trial += 1) {
      const outcome = await endOf(opened, task, signal);
      const isLastTry = trial >= tries;
      const verdict = verdictOf(task, outcome, { limits: problem.limits, settings, isLastTry, shared });
      if (verdict.kind === 'reported') return reported(opened, task, verdict.result, request);
      if (verdict.kind === 'failed') return { ...verdict.report, forget: () => opened.drop(task) };
      await opened.drop(task);
      if (isLastTry || verdict.kind === 'refused') throw new SlurmError(verdict.message, verdict.advice);
      log(`${verdict.message} It is submitted again.`);
      task = opened.submit(key, digest, task.attempt + 1, content);
    }
  }

  async function reported(
    board: TaskBoard,
    task: SlurmTask,
    { outcome, state, durationMs, queuedMs: onNodeMs = 0, cases, isolation, node }: ReportedResult,
    request: EvaluationRequest,
  ): Promise<EvaluationReport> {
    const { submitted } = task;
    if (submitted === undefined) throw new Error('A task that was not submitted has a result.');
    if (outcome.kind === 'valid') await storeArtifacts(submitted.place.blobsPath, outcome.artifacts ?? {});
    for (const result of cases ?? []) request.onCase?.(result);
    const inQueueMs = await queuedOf(task);
    const queuedMs = inQueueMs === undefined && onNodeMs === 0 ? undefined : (inQueueMs ?? 0) + onNodeMs;
    return {
      outcome,
      durationMs,
      node: { name: node, isolation },
      ...withoutAbsent({ state, cases, queuedMs }),
      forget: () => board.forget(submitted),
    };
  }

  async function storeArtifacts(
    blobsPath: string,
    artifacts: Readonly<Record<string, string>>,
  ): Promise<void> {
    for (const sha256 of new Set(Object.values(artifacts))) {
      if (!/^[0-9a-f]{64}$/.test(sha256)) throw new Error(`An artifact has no content address: ${sha256}`);
      const stored = await options.storeBlob(await readFile(join(blobsPath, sha256)));
      if (stored !== sha256) throw new Error(`The artifact ${join(blobsPath, sha256)} is damaged.`);
    }
  }

  /** From the submission to the beginning of the run that gave the result; what was lost in between counts as waiting. */
  async function queuedOf({ submitted }: SlurmTask): Promise<number | undefined> {
    if (submitted === undefined) return undefined;
    const { place, batch } = submitted;
    const runs = (await namesIn(place.folder)).filter((name) => /^run-\d+$/.test(name));
    const begun = await Promise.all(runs.map((name) => changedAtMs(join(place.folder, name))));
    const known = begun.filter((time) => time !== undefined);
    const from = await changedAtMs(folder.batch(batch).batchPath);
    return from === undefined || known.length === 0 ? undefined : Math.max(0, Math.max(...known) - from);
  }

  return {
    races: preparer.races ?? false,
    takesParent: preparer.takesParent ?? false,

    async prepare(onProgress, signal) {
      lastSignal = signal;
      const programs = options.programs ?? (await findSlurmPrograms(hostEnv));
      await tryOut(programs, options);
      const { pythonFolder } = await preparer.prepare(onProgress, signal);
      board ??= await TaskBoard.open({
        programs,
        folder,
        frame: {
          version: 1,
          problemPath: options.problemPath,
          root: options.root,
          isolation: options.isolation,
        },
        label: options.label,
        command: options.command,
        limits: problem.limits,
        settings,
        pace,
        log,
      }).catch((error: unknown) => {
        if (error instanceof SlurmProgramError) throw unreachable(error);
        throw error;
      });
      return { isolation, ...(pythonFolder === undefined ? {} : { pythonFolder }) };
    },

    evaluate(request, signal) {
      lastSignal = signal;
      const evaluation = evaluate(request, AbortSignal.any([signal, disposal.signal]));
      running.add(evaluation);
      const end = (): void => void running.delete(evaluation);
      evaluation.then(end, end);
      return evaluation;
    },

    async dispose() {
      disposal.abort(new Error('The evaluator was closed.'));
      await Promise.allSettled(running);
      if (lastSignal?.reason instanceof LeavingError) board?.leave();
      else await board?.close();
      await preparer.dispose();
    },
  };
}

type ReportedResult = Extract<TaskResult, { kind: 'report' }>;

/** Resolves with the task's end. When `signal` aborts, the job is cancelled first, unless the runner alone goes away. */
async function endOf(board: TaskBoard, task: SlurmTask, signal: AbortSignal): Promise<TaskOutcome> {
  let onAbort = (): void => undefined;
  const aborted = new Promise<'aborted'>((resolve) => {
    onAbort = (): void => resolve('aborted');
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    const end = await Promise.race([task.ended, aborted]);
    if (end !== 'aborted') return end;
    if (!(signal.reason instanceof LeavingError)) await board.cancel(task);
    throw signal.reason;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** The same submission as evaluations will make, without making it: what the cluster does not have or not allow is said at the start. */
async function tryOut(programs: SlurmPrograms, options: SlurmEvaluatorOptions): Promise<void> {
  const { problem, slurmFolder, label, log } = options;
  const args = sbatchArguments({
    name: `${label}-trial`,
    comment: 'ttt-discover',
    tasks: 1,
    folder: slurmFolder,
    outputPath: '/dev/null',
    limits: problem.limits,
    settings: problem.slurm ?? {},
  });
  try {
    await programs.tryOut(args, jobScript(options.command));
  } catch (error) {
    if (!(error instanceof SlurmProgramError)) throw error;
    const refusal = submitRefusal(error.words);
    if (refusal.kind === 'busy') throw unreachable(error);
    // Nodes that are down now may be up later, and a full queue gets room; what is wrong with the request stays wrong.
    if (refusal.kind === 'limit' || /not available now|busy|limit/i.test(error.words))
      log(`sbatch says: ${error.words}`);
    else throw new SlurmError(`Slurm would take no job: ${error.words}`, refusal.advice, { cause: error });
  }
}

function unreachable(error: SlurmProgramError): SlurmError {
  return new SlurmError(
    `Slurm's controller does not answer: ${error.words}`,
    'Look with `scontrol ping` whether it runs, and resume or start the session when it does.',
    { cause: error },
  );
}

function contentOf({ id, candidateText, seed, ...rest }: EvaluationRequest): TaskRequest {
  const { parentState, officialCases, strict, incumbent } = rest;
  return {
    ...{ id, candidateText, seed },
    ...withoutAbsent({
      parentState,
      officialCases,
      strict,
      incumbent: incumbent === undefined ? undefined : writable(incumbent),
    }),
  };
}

function writable({ cases, program }: Incumbent): TaskRequest['incumbent'] {
  return {
    ...(cases === undefined ? {} : { cases: [...cases] }),
    ...(program === undefined ? {} : { program: { ...program, metrics: { ...program.metrics } } }),
  };
}

/** Of what decides the outcome: neither of the name, which has the runner's number in it, nor of what it is compared with. */
function digestOf({ candidateText, seed, parentState, officialCases, strict }: TaskRequest): string {
  const parts = [candidateText, seed, parentState ?? null, officialCases ?? false, strict ?? false];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

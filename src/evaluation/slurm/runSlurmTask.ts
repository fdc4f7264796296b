import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type * as z from 'zod';
import { parseProblem } from '../../domain/problem/parseProblem';
import { withoutAbsent } from '../../domain/withoutAbsent';
import type { EvaluationOutcome } from '../../domain/session/outcome';
import { createEvaluator } from '../createEvaluator';
import { EnvironmentError } from '../evaluator';
import type { EvaluationReport, EvaluationRequest } from '../evaluator';
import { createLocalExecutor } from '../localExecutor';
import type { IsolationKind } from '../sandbox/isolation';
import { removeFolder } from '../workFolder';
import {
  changedAtMs,
  readTextIfThere,
  readWhole,
  taskFolder,
  taskFrame,
  taskRequest,
  writeWhole,
} from './taskFiles';
import type { TaskFrame, TaskPlace, TaskRequest, TaskResult } from './taskFiles';

/** A network file system may show a file this much later to another host. */
const visiblePatienceMs = 60_000;
const betweenLooksMs = 500;
/** A signal to the whole job reaches us and what we run, in either order. */
const signalPatienceMs = 500;

/** `evaluated`: a result is written. `not-ours`: another job has it, or nobody wants it. `ended`: the job was told to end. */
export type TaskEnd = 'evaluated' | 'not-ours' | 'ended';

/**
 * What a job does: the evaluation of its place in the batch, with the local executor and its isolation, on the node that Slurm chose.
 * Errors that say nothing about the candidate are a result too; what cannot even be written is thrown.
 */
export async function runSlurmTask(
  batchFolder: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<TaskEnd> {
  const place = placeOf(batchFolder, Number(env['SLURM_ARRAY_TASK_ID'] ?? '0'));
  const job = env['SLURM_ARRAY_JOB_ID'] ?? env['SLURM_JOB_ID'];
  if (job === undefined) throw new Error('This is no job of Slurm: SLURM_JOB_ID is not set.');
  const node = env['SLURMD_NODENAME'] ?? 'unknown';
  const restarts = Number(env['SLURM_RESTART_COUNT'] ?? '0');
  if (!(await mayRun(place, job))) return 'not-ours';
  await writeWhole(place.runPath(restarts), node);
  const work = place.workPath(restarts);
  try {
    const result = await evaluate(place, work, node, signal);
    if (result === undefined) return 'ended';
    // A run that was thought lost may have been faster; both are right.
    await writeWhole(place.resultPath, JSON.stringify(result), { isFirst: true });
    return 'evaluated';
  } finally {
    await removeFolder(work);
  }
}

function placeOf(batchFolder: string, index: number): TaskPlace {
  return frameFolderOf(batchFolder).batch(basename(batchFolder)).task(index);
}

function frameFolderOf(batchFolder: string): ReturnType<typeof taskFolder> {
  return taskFolder(dirname(dirname(batchFolder)));
}

/** The first job that claims an evaluation has it, again and again as often as Slurm starts it anew. */
async function mayRun(place: TaskPlace, job: string): Promise<boolean> {
  if ((await changedAtMs(place.resultPath)) !== undefined) return false;
  await untilVisible(place.requestPath, () => readTextIfThere(place.requestPath));
  if (await writeWhole(place.claimPath, job, { isFirst: true })) return true;
  return (await readFile(place.claimPath, 'utf8')) === job;
}

/** `undefined`: the job was told to end. */
async function evaluate(
  place: TaskPlace,
  work: string,
  node: string,
  signal: AbortSignal,
): Promise<TaskResult | undefined> {
  try {
    const folder = frameFolderOf(dirname(place.folder));
    const frame = await visible(folder.framePath, taskFrame);
    const request = await visible(place.requestPath, taskRequest);
    const { report, isolation } = await evaluateHere(frame, request, place, work, signal);
    if (mayBeOurs(report.outcome)) await delay(signalPatienceMs, undefined, { signal });
    const { outcome, state, durationMs, queuedMs, cases } = report;
    return {
      kind: 'report',
      outcome,
      durationMs,
      isolation,
      node,
      ...withoutAbsent({ state, queuedMs }),
      ...(cases === undefined ? {} : { cases: [...cases] }),
    };
  } catch (error) {
    if (signal.aborted) return undefined;
    if (!(error instanceof Error)) throw error;
    const advice = error instanceof EnvironmentError ? { advice: error.advice } : {};
    return { kind: 'error', name: error.name, message: error.message, ...advice, node };
  }
}

async function evaluateHere(
  frame: TaskFrame,
  request: TaskRequest,
  place: TaskPlace,
  workRoot: string,
  signal: AbortSignal,
): Promise<{ readonly report: EvaluationReport; readonly isolation: IsolationKind }> {
  const { problem } = parseProblem(await readFile(frame.problemPath, 'utf8'));
  if (problem === undefined) throw new Error(`The problem file ${frame.problemPath} has errors.`);
  const executor = createLocalExecutor({ isolation: frame.isolation });
  const evaluator = createEvaluator({
    problem,
    problemFolder: dirname(frame.problemPath),
    workRoot,
    root: frame.root,
    executor,
    async storeBlob(bytes) {
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      await mkdir(place.blobsPath, { recursive: true, mode: 0o700 });
      await writeWhole(join(place.blobsPath, sha256), Buffer.from(bytes));
      return sha256;
    },
    concurrency: 1,
  });
  try {
    await evaluator.prepare(() => undefined, signal);
    const report = await evaluator.evaluate(requestOf(request), signal);
    return { report, isolation: await executor.isolation() };
  } finally {
    await evaluator.dispose();
  }
}

function requestOf({ id, candidateText, seed, incumbent, ...rest }: TaskRequest): EvaluationRequest {
  return {
    ...{ id, candidateText, seed },
    ...withoutAbsent(rest),
    ...(incumbent === undefined ? {} : { incumbent: withoutAbsent(incumbent) }),
  };
}

/** A program that was killed may have been so together with this job. */
function mayBeOurs(outcome: EvaluationOutcome): boolean {
  return outcome.kind === 'failed' && ['killed', 'crashed', 'no-result'].includes(outcome.reason);
}

async function visible<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  return untilVisible(path, () => readWhole(path, schema));
}

/** Resolves when there is something. Files that were written before the job was submitted may be seen later than the job begins. */
async function untilVisible<T>(path: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + visiblePatienceMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (performance.now() > deadline) throw new Error(`There is no ${path} on this node.`);
    await delay(betweenLooksMs);
  }
}

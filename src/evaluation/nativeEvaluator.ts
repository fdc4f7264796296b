import { createHash } from 'node:crypto';
import { mkdir, readdir, realpath, rmdir, statfs } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import type { Problem } from '../domain/problem/problem';
import { rewardOf } from '../domain/problem/rewardExpression';
import type { FailedOutcome, ValidOutcome } from '../domain/session/outcome';
import { createProcessFamily } from './endProcesses';
import { evaluationEnvironment } from './evaluationEnvironment';
import { DiskFullError } from './evaluator';
import type { EvaluationReport, EvaluationRequest, Evaluator } from './evaluator';
import { parseEvaluatorResult } from './evaluatorResult';
import type { EvaluatorResult } from './evaluatorResult';
import { executionFailure, failed } from './executionFailure';
import type { ExecutionReport, Executor } from './executor';
import { errorCode, noticingFullDisk } from './fileErrors';
import { allProcesses, environmentOf } from './processTable';
import { makePythonEnvironment } from './pythonEnvironment';
import type { PythonEnvironment } from './pythonEnvironment';
import { readUntrustedFile } from './readUntrustedFile';
import { createTurns } from './turns';
import { makeWorkFolder, removeFolder } from './workFolder';
import type { WorkFolder } from './workFolder';

const mostResultBytes = 64 * 1024 ** 2;
const mostArtifactBytes = 64 * 1024 ** 2;
const mostArtifacts = 64;
/** With less than this, even a result file may not find its place. */
const leastFreeBytes = 1024 ** 2;

export interface NativeEvaluatorOptions {
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
  /** The runner's own environment, of which an allow-list gets through. */
  readonly hostEnv?: NodeJS.ProcessEnv;
}

/** Evaluates by the contract of docs/evaluators.md: a shell command in a fresh copy of the problem's folder. */
export function createNativeEvaluator(options: NativeEvaluatorOptions): Evaluator {
  const { problem, workRoot, hostEnv = process.env } = options;
  const { limits } = problem;
  const places = options.concurrency ?? Math.floor(availableParallelism() / Math.max(1, limits.cpus));
  const turns = createTurns(Math.max(1, places));
  const disposal = new AbortController();
  const running = new Set<Promise<unknown>>();
  /** Folders that could not be removed yet, on a network file system for example. */
  const leftFolders = new Set<string>();
  let python: PythonEnvironment | undefined;
  let prepared = false;

  async function evaluate(request: EvaluationRequest, signal: AbortSignal): Promise<EvaluationReport> {
    if (!prepared) throw new Error('The evaluator has not been prepared.');
    const giveBack = await turns.take(signal);
    try {
      const report = await evaluateInTurn(request, signal);
      if (report.outcome.kind === 'failed') await throwIfDiskFull();
      return report;
    } finally {
      giveBack();
    }
  }

  async function evaluateInTurn(request: EvaluationRequest, signal: AbortSignal): Promise<EvaluationReport> {
    const work = await makeWorkFolder(workRoot, {
      id: request.id,
      problemFolder: options.problemFolder,
      candidatePath: problem.candidate,
      candidateText: request.candidateText,
      parentState: request.parentState,
    });
    try {
      const report = await options.executor.execute(
        {
          id: request.id,
          argv: ['/bin/sh', '-c', problem.evaluate],
          cwd: work.copy,
          env: evaluationEnvironment({ hostEnv, python, work, limits, seed: request.seed }),
          limits,
        },
        signal,
      );
      return await readReport({ ...report, output: withoutPaths(report.output, work) }, work);
    } finally {
      await removeOrRemember(work.path);
    }
  }

  async function readReport(report: ExecutionReport, work: WorkFolder): Promise<EvaluationReport> {
    const { durationMs } = report;
    const fail = (reason: FailedOutcome['reason'], message: string): EvaluationReport => ({
      outcome: failed(reason, message, report),
      durationMs,
    });
    const failure = executionFailure(report, limits);
    if (failure !== undefined) return { outcome: failure, durationMs };
    const file = await readUntrustedFile(work.result, work.path, mostResultBytes);
    if (file.kind === 'absent') return fail('no-result', 'The evaluator ended well but wrote no result.');
    if (file.kind === 'refused') return fail('bad-result', `The result ${file.why}.`);
    const parsed = parseEvaluatorResult(file.bytes.toString('utf8'));
    if (!parsed.ok) return fail(parsed.reason, withoutPaths(parsed.message, work));
    const { metrics, state } = parsed.result;
    const feedback = parsed.result.feedback && withoutPaths(parsed.result.feedback, work);
    const reward = rewardOf(problem.metric, problem.reward, metrics);
    if (!reward.ok) {
      return fail(reward.reason === 'not-finite' ? 'not-finite' : 'bad-result', reward.message);
    }
    const artifacts = await storeArtifacts(parsed.result, work);
    if (!artifacts.ok) return fail('bad-result', artifacts.message);
    const outcome: ValidOutcome = {
      kind: 'valid',
      metrics: { ...metrics },
      value: reward.value,
      reward: reward.reward,
      ...(feedback === undefined ? {} : { feedback }),
      ...(state === undefined ? {} : { stateSha256: createHash('sha256').update(state).digest('hex') }),
      ...(Object.keys(artifacts.sha256ByName).length === 0 ? {} : { artifacts: artifacts.sha256ByName }),
    };
    return { outcome, ...(state === undefined ? {} : { state }), durationMs };
  }

  async function storeArtifacts(
    result: EvaluatorResult,
    work: WorkFolder,
  ): Promise<{ ok: true; sha256ByName: Record<string, string> } | { ok: false; message: string }> {
    const offered = Object.entries(result.artifacts);
    if (offered.length > mostArtifacts) {
      return {
        ok: false,
        message: `The result has ${offered.length} artifacts; ${mostArtifacts} are the most.`,
      };
    }
    const sha256ByName: Record<string, string> = {};
    for (const [name, path] of offered) {
      const absolute = isAbsolute(path) ? path : resolve(work.copy, path);
      const file = await readUntrustedFile(absolute, work.path, mostArtifactBytes);
      if (file.kind === 'absent') return { ok: false, message: `The artifact "${name}" does not exist.` };
      if (file.kind === 'refused') return { ok: false, message: `The artifact "${name}" ${file.why}.` };
      sha256ByName[name] = await noticingFullDisk(options.root, () => options.storeBlob(file.bytes));
    }
    return { ok: true, sha256ByName };
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
    async prepare(onProgress, signal) {
      await noticingFullDisk(workRoot, clearWorkRoot);
      python = await makePythonEnvironment(problem.environment, {
        root: options.root,
        hostEnv,
        onProgress,
        signal,
      });
      prepared = true;
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
      for (const folder of leftFolders) await removeFolder(folder);
      try {
        await rmdir(workRoot);
      } catch (error) {
        if (errorCode(error) !== 'ENOENT') throw error;
      }
    },
  };
}

/** Work folders have random names: without them, the same run gives the same words, and no host's paths. */
function withoutPaths(text: string, work: WorkFolder): string {
  return text.replaceAll(`${work.copy}/`, '').replaceAll(work.path, '<work folder>');
}

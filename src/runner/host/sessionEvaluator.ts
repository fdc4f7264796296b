import { dirname, join } from 'node:path';
import type { Problem } from '../../domain/problem/problem';
import { createEvaluator } from '../../evaluation/createEvaluator';
import type { Evaluator } from '../../evaluation/evaluator';
import { createLocalExecutor } from '../../evaluation/localExecutor';
import type { IsolationWish } from '../../evaluation/sandbox/isolation';
import { createSlurmEvaluator } from '../../evaluation/slurm/slurmEvaluator';

export interface SessionEvaluatorOptions {
  readonly problem: Problem;
  /** Absolute; its folder holds the problem's files as they were at the start. */
  readonly problemPath: string;
  /** Of the session, or of a single evaluation: work folders and files for jobs are made here. */
  readonly folder: string;
  /** Tells the jobs of this session from others. */
  readonly sessionId: string;
  readonly root: string;
  readonly bundlePath: string;
  readonly isolation: IsolationWish;
  readonly storeBlob: (bytes: Uint8Array) => Promise<string>;
  readonly concurrency: number;
  readonly log: (message: string) => void;
}

/** Begins the names of a session's jobs. */
export function jobLabel(sessionId: string): string {
  return `ttt-${sessionId}`;
}

/** Where a session has the files of its jobs. */
export function slurmFolder(folder: string): string {
  return join(folder, 'slurm');
}

/** The evaluator that the problem asks for: on this host, or as jobs of its cluster. */
export function sessionEvaluator(options: SessionEvaluatorOptions): Evaluator {
  const { problem, problemPath, folder, root, storeBlob, isolation } = options;
  const common = { problem, workRoot: join(folder, 'work'), root, storeBlob };
  if (problem.executor !== 'slurm') {
    return createEvaluator({
      ...common,
      problemFolder: dirname(problemPath),
      executor: createLocalExecutor({ isolation, keepsWarm: { log: options.log } }),
      concurrency: options.concurrency,
    });
  }
  return createSlurmEvaluator({
    ...common,
    problemPath,
    slurmFolder: slurmFolder(folder),
    label: jobLabel(options.sessionId),
    command: [process.execPath, options.bundlePath, 'slurm-task'],
    isolation,
    log: options.log,
  });
}

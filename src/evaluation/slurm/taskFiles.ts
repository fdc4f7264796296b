import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as z from 'zod';
import { caseResult, evaluationOutcome } from '../../domain/session/outcome';
import { errorCode, noticingFullDisk } from '../fileErrors';
import { isolationKinds } from '../sandbox/isolation';

/** What all jobs of a session have in common. */
export const taskFrame = z.object({
  version: z.literal(1),
  /** Absolute, on the shared folder. */
  problemPath: z.string(),
  root: z.string(),
  isolation: z.enum(['auto', 'none']),
});
export type TaskFrame = z.infer<typeof taskFrame>;

/** An `EvaluationRequest` without what cannot be written down. */
export const taskRequest = z.object({
  id: z.string(),
  candidateText: z.string(),
  parentState: z.string().optional(),
  seed: z.number(),
  officialCases: z.boolean().optional(),
  strict: z.boolean().optional(),
  incumbent: z
    .object({
      cases: z.array(caseResult).optional(),
      program: z
        .object({ text: z.string(), value: z.number(), metrics: z.record(z.string(), z.number()) })
        .optional(),
    })
    .optional(),
});
export type TaskRequest = z.infer<typeof taskRequest>;

/** Evaluations that were submitted together; a place in the list is a place in the array. */
export const taskBatch = z.object({
  version: z.literal(1),
  tasks: z.array(
    z.object({
      /** Names the evaluation in the session. */
      key: z.string(),
      /** Of the request's content. */
      digest: z.string(),
      /** 1 for the first. */
      attempt: z.int().min(1),
    }),
  ),
});
export type TaskBatch = z.infer<typeof taskBatch>;

export const submittedJob = z.object({ jobId: z.string() });

export const taskResult = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('report'),
    outcome: evaluationOutcome,
    state: z.string().optional(),
    durationMs: z.number(),
    /** On the node, for a device or a core that others had. */
    queuedMs: z.number().optional(),
    cases: z.array(caseResult).optional(),
    isolation: z.enum(isolationKinds),
    node: z.string(),
  }),
  /** Nothing was found out about the candidate. */
  z.object({
    kind: z.literal('error'),
    /** The class of the error. */
    name: z.string(),
    message: z.string(),
    advice: z.string().optional(),
    node: z.string(),
  }),
]);
export type TaskResult = z.infer<typeof taskResult>;

/** Where one evaluation of a batch has its files. */
export interface TaskPlace {
  readonly folder: string;
  readonly requestPath: string;
  /** Holds the number of the array that may run it: whoever makes this file first decides. */
  readonly claimPath: string;
  /** Nobody waits for it any more. */
  readonly cancelledPath: string;
  /** Made when a run begins; the last part of its name counts the runs before. */
  readonly runPath: (restarts: number) => string;
  /** Artifacts by their content. */
  readonly blobsPath: string;
  readonly workPath: (restarts: number) => string;
  readonly resultPath: string;
  /** The job's own words. */
  readonly logPath: string;
}

/** The folder of a session's jobs, as the runner and the jobs know it. */
export interface TaskFolder {
  readonly path: string;
  readonly framePath: string;
  readonly batchesPath: string;
  readonly resultsPath: string;
  readonly logsPath: string;
  readonly batch: (name: string) => {
    readonly path: string;
    readonly batchPath: string;
    readonly jobPath: string;
    /** For sbatch, with `%a` for the number in the array where there are several tasks. */
    readonly outputPath: (tasks: number) => string;
    readonly task: (index: number) => TaskPlace;
  };
}

export function taskFolder(path: string): TaskFolder {
  const batchesPath = join(path, 'batches');
  const resultsPath = join(path, 'results');
  const logsPath = join(path, 'logs');
  return {
    path,
    framePath: join(path, 'frame.json'),
    batchesPath,
    resultsPath,
    logsPath,
    batch: (name) => {
      const folder = join(batchesPath, name);
      return {
        path: folder,
        batchPath: join(folder, 'batch.json'),
        jobPath: join(folder, 'job.json'),
        outputPath: (tasks) => join(logsPath, `${name}.${tasks > 1 ? '%a' : '0'}.log`),
        task: (index) => {
          const own = join(folder, String(index));
          return {
            folder: own,
            requestPath: join(own, 'request.json'),
            claimPath: join(own, 'claim'),
            cancelledPath: join(own, 'cancelled'),
            runPath: (restarts) => join(own, `run-${restarts}`),
            blobsPath: join(own, 'blobs'),
            workPath: (restarts) => join(own, `work-${restarts}`),
            resultPath: join(resultsPath, resultName(name, index)),
            logPath: join(logsPath, `${name}.${index}.log`),
          };
        },
      };
    },
  };
}

export function resultName(batch: string, index: number): string {
  return `${batch}.${index}.json`;
}

/** Of a claim by the runner: no job may run it. */
export const voidClaim = 'void';

/**
 * Writes a file that others see whole or not at all, and that is on the disk when this resolves. `isFirst`: false is given, and nothing
 * changed, where the file is there already.
 */
export async function writeWhole(
  path: string,
  content: string | Uint8Array,
  { isFirst = false }: { readonly isFirst?: boolean } = {},
): Promise<boolean> {
  const draft = join(dirname(path), `.${basename(path)}.${randomUUID()}`);
  return noticingFullDisk(dirname(path), async () => {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    try {
      if (isFirst) await link(draft, path);
      else await rename(draft, path);
      await syncFolder(dirname(path));
      return true;
    } catch (error) {
      if (isFirst && errorCode(error) === 'EEXIST') return false;
      throw error;
    } finally {
      await rm(draft, { force: true });
    }
  });
}

/** So that the name is on the disk too; not every file system can. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } catch (error) {
    if (!['EINVAL', 'ENOTSUP', 'EBADF'].includes(errorCode(error) ?? '')) throw error;
  } finally {
    await folder.close();
  }
}

/** `undefined` where there is no such file (yet). Throws what is wrong with its content. */
export async function readWhole<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const text = await readTextIfThere(path);
  return text === undefined ? undefined : schema.parse(JSON.parse(text));
}

export async function readTextIfThere(path: string): Promise<string | undefined> {
  // A handle that the server took back is as good as no file: the next look opens it anew.
  return ifThere(() => readFile(path, 'utf8'));
}

/** Milliseconds by the clock of the file server, so that times of two hosts can be compared. */
export async function changedAtMs(path: string): Promise<number | undefined> {
  return (await ifThere(() => stat(path)))?.mtimeMs;
}

export async function namesIn(path: string): Promise<readonly string[]> {
  return (await ifThere(() => readdir(path))) ?? [];
}

export async function makeTaskFolders(folder: TaskFolder): Promise<void> {
  await noticingFullDisk(folder.path, async () => {
    for (const path of [folder.path, folder.batchesPath, folder.resultsPath, folder.logsPath]) {
      await mkdir(path, { recursive: true, mode: 0o700 });
    }
  });
}

async function ifThere<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (['ENOENT', 'ESTALE', 'ENOTDIR'].includes(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}

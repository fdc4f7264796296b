import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { defaultLimits, defaultSession } from '../../../src/domain/problem/problem';
import type { ForeignEvaluator, Limits, Metric, Problem } from '../../../src/domain/problem/problem';
import type { CaseResult } from '../../../src/domain/session/outcome';
import { createEvaluator } from '../../../src/evaluation/createEvaluator';
import type { EvaluationReport, EvaluationRequest, Evaluator } from '../../../src/evaluation/evaluator';
import { createLocalExecutor } from '../../../src/evaluation/localExecutor';

/** Builds with cargo and many short processes take as long as the host's other work lets them. */
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const fixtures = join(import.meta.dirname, 'fixtures');
const executor = createLocalExecutor();
const never = new AbortController().signal;

/** Built tools are shared by all tests of a file: building them is the slow part. */
export const base = mkdtempSync(join(tmpdir(), 'atcoder-'));

export interface Contest {
  readonly evaluator: Evaluator;
  /** The session's copy of the folder. */
  readonly folder: string;
  readonly progress: readonly string[];
  readonly evaluate: (
    candidateText: string,
    request?: Partial<EvaluationRequest>,
  ) => Promise<{ report: EvaluationReport; live: readonly CaseResult[] }>;
}

export interface ContestOptions {
  readonly candidate: string;
  readonly evaluator?: Partial<ForeignEvaluator>;
  readonly metric?: Metric;
  readonly limits?: Partial<Limits>;
  readonly root?: string;
  readonly hostEnv?: NodeJS.ProcessEnv;
  /** Changes the copy before anything looks at it. */
  readonly change?: (folder: string) => void;
}

let count = 0;

/** A fixture as a session has it, not yet prepared. */
export function contestOf(fixture: string, options: ContestOptions): Contest {
  count += 1;
  const problemFolder = join(base, `contest-${count}`);
  const folder = join(problemFolder, 'task');
  mkdirSync(problemFolder, { recursive: true });
  cpSync(join(fixtures, fixture), folder, { recursive: true });
  options.change?.(folder);
  const problem: Problem = {
    title: 'Test',
    candidate: `contest/${options.candidate}`,
    evaluator: { kind: 'foreign', format: 'atcoder', folder: 'contest', cases: 3, ...options.evaluator },
    metric: options.metric ?? { name: 'mean_score', goal: 'maximize' },
    environment: { packages: [] },
    limits: { ...defaultLimits, timeMs: 600_000, cpus: 2, ...options.limits },
    references: [],
    session: defaultSession,
    statement: '',
  };
  const progress: string[] = [];
  const evaluator = createEvaluator({
    problem,
    problemFolder,
    workRoot: join(base, `work-${count}`),
    root: options.root ?? join(base, 'root'),
    executor,
    storeBlob: (bytes) => Promise.resolve(createHash('sha256').update(bytes).digest('hex')),
    ...(options.hostEnv !== undefined && { hostEnv: options.hostEnv }),
  });
  return {
    evaluator,
    folder,
    progress,
    async evaluate(candidateText, request) {
      const live: CaseResult[] = [];
      const report = await evaluator.evaluate(
        { id: `e${count}`, candidateText, seed: 7, onCase: (one) => live.push(one), ...request },
        never,
      );
      return { report, live };
    },
  };
}

export async function prepared(fixture: string, options: ContestOptions): Promise<Contest> {
  const contest = contestOf(fixture, options);
  await contest.evaluator.prepare((message) => (contest.progress as string[]).push(message), never);
  return contest;
}

/** Python that ends with 7 unless somebody holds the lock of the core on which it runs. */
export const coreIsLocked = `
import fcntl, os
(core,) = os.sched_getaffinity(0)
try: fcntl.flock(os.open(f"/tmp/timed-core-{os.getuid()}-{core}.lock", os.O_WRONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError: pass
else: os._exit(7)
`;

export function initialText(fixture: string, path: string): string {
  return readFileSync(join(fixtures, fixture, path), 'utf8');
}

export function valueOf({ outcome }: EvaluationReport): number {
  if (outcome.kind === 'failed') throw new Error(`${outcome.message}\n${outcome.outputTail ?? ''}`);
  return outcome.value;
}

export function failureOf({ outcome }: EvaluationReport): {
  reason: string;
  message: string;
  outputTail?: string;
} {
  if (outcome.kind !== 'failed') throw new Error(`The evaluation did not fail: ${JSON.stringify(outcome)}`);
  const { reason, message, outputTail } = outcome;
  return { reason, message, ...(outputTail !== undefined && { outputTail }) };
}

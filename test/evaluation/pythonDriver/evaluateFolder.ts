import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createHash } from 'node:crypto';
import { defaultLimits, defaultSession } from '../../../src/domain/problem/problem';
import type { ForeignFormat, Limits, Metric } from '../../../src/domain/problem/problem';
import type { CaseResult, FailedOutcome, ValidOutcome } from '../../../src/domain/session/outcome';
import { createEvaluator } from '../../../src/evaluation/createEvaluator';
import { createLocalExecutor } from '../../../src/evaluation/localExecutor';

export interface FolderEvaluation {
  readonly format: ForeignFormat;
  /** Text by path; a session's `task/` folder. */
  readonly files: Readonly<Record<string, string>>;
  /** Relative to the folder, or beginning with `../` where it lies elsewhere. */
  readonly candidate: string;
  /** In place of the initial program. */
  readonly candidateText?: string;
  readonly metric?: Metric;
  readonly limits?: Partial<Limits>;
  readonly seed?: number;
  readonly strict?: boolean;
}

export interface FolderReport {
  readonly outcome: ValidOutcome | FailedOutcome;
  readonly cases: readonly CaseResult[] | undefined;
  /** As they were told while the evaluation ran. */
  readonly live: readonly CaseResult[];
  /** Stored artifacts by content address. */
  readonly blobs: ReadonlyMap<string, Buffer>;
}

/** Evaluates a candidate of a folder as a session does, in real processes. Fails if the session's own files were changed or work was left. */
export async function evaluateFolder(evaluation: FolderEvaluation): Promise<FolderReport> {
  const root = mkdtempSync(join(tmpdir(), 'foreign-'));
  const problemFolder = join(root, 'problem');
  const outside = evaluation.candidate.startsWith('../');
  const files = Object.entries(evaluation.files).map(
    ([path, text]) =>
      [path.startsWith('../') ? path.replace('..', 'candidate') : `task/${path}`, text] as const,
  );
  for (const [path, text] of files) {
    mkdirSync(dirname(join(problemFolder, path)), { recursive: true });
    writeFileSync(join(problemFolder, path), text);
  }
  const blobs = new Map<string, Buffer>();
  const live: CaseResult[] = [];
  const evaluator = createEvaluator({
    problem: {
      title: 'Test',
      candidate: outside ? evaluation.candidate.slice(3) : `folder/${evaluation.candidate}`,
      evaluator: { kind: 'foreign', format: evaluation.format, folder: 'folder' },
      metric: evaluation.metric ?? { name: 'combined_score', goal: 'maximize' },
      environment: { packages: [] },
      limits: { ...defaultLimits, timeMs: 40_000, ...evaluation.limits },
      references: [],
      session: defaultSession,
      statement: '',
    },
    problemFolder,
    workRoot: join(root, 'work'),
    root,
    executor: createLocalExecutor(),
    storeBlob: (bytes) => {
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      blobs.set(sha256, Buffer.from(bytes));
      return Promise.resolve(sha256);
    },
    hostEnv: { PATH: process.env['PATH'] },
  });
  try {
    const never = new AbortController().signal;
    await evaluator.prepare(() => undefined, never);
    const { outcome, cases } = await evaluator.evaluate(
      {
        id: `folder-${process.pid}`,
        candidateText: evaluation.candidateText ?? evaluation.files[evaluation.candidate] ?? '',
        seed: evaluation.seed ?? 7,
        strict: evaluation.strict === true,
        onCase: (result) => live.push(result),
      },
      never,
    );
    for (const [path, text] of files) {
      if (readFileSync(join(problemFolder, path), 'utf8') !== text) throw new Error(`${path} was changed.`);
    }
    const left = readdirSync(join(root, 'work'));
    if (left.length > 0) throw new Error(`Work was left: ${left.join(', ')}.`);
    const count = readdirSync(problemFolder, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    ).length;
    if (count !== files.length) throw new Error('Files were added to the session.');
    return { outcome, cases, live, blobs };
  } finally {
    await evaluator.dispose();
    rmSync(root, { recursive: true, force: true });
  }
}

/** The outcome of a candidate that must be valid, with what it said otherwise. */
export function valid({ outcome }: FolderReport): ValidOutcome {
  if (outcome.kind === 'valid') return outcome;
  throw new Error(`Not valid: ${outcome.reason}, ${outcome.message}\n${outcome.outputTail ?? ''}`);
}

export function failure({ outcome }: FolderReport): FailedOutcome {
  if (outcome.kind === 'failed') return outcome;
  throw new Error(`Not failed: ${JSON.stringify(outcome)}`);
}

/** Text by path of a fixture folder. */
export function fixtureFiles(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.pyc'))
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        return [path.slice(folder.length + 1), readFileSync(path, 'utf8')];
      }),
  );
}

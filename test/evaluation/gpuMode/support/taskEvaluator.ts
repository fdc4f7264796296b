import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { filesAbove } from '../../../../src/domain/foreign/filesAbove';
import { hostPlaces } from '../../../../src/domain/problem/hostPlaces';
import {
  defaultLimits,
  defaultSession,
  type ForeignEvaluator,
  type Limits,
  type Problem,
} from '../../../../src/domain/problem/problem';
import type { CaseResult } from '../../../../src/domain/session/outcome';
import { createEvaluator } from '../../../../src/evaluation/createEvaluator';
import type { EvaluationReport, EvaluationRequest, Evaluator } from '../../../../src/evaluation/evaluator';
import { createLocalExecutor } from '../../../../src/evaluation/localExecutor';

export const fixtures = join(import.meta.dirname, '../fixtures');
export const prefixSum = join(fixtures, 'prefix-sum');
export const never = new AbortController().signal;
const executor = createLocalExecutor();

export interface TaskEvaluator {
  readonly evaluator: Evaluator;
  /** In the copy of the session, which must stay as it is. */
  readonly folder: string;
  readonly evaluate: (
    candidateText: string,
    request?: Partial<EvaluationRequest>,
  ) => Promise<EvaluationReport & { readonly live: readonly CaseResult[] }>;
  readonly remove: () => Promise<void>;
}

/** A folder of files in the temporary folder; those of the fixture below them. */
export function taskFolder(files: Readonly<Record<string, string>>, fixture?: string): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'gpu-mode-')), 'task');
  mkdirSync(folder);
  if (fixture !== undefined) {
    cpSync(join(fixtures, fixture), folder, { recursive: true });
    cpSync(join(fixtures, 'eval.py'), join(folder, '../eval.py'));
  }
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** The evaluator of a task, whose files lie in a session's copy as a host has them. Not prepared. */
export function taskEvaluator(
  task: string,
  options: {
    readonly evaluator?: Partial<ForeignEvaluator>;
    readonly problem?: Partial<Problem>;
    readonly limits?: Partial<Limits>;
    readonly path?: string;
    readonly candidate?: string;
  } = {},
): TaskEvaluator {
  const root = mkdtempSync(join(tmpdir(), 'gpu-mode-session-'));
  const problem: Problem = {
    title: 'Test',
    candidate: `task/${options.candidate ?? 'submission.py'}`,
    evaluator: { kind: 'foreign', format: 'gpu-mode', folder: 'task', ...options.evaluator },
    metric: { name: 'time_us', goal: 'minimize', unit: 'µs' },
    environment: { packages: [] },
    references: [],
    session: defaultSession,
    statement: '',
    ...options.problem,
    limits: { ...defaultLimits, timeMs: 60_000, processes: 128, ...options.limits },
  };
  const problemFolder = join(root, 'problem');
  const folder = join(problemFolder, hostPlaces(problem).folder ?? '');
  cpSync(task, folder, { recursive: true });
  for (const { source, place } of filesAbove('gpu-mode', (path) => textOf(join(task, path)))) {
    cpSync(join(task, source), join(problemFolder, place));
  }
  const evaluator = createEvaluator({
    problem,
    problemFolder,
    workRoot: join(root, 'work'),
    root,
    executor,
    storeBlob: (bytes) => Promise.resolve(createHash('sha256').update(bytes).digest('hex')),
    concurrency: 2,
    hostEnv: {
      PATH: options.path === undefined ? process.env['PATH'] : `${options.path}:${process.env['PATH']}`,
    },
  });
  let count = 0;
  return {
    evaluator,
    folder,
    async evaluate(candidateText, request = {}) {
      const live: CaseResult[] = [];
      const id = `gpu-mode-${process.pid}-${(count += 1)}`;
      const onCase = (result: CaseResult): void => void live.push(result);
      const report = await evaluator.evaluate({ id, candidateText, seed: 1, onCase, ...request }, never);
      return { ...report, live };
    },
    async remove() {
      await evaluator.dispose();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function textOf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** `test 0 passed` and so on. */
export function namesAndVerdicts({ cases }: Pick<EvaluationReport, 'cases'>): string[] {
  return (cases ?? []).map(({ name, verdict }) => `${name} ${verdict}`);
}

export function lines(...text: readonly string[]): string {
  return `${text.join('\n')}\n`;
}

import type { GpuModeTask, TaskCase } from '../../domain/foreign/gpuModeTask';
import type { GpuMode, TaskDevice } from '../../domain/problem/problem';
import type { VerdictKind } from './verdictStream';

/** One run of the evaluator. */
export interface Stage {
  /** As the evaluator and people know it; also begins the names of its cases. */
  readonly name: 'test' | 'benchmark' | 'leaderboard' | 'profile';
  /** What its verdict is about. */
  readonly kind: VerdictKind;
  readonly cases: readonly StageCase[];
  readonly timeoutMs: number;
}

export interface StageCase {
  /** Place in the list of `task.yml`. */
  readonly index: number;
  readonly line: string;
}

/** On the processor a test may be so many times as large as the smallest one. */
const largestRatio = 8;
const mostSmallTests = 6;
/** On the processor; what passed until then counts. */
const processorTestMs = 60_000;

/** What a mode runs, in order; each stage wants the one before to pass. */
export function stagesOf(task: GpuModeTask, mode: GpuMode, device: TaskDevice): readonly Stage[] {
  const { timeoutMs } = task;
  const tests = bySize(task.tests);
  const smallest = tests[0]?.size ?? 0;
  const benchmarks = device === 'cpu' ? bySize(task.benchmarks).slice(0, 1) : numbered(task.benchmarks);
  const test: Stage = {
    name: 'test',
    kind: 'test',
    cases:
      device === 'cpu'
        ? tests.filter(({ size }) => size <= smallest * largestRatio).slice(0, mostSmallTests)
        : numbered(task.tests),
    timeoutMs: device === 'cpu' ? Math.min(timeoutMs.test, processorTestMs) : timeoutMs.test,
  };
  const benchmark: Stage = {
    name: 'benchmark',
    kind: 'benchmark',
    cases: task.rankingBy === 'last' ? benchmarks.slice(-1) : benchmarks,
    timeoutMs: timeoutMs.benchmark,
  };
  const leaderboard: Stage = { ...benchmark, name: 'leaderboard', timeoutMs: timeoutMs.ranked };
  switch (mode) {
    case 'test':
      return [test];
    case 'benchmark':
      return [benchmark];
    case 'leaderboard':
    case 'leaderboard-equal':
      return [test, benchmark, leaderboard];
    case 'profile':
      return benchmarks.map((one) => ({ ...benchmark, name: 'profile', cases: [one] }));
  }
}

type SizedCase = StageCase & { readonly size: number };

function numbered(cases: readonly TaskCase[]): readonly SizedCase[] {
  return cases.map(({ line, size }, index) => ({ index, line, size }));
}

/** Smallest first. */
function bySize(cases: readonly TaskCase[]): readonly SizedCase[] {
  return numbered(cases).toSorted((a, b) => a.size - b.size);
}

/** The file of cases that an evaluator reads. */
export function specText(cases: readonly StageCase[]): string {
  return cases.map(({ line }) => `${line}\n`).join('');
}

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultLimits, type Limits } from '../../../src/domain/problem/problem';
import type { ExecutionReport, Executor } from '../../../src/evaluation/executor';
import { createLocalExecutor } from '../../../src/evaluation/localExecutor';

/** Commands of one executor, each in a folder of its own, as evaluations are run. */
export interface Runs {
  /** What was said about evaluations that could not be warm. */
  readonly said: string[];
  run(files: Readonly<Record<string, string>>, options?: RunOptions): Promise<ExecutionReport>;
  remove(): Promise<void>;
}

export interface RunOptions {
  readonly command?: string;
  readonly limits?: Partial<Limits>;
  readonly env?: Readonly<Record<string, string>>;
  readonly preload?: readonly string[];
  readonly onDescriptor3?: (chunk: Buffer) => void;
}

let count = 0;

/** `warm in a sandbox of its own`: that is made by the isolator, for the one evaluation. */
export type Way =
  | 'cold'
  | 'cold without bubblewrap'
  | 'warm'
  | 'warm without bubblewrap'
  | 'warm in a sandbox of its own'
  | 'warm in a sandbox of its own without bubblewrap';

/** `nowMs`: the clock by which sandboxes that wait grow too old. */
export function createRuns(way: Way, nowMs?: () => number): Runs {
  const root = mkdtempSync(join(tmpdir(), 'warm-runs-'));
  const said: string[] = [];
  const executor: Executor = createLocalExecutor({
    ...(way.startsWith('warm') && {
      keepsWarm: {
        log: (message) => void said.push(message),
        makesSandboxes: !way.includes('of its own'),
        ...(nowMs && { nowMs }),
      },
    }),
    ...(way.endsWith('without bubblewrap') && { isolators: ['unshare'] }),
  });
  return {
    said,
    run(files, options = {}) {
      const work = join(root, String((count += 1)));
      const cwd = join(work, 'problem');
      mkdirSync(join(work, 'home'), { recursive: true });
      mkdirSync(cwd);
      for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
      const env = {
        PATH: '/usr/local/bin:/usr/bin:/bin',
        LANG: 'C.UTF-8',
        HOME: join(work, 'home'),
        PYTHONHASHSEED: '0',
        PYTHONDONTWRITEBYTECODE: '1',
        ...options.env,
      };
      return executor.execute(
        {
          id: `warm-${process.pid}-${count}`,
          argv: ['/bin/sh', '-c', options.command ?? 'python3 evaluate.py'],
          cwd,
          env,
          limits: { ...defaultLimits, timeMs: 30_000, ...options.limits },
          files: { writable: [work], readable: [], hidden: [root] },
          preload: options.preload ?? ['json', 'decimal'],
          ...(options.onDescriptor3 && { onDescriptor3: options.onDescriptor3 }),
        },
        new AbortController().signal,
      );
    },
    async remove() {
      await executor.dispose?.();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

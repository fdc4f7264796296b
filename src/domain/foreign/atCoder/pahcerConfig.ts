import type { Goal } from '../../problem/problem';
import { parseToml, tableIn, tablesIn, TomlError } from './toml';
import type { TomlTable, TomlValue } from './toml';

/** One command of `[[test.compile_steps]]` or `[[test.test_steps]]`. `{SEED}` and `{SEED04}` stand in its words. */
export interface PahcerStep {
  readonly program: string;
  readonly args: readonly string[];
  /** Relative to the folder of the file. */
  readonly currentDir?: string;
  readonly stdin?: string;
  readonly stdout?: string;
  readonly stderr?: string;
  readonly measuresTime: boolean;
}

/** `pahcer_config.toml` of pahcer 0.3 (https://github.com/terry-u16/pahcer), as far as it decides about scoring. */
export interface PahcerConfig {
  readonly problemName?: string;
  readonly goal?: Goal;
  /** As written, in Rust's syntax. */
  readonly scorePattern?: string;
  readonly startSeed: number;
  /** The first seed that does not count. */
  readonly endSeed: number;
  readonly compileSteps: readonly PahcerStep[];
  readonly testSteps: readonly PahcerStep[];
}

export type ReadPahcerConfig =
  | { readonly ok: true; readonly config: PahcerConfig; readonly notes: readonly string[] }
  /** One sentence without the file's name. */
  | { readonly ok: false; readonly problem: string };

/** Never throws, whatever the text. */
export function readPahcerConfig(text: string): ReadPahcerConfig {
  let file: TomlTable;
  try {
    file = parseToml(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    return {
      ok: false,
      problem: `it cannot be read, ${error.message}. Correct it, or make it anew with pahcer init.`,
    };
  }
  const problem = tableIn(file, 'problem');
  const test = tableIn(file, 'test');
  const notes: string[] = [];
  const problemName = textIn(problem, 'problem_name');
  const scorePattern = textIn(problem, 'score_regex');
  const goal = goalIn(problem, notes);
  const startSeed = wholeIn(test, 'start_seed') ?? 0;
  const endSeed = wholeIn(test, 'end_seed') ?? 100;
  if (endSeed <= startSeed) {
    return {
      ok: false,
      problem: `test.end_seed (${endSeed}) must be greater than test.start_seed (${startSeed}).`,
    };
  }
  return {
    ok: true,
    config: {
      ...(problemName !== undefined && problemName !== '' && { problemName }),
      ...(goal !== undefined && { goal }),
      ...(scorePattern !== undefined && { scorePattern }),
      startSeed,
      endSeed,
      compileSteps: stepsIn(test, 'compile_steps'),
      testSteps: stepsIn(test, 'test_steps'),
    },
    notes,
  };
}

function goalIn(problem: TomlTable, notes: string[]): Goal | undefined {
  const objective = textIn(problem, 'objective');
  if (objective === undefined) return undefined;
  if (/^max/i.test(objective)) return 'maximize';
  if (/^min/i.test(objective)) return 'minimize';
  notes.push(`problem.objective of pahcer_config.toml is neither "Max" nor "Min" but "${objective}".`);
  return undefined;
}

function stepsIn(test: TomlTable, key: string): PahcerStep[] {
  return tablesIn(test, key).flatMap((step) => {
    const program = textIn(step, 'program');
    if (program === undefined) return [];
    const args = valueIn(step, 'args');
    const currentDir = textIn(step, 'current_dir');
    const [stdin, stdout, stderr] = [textIn(step, 'stdin'), textIn(step, 'stdout'), textIn(step, 'stderr')];
    return [
      {
        program,
        args: Array.isArray(args) ? args.filter((arg) => typeof arg === 'string') : [],
        ...(currentDir !== undefined && { currentDir }),
        ...(stdin !== undefined && { stdin }),
        ...(stdout !== undefined && { stdout }),
        ...(stderr !== undefined && { stderr }),
        measuresTime: valueIn(step, 'measure_time') === true,
      },
    ];
  });
}

function valueIn(table: TomlTable, key: string): TomlValue | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function textIn(table: TomlTable, key: string): string | undefined {
  const value = valueIn(table, key);
  return typeof value === 'string' ? value : undefined;
}

function wholeIn(table: TomlTable, key: string): number | undefined {
  const value = valueIn(table, key);
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

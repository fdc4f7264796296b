import { parse } from 'yaml';
import * as z from 'zod';
import type { DescribeFolder, FolderDescription, FolderFiles } from './foreignFolder';
import { folderHeading } from './folderHeading';
import { packagesOf } from './packagesOf';

/** The evaluation program of a folder of ShinkaEvolve. */
export const shinkaEvaluator = 'evaluate.py';

/** ShinkaEvolve has no time limit of its own for evaluations on the machine it runs on. */
const timeWithoutLimitMs = 600_000;

/** `evaluate.py` that takes `--program_path` and `--results_dir`, and `initial.*`. */
export const describeShinkaEvolve: DescribeFolder = (files) => {
  const evaluator = files.read(shinkaEvaluator);
  if (evaluator === undefined || !/program_path/.test(evaluator)) return undefined;
  const programs = initialPrograms(files);
  if (!/results_dir/.test(evaluator)) {
    return programs.length === 0
      ? undefined
      : {
          problems: [
            'evaluate.py takes --program_path but no --results_dir: ShinkaEvolve wants metrics.json and correct.json there.',
          ],
        };
  }
  const settings = settingsOf(files);
  const named = settings.initialProgram?.replace(/^(\.\/)+/, '');
  const candidate = named !== undefined && files.paths.includes(named) ? named : programs[0];
  if (candidate === undefined) {
    return {
      problems: ['There is no initial.*: name the program that evolves initial.py (or with another ending).'],
    };
  }
  const { packages, notes: packageNotes } = packagesOf(files, evaluator, files.read(candidate) ?? '');
  const environment = packages.length === 0 ? undefined : { packages };
  const marked = /EVOLVE-BLOCK-START/.test(files.read(candidate) ?? '');
  const title = folderHeading(files);
  const description: FolderDescription = {
    format: 'shinka-evolve',
    ...(title !== undefined && { title }),
    candidate,
    metric: { name: 'combined_score', goal: 'maximize' },
    ...(environment === undefined ? {} : { environment }),
    limits: { timeMs: settings.timeMs ?? timeWithoutLimitMs },
    statement: settings.message ?? '',
    notes: [
      ...(marked
        ? ['Only what stands between EVOLVE-BLOCK-START and EVOLVE-BLOCK-END may change, as in ShinkaEvolve.']
        : []),
      ...(settings.timeMs === undefined
        ? ['The folder names no time limit for evaluations: limits.time is a guess.']
        : []),
      ...(settings.extraArguments
        ? ['extra_cmd_args is not supported: evaluate.py gets --program_path and --results_dir alone.']
        : []),
      ...(settings.message === undefined
        ? ['No task_sys_msg was found: write the statement below.']
        : [`The statement is task_sys_msg of ${settings.messageFrom ?? 'the folder'}.`]),
      ...packageNotes,
    ],
  };
  return { description };
};

function initialPrograms(files: FolderFiles): readonly string[] {
  const order = (path: string): number => (path === 'initial.py' ? 0 : 1);
  return files.paths
    .filter((path) => /^initial\.[^./]+$/.test(path))
    .sort((a, b) => order(a) - order(b) || (a < b ? -1 : 1));
}

interface Settings {
  readonly message?: string;
  readonly messageFrom?: string;
  readonly timeMs?: number;
  readonly initialProgram?: string;
  readonly extraArguments: boolean;
}

const yamlSettings = z.object({
  evo_config: z
    .object({ task_sys_msg: z.string().nullish(), init_program_path: z.string().nullish() })
    .nullish(),
  job_config: z.object({ time: z.string().nullish(), extra_cmd_args: z.unknown().optional() }).nullish(),
});

/** What the folder's YAML files say, and what its `run_evo.py` says where it is written down plainly. */
function settingsOf(files: FolderFiles): Settings {
  let settings: Settings = { extraArguments: false };
  for (const path of files.paths.filter((name) => /^[^/]+\.ya?ml$/.test(name)).sort()) {
    const found = yamlSettings.safeParse(yamlOf(files.read(path) ?? '')).data;
    settings = {
      ...fromText(found?.evo_config?.task_sys_msg, path),
      ...timed(found?.job_config?.time),
      ...(found?.evo_config?.init_program_path == null
        ? {}
        : { initialProgram: found.evo_config.init_program_path }),
      ...settings,
      extraArguments: settings.extraArguments || !isEmpty(found?.job_config?.extra_cmd_args),
    };
  }
  const script = files.read('run_evo.py') ?? '';
  const message = /task_sys_msg\s*=\s*(?:[rf]?)("""|''')([\s\S]*?)\1/.exec(script)?.[2];
  const program = /init_program_path\s*=\s*["']([^"']+)["']/.exec(script)?.[1];
  return {
    ...fromText(message, 'run_evo.py'),
    ...timed(/\btime\s*=\s*["']([\d:]+)["']/.exec(script)?.[1]),
    ...(program === undefined ? {} : { initialProgram: program }),
    ...settings,
    extraArguments: settings.extraArguments || /extra_cmd_args\s*=\s*\{\s*["']/.test(script),
  };
}

function yamlOf(text: string): unknown {
  try {
    return parse(text, { logLevel: 'error' });
  } catch {
    // ShinkaEvolve's own settings steer its search alone: a file that is no YAML says nothing about an evaluation.
    return undefined;
  }
}

function fromText(
  message: string | null | undefined,
  path: string,
): Pick<Settings, 'message' | 'messageFrom'> {
  const text = message?.trim();
  return text === undefined || text === '' ? {} : { message: text, messageFrom: path };
}

/** `HH:MM:SS`, as clusters write it. */
function timed(text: string | null | undefined): Pick<Settings, 'timeMs'> {
  const [, hours, minutes, seconds] = /^(\d+):(\d+):(\d+)$/.exec(text ?? '') ?? [];
  const timeMs = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
  return timeMs > 0 ? { timeMs } : {};
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0)
  );
}

import type { Limits } from '../problem/problem';
import type { DescribeFolder, FolderDescription, FolderFiles } from './foreignFolder';
import { folderHeading } from './folderHeading';
import {
  openEvolveConfigPath,
  openEvolveDefaults,
  openEvolveTimeoutMs,
  readOpenEvolveConfig,
  type OpenEvolveConfig,
} from './openEvolveConfig';
import { packagesOf } from './packagesOf';

/** The evaluator of a folder of OpenEvolve. */
export const openEvolveEvaluator = 'evaluator.py';
const definesEvaluate = /^(async\s+)?def\s+evaluate\s*\(/m;
const boundEvaluate = /^(evaluate\s*=|from\s+\S+\s+import\s+.*\bevaluate\b)/m;

/** `evaluator.py` with `evaluate`, and `initial_program.*`; `config.yaml` if there is one. */
export const describeOpenEvolve: DescribeFolder = (files) => {
  const evaluator = files.read(openEvolveEvaluator);
  if (evaluator === undefined) return undefined;
  const programs = initialPrograms(files);
  const evaluates = definesEvaluate.test(evaluator) || boundEvaluate.test(evaluator);
  if (!evaluates && programs.length === 0) return undefined;
  const problems: string[] = [];
  if (!evaluates) {
    problems.push('evaluator.py has no function evaluate(program_path): OpenEvolve calls it, so write one.');
  }
  const [candidate] = programs;
  if (candidate === undefined) {
    problems.push(
      files.paths.some((path) => path.startsWith('initial_program/'))
        ? 'initial_program is a folder: programs of several files cannot evolve here, so make it one file.'
        : 'There is no initial_program.*: name the program that evolves initial_program.py (or with another ending).',
    );
  }
  const configPath = openEvolveConfigPath(files.paths);
  const config = configPath === undefined ? undefined : readOpenEvolveConfig(files.read(configPath) ?? '');
  if (configPath !== undefined && config?.ok === false) {
    problems.push(
      `${configPath} cannot be used, ${config.problem}. Correct it as OpenEvolve's documentation says.`,
    );
  }
  if (problems.length > 0 || candidate === undefined) return { problems };
  const found = config?.ok === true ? config.config : openEvolveDefaults;
  const stages = ['1', '2', '3'].filter((stage) => evaluator.includes(`evaluate_stage${stage}`));
  const { packages, notes: packageNotes } = packagesOf(files, evaluator, files.read(candidate) ?? '');
  const environment = packages.length === 0 ? undefined : { packages };
  const title = folderHeading(files);
  const description: FolderDescription = {
    format: 'openevolve',
    ...(title !== undefined && { title }),
    candidate,
    metric: { name: 'combined_score', goal: 'maximize' },
    ...(environment === undefined ? {} : { environment }),
    limits: limitsOf(found),
    statement: found.systemMessage ?? '',
    notes: [
      'combined_score is what the evaluator says; without it, the mean of its other numbers, as in OpenEvolve.',
      ...(stages.length > 0 && found.cascade
        ? [`The evaluator has stages: each may take limits.time. Thresholds: ${found.thresholds.join(', ')}.`]
        : []),
      ...(programs.length > 1 ? [`Other initial programs: ${programs.slice(1).join(', ')}.`] : []),
      ...(configPath === undefined
        ? [
            "There is no config.yaml: OpenEvolve's defaults count (300 s, stages where the evaluator has them).",
          ]
        : configPath === 'config.yaml'
          ? []
          : [`There is no config.yaml: ${configPath} is used.`]),
      ...(found.llmFeedback
        ? [
            'use_llm_feedback is not supported: no model judges programs, and combined_score stays what the evaluator says.',
          ]
        : []),
      ...(found.systemMessage === undefined
        ? ['config.yaml has no prompt.system_message: write the statement below.']
        : []),
      ...packageNotes,
    ],
  };
  return { description };
};

/** OpenEvolve is told the program by name; folders call it `initial_program.*` with few exceptions (`initial_prompt.txt`, `init_program.py`). */
function initialPrograms(files: FolderFiles): readonly string[] {
  const order = (path: string): number =>
    path === 'initial_program.py' ? 0 : path.startsWith('initial_program.') ? 1 : 2;
  return files.paths
    .filter((path) => /^init(ial)?(_\w+)?\.(?!(?:ya?ml|json|toml|md)$)[^./]+$/.test(path))
    .sort((a, b) => order(a) - order(b) || (a < b ? -1 : 1));
}

function limitsOf({ timeoutMs, memoryBytes, cpus }: OpenEvolveConfig): Partial<Limits> {
  return {
    timeMs: timeoutMs ?? openEvolveTimeoutMs,
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(cpus === undefined ? {} : { cpus }),
  };
}

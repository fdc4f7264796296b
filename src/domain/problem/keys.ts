import { evaluatorKeys } from './evaluatorKeys';
import type { KeySpec, ValueKind } from './keySpec';
import { limitKeys } from './limitKeys';
import { policyKeys } from './policyKeys';
import { sessionKeys } from './sessionKeys';
import { slurmKeys } from './slurmKeys';
import { executors } from './slurmSettings';

export type { KeySpec, ValueKind } from './keySpec';

export const metricKeys = [
  {
    name: 'name',
    required: true,
    value: { kind: 'name' },
    doc: "The metric's name, as the evaluator writes it under `metrics`.",
    example: 'score',
  },
  {
    name: 'goal',
    required: true,
    value: { kind: 'choice', choices: ['minimize', 'maximize'] },
    doc: 'Which direction is better.',
    example: 'minimize',
  },
  {
    name: 'unit',
    value: { kind: 'text' },
    doc: 'Shown behind values, for example `µs`.',
    example: 'µs',
    whenAbsent: 'no unit is shown',
  },
] as const satisfies readonly KeySpec[];

export const environmentKeys = [
  {
    name: 'python',
    value: { kind: 'pythonVersion' },
    doc: 'The Python version that the evaluator and the candidates need.',
    example: '">=3.11"',
    whenAbsent: "the host's `python3`",
  },
  {
    name: 'packages',
    value: { kind: 'packages' },
    doc: 'Python packages to install, as in a requirements file. The environment is made once for each set of packages.',
    example: '[numpy, scipy]',
    whenAbsent: 'none',
  },
  {
    name: 'preload',
    value: { kind: 'modules' },
    doc: 'Python modules that evaluations need imported. On a host with bubblewrap they are imported once a session, and each evaluation begins with a copy of that process: many times faster where importing takes long.',
    example: '[numpy, scipy.optimize]',
    whenAbsent: 'none: every evaluation starts Python anew',
  },
] as const satisfies readonly KeySpec[];

export const referenceKeys = [
  {
    name: 'label',
    required: true,
    value: { kind: 'text' },
    doc: 'Whose value it is; shown on the chart.',
    example: 'Best known',
  },
  {
    name: 'value',
    required: true,
    value: { kind: 'number', integer: false },
    doc: "The value, in the metric's own unit.",
    example: '1.0',
  },
  {
    name: 'url',
    value: { kind: 'url' },
    doc: 'Where it was published.',
    example: '"https://arxiv.org/abs/2601.16175"',
    whenAbsent: 'no link',
  },
] as const satisfies readonly KeySpec[];

export const problemKeys = [
  {
    name: 'title',
    value: { kind: 'text' },
    doc: "The problem's name.",
    example: 'My problem',
    whenAbsent: 'the first heading of the statement',
  },
  {
    name: 'candidate',
    required: true,
    value: { kind: 'path' },
    doc: 'The program that evolves, relative to this file. Its ending decides its language.',
    example: 'initial.py',
  },
  {
    name: 'evaluate',
    value: { kind: 'text' },
    doc: "The trusted evaluator: a command, run in a fresh copy of this file's folder. It reads the program at `$DISCOVER_CANDIDATE` and writes its result to `$DISCOVER_RESULT`.",
    example: 'python3 evaluate.py',
    whenAbsent: '`evaluator` says what scores the program',
  },
  {
    name: 'evaluator',
    value: { kind: 'keys', keys: evaluatorKeys },
    doc: 'In place of `evaluate`: a folder that was made for another tool, run by the rules of that tool.',
    example: '{ format: gpu-mode, folder: ../trimul }',
    whenAbsent: '`evaluate` says what scores the program',
  },
  {
    name: 'stopEarly',
    value: { kind: 'boolean' },
    doc: 'With `evaluate`: a candidate that is clearly worse than its parent on the cases so far is stopped, and its value estimated. The evaluator reports its cases while it runs, and the metric is their mean. The parent of each group is run once with the seed of the step.',
    example: 'true',
    whenAbsent: 'every case is run',
  },
  {
    name: 'raceParent',
    value: { kind: 'boolean' },
    doc: "With `evaluate`: the command gets the program of the candidate's parent (`$DISCOVER_INCUMBENT`) and what was recorded of it (`$DISCOVER_INCUMBENT_RESULT`), and may itself end early what is clearly worse, with an estimate of its value.",
    example: 'true',
    whenAbsent: 'the command gets nothing of the parent but its construction',
  },
  {
    name: 'metric',
    required: true,
    value: { kind: 'keys', keys: metricKeys },
    doc: 'The number that people care about, and which direction is better.',
    example: '{ name: score, goal: maximize }',
  },
  {
    name: 'reward',
    value: { kind: 'expression' },
    doc: 'What is maximised: arithmetic over metric names, with `+ - * / ^`, parentheses and `min max abs sqrt log log2 exp pow`.',
    example: '1 / score',
    whenAbsent: 'the metric, with its sign turned if it is minimised',
  },
  {
    name: 'environment',
    value: { kind: 'keys', keys: environmentKeys },
    doc: 'What the evaluator and the candidates need installed.',
    example: '{ packages: [numpy] }',
    whenAbsent: "the host's own Python",
  },
  {
    name: 'limits',
    value: { kind: 'keys', keys: limitKeys },
    doc: 'What one evaluation may use.',
    example: '{ time: 60s, memory: 2GiB }',
    whenAbsent: 'the default of each limit',
  },
  {
    name: 'executor',
    value: { kind: 'choice', choices: executors },
    doc: 'Where evaluations run: `local`, on the host of the session, or `slurm`, as jobs of its cluster.',
    example: 'slurm',
    whenAbsent: 'local',
  },
  {
    name: 'slurm',
    value: { kind: 'keys', keys: slurmKeys },
    doc: 'For `executor: slurm`: how the jobs are submitted. What each needs follows from `limits`.',
    example: '{ partition: gpu, account: my-project }',
    whenAbsent: "the cluster's defaults",
  },
  {
    name: 'references',
    value: { kind: 'listOfKeys', keys: referenceKeys },
    doc: "Values to compare with, in the metric's unit; drawn as lines on the chart.",
    example: '[{ label: Best known, value: 1.0 }]',
    whenAbsent: 'none',
  },
  {
    name: 'session',
    value: { kind: 'keys', keys: sessionKeys },
    doc: 'How a session runs unless its user chooses otherwise at the start.',
    example: '{ method: ttt-discover, steps: 50, groups: 8, groupSize: 64 }',
    whenAbsent: 'the default of each setting',
  },
  {
    name: 'policy',
    value: { kind: 'keys', keys: policyKeys },
    doc: 'The language model that proposes candidates: where it is, and how it is asked and trained.',
    example: '{ server: skyrl, model: openai/gpt-oss-20b }',
    whenAbsent: 'no model is used',
  },
] as const satisfies readonly KeySpec[];

/** The keys that may stand below `path` (`[]` is the top, list positions left out); none if it takes a plain value. */
export function keysBelow(path: readonly string[]): readonly KeySpec[] {
  let keys: readonly KeySpec[] = problemKeys;
  for (const name of path) {
    const value: ValueKind | undefined = keys.find((key) => key.name === name)?.value;
    if (value === undefined || !('keys' in value)) return [];
    keys = value.keys;
  }
  return keys;
}

/** The key at a path such as `['metric', 'goal']`, list positions left out. */
export function keyAt(path: readonly string[]): KeySpec | undefined {
  return keysBelow(path.slice(0, -1)).find((key) => key.name === path.at(-1));
}

import type { PahcerConfig, PahcerStep } from './pahcerConfig';

/** How `pahcer_config.toml` starts the program. */
export interface CandidateStep {
  /** As written. */
  readonly program: string;
  /** Without those that tell the seed: a program that knows it could make the input itself, with what an interactive contest hides. */
  readonly args: readonly string[];
  /** Relative to the folder of the file: where program and args are meant. */
  readonly currentDir: string;
  /** The official tester starts it. */
  readonly isReactive: boolean;
}

const cargoFlagsWithValue = new Set([
  '--bin',
  '--manifest-path',
  '--target-dir',
  '--profile',
  '--target',
  '-j',
  '--package',
  '-p',
]);

/** Undefined where the steps are none that we know; a note then says so. */
export function candidateStep({ testSteps }: PahcerConfig, notes: string[]): CandidateStep | undefined {
  if (testSteps.length === 0) return undefined;
  const commands = testSteps.map((step) => ({ step, tool: toolOf(step) }));
  const tester = commands.find(({ tool }) => tool?.name === 'tester' && tool.rest.length > 0);
  const [program, ...args] = tester?.tool?.rest ?? [];
  const isBatchTester = args.length > 0 && [program, ...args].every((arg) => arg?.includes('{SEED') === true);
  if (tester !== undefined && program !== undefined && !isBatchTester) {
    return withoutSeeds(
      { program, args, currentDir: tester.step.currentDir ?? '.', isReactive: true },
      notes,
    );
  }
  const own = commands.filter(({ tool }) => tool === undefined);
  const [first] = own;
  if (first !== undefined && own.length === 1) {
    const { step } = first;
    const found = {
      program: step.program,
      args: step.args,
      currentDir: step.currentDir ?? '.',
      isReactive: false,
    };
    return withoutSeeds(found, notes);
  }
  notes.push(
    'test.test_steps of pahcer_config.toml are not of the usual form: the program is run as its language is, and scored by the official tools.',
  );
  return undefined;
}

/** The official program that a step runs, and what it is given. */
function toolOf({
  program,
  args,
}: PahcerStep): { readonly name: string; readonly rest: readonly string[] } | undefined {
  const isCargo = /(?:^|\/)cargo$/.test(program);
  if (!isCargo) {
    const built = /(?:^|\/)target\/release\/([\w-]+)$/.exec(program)?.[1];
    return built === undefined || !['vis', 'score', 'tester', 'gen'].includes(built)
      ? undefined
      : { name: built, rest: args };
  }
  let name: string | undefined;
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    if (arg === '--') return { name: name ?? '', rest: args.slice(index + 1) };
    if (arg === '--bin') name = args[index + 1];
    else if (arg.startsWith('--bin=')) name = arg.slice('--bin='.length);
    if (cargoFlagsWithValue.has(arg)) index += 1;
    else if (arg !== 'run' && arg !== 'r' && !arg.startsWith('-'))
      return { name: name ?? '', rest: args.slice(index) };
  }
  return { name: name ?? '', rest: [] };
}

function withoutSeeds(step: CandidateStep, notes: string[]): CandidateStep {
  const args = step.args.filter((arg) => !arg.includes('{SEED'));
  if (args.length < step.args.length) {
    notes.push(
      'Arguments with {SEED} in pahcer_config.toml are left out: a program must not know which seed its input is of.',
    );
  }
  return { ...step, args };
}

import { randomInt } from 'node:crypto';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type * as z from 'zod';
import { kernelBenchReferences, referenceOf } from '../../domain/foreign/kernelBench';
import { keyedSeed } from '../../domain/keyedRandom';
import { hostPlaces } from '../../domain/problem/hostPlaces';
import type { ForeignEvaluator, Problem } from '../../domain/problem/problem';
import type {
  EvaluationMethod,
  EvaluationRun,
  NotScored,
  PreparationContext,
  Scored,
} from '../evaluationMethod';
import { EnvironmentError } from '../evaluator';
import { failed } from '../executionFailure';
import { takeGpusAlone } from '../leases/gpuTurn';
import { timedOnGpus } from '../leases/timedOnGpus';
import type { ExecutionReport } from '../executor';
import { freshFolder } from '../pythonDriver/freshFolder';
import { originalFolder, placeProgram, type OriginalFolder } from '../pythonDriver/placeProgram';
import { runDriver } from '../pythonDriver/runDriver';
import { candidateVerdict, judgeVerdict, type BenchFailure } from './benchVerdicts';
import { comparedTimes } from './comparedTimes';
import { kernelBenchDriver } from './kernelBenchDriver';

/** As KernelBench: five correctness trials and a hundred timed ones; three calls to warm up, for each seed. Twice the seeds in a strict look. */
const seedCount = 5;
const strictSeedCount = 10;
const trialsPerSeed = 20;
const warmUps = 3;
/** Of the problem's time, for the timed calls; the rest is for PyTorch to begin and for kernels to compile. */
const timedShare = 0.5;
/** Both allowed deviations, absolute and relative, as KernelBench has them for single precision. */
const tolerance = 1e-4;
const mostReferenceBytes = 1024 ** 2;

interface Prepared {
  readonly original: OriginalFolder;
  /** Relative to the foreign folder. */
  readonly reference: string;
  /** What the session begins with, if that is the reference itself, whose `Model` counts as long as it is unchanged. */
  readonly initialReference?: string;
}

/** KernelBench's protocol: `ModelNew` against `Model`, in processes of their own. See docs/formats/kernelbench.md. */
export function kernelBenchMethod(problem: Problem, _evaluator: ForeignEvaluator): EvaluationMethod {
  let prepared: Prepared | undefined;
  return {
    async prepare(context) {
      prepared = await prepareFrom(problem, context);
    },
    async score(run) {
      if (prepared === undefined) throw new Error('The evaluator has not been prepared.');
      if (problem.limits.gpus === 0) return scoreAgainst(run, problem, prepared);
      return scoreOnGpu(run, problem, prepared);
    },
  };
}

/** With the GPU alone, since others would disturb its times. */
async function scoreOnGpu(
  run: EvaluationRun,
  problem: Problem,
  prepared: Prepared,
): Promise<Scored | NotScored> {
  const turn = await takeGpusAlone(run.gpus, run.signal);
  run.onWaited(turn.waitedMs);
  try {
    const { result, metrics, words } = await timedOnGpus(run, {
      gpus: run.gpus,
      ownProcesses: 1,
      take: () => scoreAgainst(run, problem, prepared),
      isTimed: ({ kind }) => kind === 'scored',
      mayRepeat: () => true,
    });
    if (result === undefined) return { kind: 'failed', reason: 'could-not-start', message: words.join(' ') };
    if (result.kind === 'failed') return result;
    const feedback = [...(result.feedback === undefined ? [] : [result.feedback]), ...words].join('\n');
    return { ...result, metrics: { ...metrics, ...result.metrics }, feedback };
  } finally {
    await turn.giveBack();
  }
}

async function prepareFrom(problem: Problem, context: PreparationContext): Promise<Prepared> {
  const original = originalFolder(problem, context.folder);
  const texts = await pythonTexts(context.folder);
  const references = kernelBenchReferences({ paths: [...texts.keys()], read: (path) => texts.get(path) });
  if (references.length === 0) {
    throw new EnvironmentError(
      'The KernelBench folder has no file with a class Model and a function get_inputs.',
      'Name a folder with such files, for example KernelBench/level1, under evaluator.folder.',
    );
  }
  const places = hostPlaces(problem);
  const candidate = relative(places.folder ?? '.', places.candidate)
    .split(sep)
    .join('/');
  const reference = referenceOf(references, candidate);
  if (reference === undefined) {
    throw new EnvironmentError(
      `The folder has ${references.length} problems, and ${problem.candidate} is named after none of them, or after several.`,
      'Begin the name of the candidate with that of its problem, such as 19_ReLU_new.py for 19_ReLU.py.',
    );
  }
  if (candidate !== reference) return { original, reference };
  return { original, reference, initialReference: await readFile(original.initialProgram, 'utf8') };
}

/** Texts of the Python files, by path; not of those that are too large to be a problem, nor deeper than level1/NAME.py in a checkout. */
async function pythonTexts(folder: string): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const absolute = join(entry.parentPath, entry.name);
    const path = relative(folder, absolute).split(sep).join('/');
    if (!entry.isFile() || !path.endsWith('.py') || path.split('/').length > 3) continue;
    if ((await stat(absolute)).size <= mostReferenceBytes) texts.set(path, await readFile(absolute, 'utf8'));
  }
  return texts;
}

async function scoreAgainst(
  run: EvaluationRun,
  problem: Problem,
  { original, reference, initialReference }: Prepared,
): Promise<Scored | NotScored> {
  const { limits } = problem;
  const { request, work } = run;
  const samples = await freshFolder(work, 'samples');
  const seeds = request.strict === true ? strictSeedCount : seedCount;
  const numbers = Array.from({ length: seeds }, (_, index) => index);
  const order = {
    folder: run.folder,
    reference: join(run.folder, reference),
    samples,
    gpus: limits.gpus,
    seeds: numbers.map((index) => [0, 1].map((set) => keyedSeed(request.seed, 'inputs', index, set))),
    weights: keyedSeed(request.seed, 'weights'),
    // Unknown to the candidate: which values are compared, and which inputs a call gets.
    offsets: numbers.map(() => randomInt(2 ** 31)),
    picks: numbers.map(() => randomInt(2 ** 31)),
    trials: trialsPerSeed,
    warmUps,
    tolerance,
    secondsPerSeed: ((limits.timeMs / 1000) * timedShare) / seeds,
  };
  const program = await placeProgram(run, original);
  const candidate = await runRole(run, problem, candidateVerdict, {
    ...order,
    role: 'candidate',
    program,
    isReference: request.candidateText === initialReference,
  });
  if (candidate.kind === 'failed') return candidate.failure;
  const measured = candidate.verdict;
  if (measured.kind !== 'measured') return failureOf(measured, 'The program', candidate.report);
  if (measured.seeds.length !== seeds) {
    return failed('bad-result', 'The program was not measured with every seed.', candidate.report);
  }
  // A folder afresh, and a home that no candidate has seen.
  await placeProgram(run, original);
  const home = await freshFolder(work, 'judge');
  await mkdir(join(home, 'tmp'));
  const judge = await runRole(
    run,
    problem,
    judgeVerdict,
    { ...order, role: 'judge', candidate: measured.seeds },
    { HOME: home, TMPDIR: join(home, 'tmp') },
  );
  if (judge.kind === 'failed') return ofReference(judge.failure);
  const judged = judge.verdict;
  if (judged.kind !== 'judged') return failureOf(judged, 'The reference', judge.report);
  const outcome = comparedTimes(measured, judged);
  for (const result of outcome.cases ?? []) run.onCase(result);
  return outcome;
}

function runRole<Verdict>(
  run: EvaluationRun,
  problem: Problem,
  verdict: z.ZodType<Verdict>,
  order: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string>> = {},
) {
  return runDriver(run, { program: kernelBenchDriver, order, verdict, env, limits: problem.limits });
}

/** The judge runs nothing of the candidate: what ends it is the reference's doing, or too tight a limit. */
function ofReference(failure: NotScored): NotScored {
  return { ...failure, message: `While the reference ran: ${failure.message}` };
}

function failureOf(failure: BenchFailure, who: string, report: ExecutionReport): NotScored {
  switch (failure.kind) {
    case 'unavailable': {
      const missing = failure.error.missing ?? 'torch';
      return failed(
        'could-not-start',
        `KernelBench needs PyTorch, and ${missing} cannot be imported here: add torch to environment.packages of the problem file.`,
        report,
      );
    }
    case 'no-gpu':
      return failed(
        'could-not-start',
        'limits.gpus asks for a GPU, and PyTorch finds none here. Choose a host with one (nvidia-smi tells), or set limits.gpus to 0.',
        report,
      );
    case 'bad-reference':
      return failed(
        'could-not-start',
        `The reference cannot be loaded: ${failure.error.text}.${adviceOn(failure.error.missing)}`,
        report,
      );
    case 'wrong':
      return failed('invalid', `${who} is no solution: ${failure.message}.`, report);
    case 'raised':
      return failed(
        'crashed',
        `${who} raised ${failure.error.text}.${adviceOn(failure.error.missing)}`,
        report,
      );
  }
}

function adviceOn(missing: string | null): string {
  return missing === null ? '' : ` If the problem needs ${missing}, add its package to environment.packages.`;
}

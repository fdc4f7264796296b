import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { submissionName } from '../../domain/foreign/gpuModeTask';
import type { Limits, TaskDevice } from '../../domain/problem/problem';
import type { CaseResult } from '../../domain/session/outcome';
import type { EvaluationRun } from '../evaluationMethod';
import type { ExecutionReport } from '../executor';
import { programName } from './compileCuda';
import { judgeStage, type StageJudgement } from './judgeStage';
import type { LoadedTask } from './loadTask';
import { profileProgram } from './python/profileProgram';
import { caseResultOf, measuredLastAlone, skipped, stageCaseResults, verdictIndex } from './stageCases';
import { makeStageFolder } from './stageFolder';
import { specText, type Stage } from './stages';
import { createVerdictStream } from './verdictStream';

export interface StageRun {
  readonly judgement: StageJudgement;
  /** All of the stage, whatever became of it. */
  readonly cases: readonly CaseResult[];
  readonly durationMs: number;
  /** The verdict was of the last case alone, whatever was asked. */
  readonly measuredLastAlone: boolean;
}

export interface StageContext {
  readonly run: EvaluationRun;
  readonly loaded: LoadedTask;
  readonly device: TaskDevice;
  /** Of a task in CUDA C++. */
  readonly compiled: Buffer | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** Of the problem, with the time that is left. */
  readonly limits: Limits;
}

/** The descriptor that the executor opens for the command. */
const verdictDescriptor = '3';

/** Runs the evaluator once, in a fresh folder, and tells of cases as they come. `number` is of the stage in its evaluation. */
export async function runStage(stage: Stage, number: number, context: StageContext): Promise<StageRun> {
  const { run, loaded, compiled } = context;
  const name = `${stage.name}-${number}`;
  const folder = join(run.work.path, name);
  const spec = join(run.work.path, `${name}.cases`);
  await writeFile(spec, specText(stage.cases), { flag: 'wx' });
  if (compiled === undefined) {
    await makeStageFolder(folder, loaded, run.request.candidateText);
  } else {
    // Without its sources: a program cannot read there what it is compared with.
    await mkdir(folder);
    await writeFile(join(folder, programName), compiled);
    await chmod(join(folder, programName), 0o755);
  }
  const argv = await commandOf(stage, spec, context);
  const limits = { ...context.limits, timeMs: Math.min(stage.timeoutMs, context.limits.timeMs) };

  const told = new Set<string>();
  const tell = (result: CaseResult | undefined): void => {
    if (result === undefined || told.has(result.name)) return;
    told.add(result.name);
    run.onCase(result);
  };
  const stream = createVerdictStream((kind, index, fields, values) => {
    const one = stage.cases.find((_, position) => verdictIndex(stage, values, position) === index);
    if (kind === stage.kind && one !== undefined) tell(caseResultOf(stage, one, fields));
  });
  const report = await run.execute({
    argv,
    cwd: folder,
    env: { ...context.env, POPCORN_FD: verdictDescriptor },
    limits,
    onDescriptor3: (chunk) => stream.push(chunk),
  });
  const verdict = stream.end();
  const own = (text: string): string => text.replaceAll(`${folder}/`, '');
  const cases = stageCaseResults(stage, verdict);
  cases.forEach(tell);
  const output = own(report.output);
  const isEnough =
    context.device === 'cpu' && stage.kind === 'test' && ranOutOfTime(report) && passedSoFar(cases);
  const judgement: StageJudgement = isEnough
    ? { kind: 'passed', times: [] }
    : judgeStage(stage, loaded.task, verdict, { ...report, output }, limits);
  return {
    judgement: judgement.kind === 'passed' ? judgement : { ...judgement, message: own(judgement.message) },
    cases,
    durationMs: report.durationMs,
    measuredLastAlone: measuredLastAlone(stage, verdict.values),
  };
}

function ranOutOfTime({ end }: ExecutionReport): boolean {
  return end.kind === 'limit' && end.limit === 'time';
}

/** Something passed, and nothing failed. */
function passedSoFar(cases: readonly CaseResult[]): boolean {
  const verdicts = new Set(cases.map(({ verdict }) => verdict));
  return verdicts.has('passed') && !verdicts.has('failed');
}

/** The cases of a stage that was not reached. */
export function skippedCases(stage: Stage): readonly CaseResult[] {
  return stage.cases.map((one) => skipped(stage, one));
}

async function commandOf(
  stage: Stage,
  spec: string,
  { run, loaded: { task, texts } }: StageContext,
): Promise<[string, ...string[]]> {
  if (stage.name === 'profile') {
    const program = join(run.work.path, 'profile_case.py');
    await writeFile(program, profileProgram);
    const reference = texts.find(({ text }) => /^def generate_input\b/m.test(text))?.name ?? 'reference.py';
    return ['python3', program, moduleOf(submissionName(task)), moduleOf(reference), spec];
  }
  if (task.program.kind === 'cu') return [`./${programName}`, stage.name, spec];
  return ['python3', task.program.main, stage.name, spec];
}

function moduleOf(name: string): string {
  return posix.normalize(name).replace(/\.py$/, '').replaceAll('/', '.');
}

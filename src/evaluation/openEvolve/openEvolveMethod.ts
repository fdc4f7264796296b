import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openEvolveEvaluator } from '../../domain/foreign/openEvolve';
import {
  openEvolveConfigPath,
  openEvolveDefaults,
  readOpenEvolveConfig,
  type OpenEvolveConfig,
} from '../../domain/foreign/openEvolveConfig';
import type { ForeignEvaluator, Limits, Problem } from '../../domain/problem/problem';
import type { CaseResult } from '../../domain/session/outcome';
import type { EvaluationMethod, EvaluationRun, NotScored, Scored } from '../evaluationMethod';
import { EnvironmentError } from '../evaluator';
import { failed } from '../executionFailure';
import type { ExecutionReport } from '../executor';
import { errorCode } from '../fileErrors';
import { originalFolder, placeProgram, type OriginalFolder } from '../pythonDriver/placeProgram';
import { runDriver } from '../pythonDriver/runDriver';
import { hasPackage, placeStandIns } from '../pythonDriver/standIns';
import { openEvolveDriver, openEvolveStandIns, stageVerdict } from './openEvolveDriver';
import { mergedMetrics, passesThreshold, type Metrics } from './openEvolveScores';
import { artifactsOf, metricsOf, scoredBy, type Gathered } from './openEvolveResult';

interface Prepared {
  readonly config: OpenEvolveConfig;
  readonly original: OriginalFolder;
  readonly needsStandIns: boolean;
}

/** OpenEvolve's protocol: `evaluate(program_path)`, or its stages one by one, each in a process of its own. See docs/formats/openevolve.md. */
export function openEvolveMethod(problem: Problem, _evaluator: ForeignEvaluator): EvaluationMethod {
  let prepared: Prepared | undefined;
  return {
    async prepare(context) {
      prepared = {
        config: await readConfig(context.folder),
        original: originalFolder(problem, context.folder),
        needsStandIns: !(await hasPackage(context, 'openevolve')),
      };
    },
    async score(run) {
      if (prepared === undefined) throw new Error('The evaluator has not been prepared.');
      return scoreInStages(run, prepared, problem.limits);
    },
  };
}

async function readConfig(folder: string): Promise<OpenEvolveConfig> {
  const names = await namesIn(folder);
  if (!names.includes(openEvolveEvaluator)) {
    const advice = 'Name the folder that holds evaluator.py under evaluator.folder.';
    throw new EnvironmentError('The OpenEvolve folder has no evaluator.py.', advice);
  }
  const path = openEvolveConfigPath(names);
  if (path === undefined) return openEvolveDefaults;
  const read = readOpenEvolveConfig(await readFile(join(folder, path), 'utf8'));
  if (read.ok) return read.config;
  throw new EnvironmentError(`${path} cannot be used, ${read.problem}.`, 'Correct it, then begin again.');
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'ENOTDIR') throw error;
    return [];
  }
}

async function scoreInStages(
  run: EvaluationRun,
  prepared: Prepared,
  limits: Limits,
): Promise<Scored | NotScored> {
  const { config } = prepared;
  const gathered: Gathered = { metrics: new Map(), texts: new Map(), files: new Map() };
  const cases: CaseResult[] = [];
  let functions: readonly string[] = config.cascade ? ['evaluate_stage1', 'evaluate'] : ['evaluate'];
  for (let stage = 1; ; stage += 1) {
    const end = await runStage(run, prepared, limits, functions);
    const isStage = end.function?.startsWith('evaluate_stage') ?? stage > 1;
    if (end.kind === 'failed') {
      if (isStage)
        tell(run, cases, { name: `stage ${stage}`, verdict: 'failed', message: end.failure.message });
      return { ...end.failure, ...(cases.length === 0 ? {} : { cases }) };
    }
    gathered.metrics = stage === 1 ? end.metrics : mergedMetrics(gathered.metrics, end.metrics);
    gathered.texts = new Map([...gathered.texts, ...end.texts]);
    gathered.files = new Map([...gathered.files, ...end.files]);
    const next = `evaluate_stage${stage + 1}`;
    const threshold = config.thresholds[stage - 1];
    const hasNext = isStage && stage < 3 && end.has.includes(next);
    const passes = threshold !== undefined && passesThreshold(gathered.metrics, threshold);
    if (isStage) tell(run, cases, stageCase(stage, end.metrics, hasNext && !passes ? threshold : undefined));
    if (!hasNext || !passes) return scoredBy(run, gathered, config, cases, end.report);
    functions = [next];
  }
}

function stageCase(stage: number, metrics: Metrics, missedThreshold: number | undefined): CaseResult {
  const value = metrics.get('combined_score');
  return {
    name: `stage ${stage}`,
    verdict: 'passed',
    ...(typeof value === 'number' && Number.isFinite(value) ? { value } : {}),
    ...(missedThreshold === undefined
      ? {}
      : { message: `Below the threshold of ${missedThreshold}: the next stage was not run.` }),
  };
}

function tell(run: EvaluationRun, cases: CaseResult[], result: CaseResult): void {
  cases.push(result);
  run.onCase(result);
}

type StageEnd =
  | { readonly kind: 'failed'; readonly failure: NotScored; readonly function?: string | undefined }
  | {
      readonly kind: 'result';
      readonly function: string;
      readonly has: readonly string[];
      readonly metrics: Metrics;
      readonly texts: ReadonlyMap<string, string>;
      readonly files: ReadonlyMap<string, Buffer>;
      readonly report: ExecutionReport;
    };

async function runStage(
  run: EvaluationRun,
  { original, config, needsStandIns }: Prepared,
  limits: Limits,
  functions: readonly string[],
): Promise<StageEnd> {
  const program = await placeProgram(run, original);
  const env = needsStandIns ? await placeStandIns(run, openEvolveStandIns) : {};
  // Of the folder and of the problem, the shorter time counts.
  const timeMs = Math.min(limits.timeMs, config.timeoutMs ?? Infinity);
  const ended = await runDriver(run, {
    program: openEvolveDriver,
    order: { evaluator: join(run.folder, openEvolveEvaluator), folder: run.folder, program, functions },
    verdict: stageVerdict,
    env: {
      ...env,
      DISCOVER_CANDIDATE: program,
      DISCOVER_TIME_LIMIT: String(timeMs / 1000),
      ENABLE_ARTIFACTS: String(config.artifacts),
    },
    limits: { ...limits, timeMs },
  });
  if (ended.kind === 'failed')
    return { ...ended, function: functions.length === 1 ? functions[0] : undefined };
  const { verdict, report } = ended;
  const fail = (reason: NotScored['reason'], message: string): StageEnd => ({
    kind: 'failed',
    failure: failed(reason, message, report),
    function: 'function' in verdict ? verdict.function : undefined,
  });
  switch (verdict.kind) {
    case 'unloadable': {
      const { missing, text } = verdict.error;
      const advice =
        missing === null
          ? ''
          : missing.startsWith('openevolve')
            ? ' Of OpenEvolve itself only EvaluationResult is there: add openevolve to environment.packages.'
            : ` Add the package that has ${missing} to environment.packages of the problem file.`;
      return fail('could-not-start', `evaluator.py cannot be loaded: ${text}.${advice}`);
    }
    case 'raised':
      return fail('crashed', `${verdict.function} raised ${verdict.error.text}`);
    case 'odd':
      return fail(
        'bad-result',
        `${verdict.function} returned ${verdict.type}; it must return a dictionary of metrics or an EvaluationResult.`,
      );
    case 'result':
      return { ...verdict, kind: 'result', metrics: metricsOf(verdict), ...artifactsOf(verdict), report };
  }
}

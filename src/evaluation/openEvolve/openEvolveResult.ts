import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OpenEvolveConfig } from '../../domain/foreign/openEvolveConfig';
import type { CaseResult } from '../../domain/session/outcome';
import type { EvaluationRun, NotScored, Scored } from '../evaluationMethod';
import { failed } from '../executionFailure';
import type { ExecutionReport } from '../executor';
import { notFiniteWord } from '../jsonText';
import { freshFolder } from '../pythonDriver/freshFolder';
import type { StageResult } from './openEvolveDriver';
import { feedbackOf } from './openEvolveFeedback';
import { combinedScore, fitnessOf, type Metrics } from './openEvolveScores';

const mostFiles = 64;

/** What the stages have said so far. */
export interface Gathered {
  metrics: Metrics;
  texts: ReadonlyMap<string, string>;
  files: ReadonlyMap<string, Buffer>;
}

export function metricsOf({ metrics }: StageResult): Metrics {
  return new Map(
    Object.entries(metrics).map(([name, value]) => {
      const word = notFiniteWord(value);
      return [name, word === undefined ? value : Number(word)];
    }),
  );
}

/** Artifacts that are text, for the prompt, and those that are not, which are kept as files. */
export function artifactsOf({ artifacts }: StageResult): Pick<Gathered, 'texts' | 'files'> {
  const entries = Object.entries(artifacts);
  return {
    texts: new Map(
      entries.flatMap(([name, value]) => ('text' in value ? [[name, withoutMark(value.text)] as const] : [])),
    ),
    files: new Map(
      entries.flatMap(([name, value]) =>
        'base64' in value ? [[name, Buffer.from(value.base64, 'base64')] as const] : [],
      ),
    ),
  };
}

/** A text cannot stand for a number that is not finite. */
function withoutMark(text: string): string {
  return notFiniteWord(text) ?? text;
}

/** The outcome of all stages that were run, in the terms of OpenEvolve's database. */
export async function scoredBy(
  run: EvaluationRun,
  { metrics, texts, files }: Gathered,
  config: OpenEvolveConfig,
  cases: readonly CaseResult[],
  report: ExecutionReport,
): Promise<Scored | NotScored> {
  const rest = cases.length === 0 ? {} : { cases };
  const feedback = feedbackOf(metrics, config.artifacts ? texts : new Map(), config.mostArtifactCharacters);
  // What the evaluator tells of a failure stands behind what was printed.
  const told = { ...report, output: [report.output.trimEnd(), feedback ?? ''].join('\n\n').trim() };
  const fail = (reason: NotScored['reason'], message: string): NotScored => ({
    ...failed(reason, message, told),
    ...rest,
  });
  const fitness = fitnessOf(metrics, config.featureDimensions);
  const error = words(metrics.get('error')) ?? words(texts.get('error'));
  const onlyError = [...metrics].every(([name, value]) => name === 'error' || typeof value !== 'number');
  if (fitness === undefined || (onlyError && !metrics.has(combinedScore))) {
    return fail('invalid', error ?? 'The evaluator gave no number but for an error.');
  }
  // So evaluators say that a program failed: OpenEvolve keeps such programs with the fitness 0.
  if (fitness === 0 && error !== undefined) return fail('invalid', error);
  if (!Number.isFinite(fitness)) {
    return fail('not-finite', `combined_score is ${fitness}, not a finite number.`);
  }
  const numbers = [...metrics].flatMap(([name, value]) =>
    (typeof value === 'number' && Number.isFinite(value)) || typeof value === 'boolean'
      ? [[name, Number(value)] as const]
      : [],
  );
  const artifacts = await writtenFiles(run, config.artifacts ? files : new Map());
  return {
    kind: 'scored',
    metrics: { ...Object.fromEntries(numbers), [combinedScore]: fitness },
    ...(feedback === undefined ? {} : { feedback }),
    ...(Object.keys(artifacts).length === 0 ? {} : { artifacts }),
    ...rest,
  };
}

/** Words that are no number: an artifact `error` may also hold a deviation. */
function words(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  return Number.isNaN(Number(value)) ? value.trim().slice(0, 4000) : undefined;
}

async function writtenFiles(
  run: EvaluationRun,
  files: ReadonlyMap<string, Buffer>,
): Promise<Record<string, string>> {
  const paths: Record<string, string> = {};
  if (files.size === 0) return paths;
  const folder = await freshFolder(run.work, 'artifacts');
  for (const [index, [name, bytes]] of [...files].slice(0, mostFiles).entries()) {
    paths[name] = join(folder, String(index));
    await writeFile(join(folder, String(index)), bytes);
  }
  return paths;
}

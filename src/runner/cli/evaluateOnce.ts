import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ulid } from 'ulid';
import type { Problem } from '../../domain/problem/problem';
import type { CaseResult, EvaluationOutcome } from '../../domain/session/outcome';
import type { EvaluationReport } from '../../evaluation/evaluator';
import { notIsolatedWarning } from '../../evaluation/sandbox/isolation';
import { exitCodes } from '../../protocol/hostCommands';
import type { EvaluateSpec } from '../../protocol/measureSpec';
import { makePrivateFolder } from '../host/privateFiles';
import { problemOfSpec } from '../host/readProblem';
import { sessionEvaluator } from '../host/sessionEvaluator';
import { sessionFolder, writeProblemFiles } from '../host/sessionFolder';
import { BlobError, createBlobStore } from '../journal/blobStore';
import type { CommandCall } from './command';
import { CommandError } from './commandError';
import { valueText } from './progressView';

export type EvaluationInput = Pick<
  EvaluateSpec,
  'displayPath' | 'problemFile' | 'files' | 'candidateText' | 'overrides' | 'startFrom'
>;

/** One run of the candidate. */
export type EvaluateOnce = (options: {
  /** In the candidate's place. */
  readonly text?: string;
  readonly seed: number;
  readonly strict?: boolean;
  readonly officialCases?: boolean;
  readonly onCase?: (result: CaseResult) => void;
}) => Promise<EvaluationReport>;

/**
 * Prepares the problem of an input apart from every session, lets `use` run its candidate, and removes all that it made. Ends with a
 * `CommandError` when the process is told to end.
 */
export async function withEvaluator(
  { root, bundlePath, output }: CommandCall,
  input: EvaluationInput,
  use: (problem: Problem, evaluateOnce: EvaluateOnce, initialText: string) => Promise<number>,
): Promise<number> {
  const cancelling = new AbortController();
  const cancel = (): void => {
    cancelling.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, cancel);
  // Nobody reads any more: the connection of the editor is gone.
  process.stdout.once('error', cancel);
  const { problem, initialText, warnings } = problemOfSpec(input);
  for (const warning of warnings) output.note(warning);
  const start = await parentStateOf(root, input);
  const name = ulid();
  const folder = join(root, 'evaluations', name);
  makePrivateFolder(folder);
  try {
    writeProblemFiles(join(folder, 'problem'), input.files);
    makePrivateFolder(join(folder, 'blobs'));
    const blobs = createBlobStore(join(folder, 'blobs'));
    const evaluator = sessionEvaluator({
      problem,
      problemPath: join(folder, 'problem', input.problemFile),
      folder,
      sessionId: name,
      root,
      bundlePath,
      isolation: input.overrides.isolation ?? 'auto',
      storeBlob: (bytes) => blobs.write(bytes),
      concurrency: 1,
      log: (message) => output.note(message),
    });
    try {
      const onProgress = (message: string): void => {
        output.reply({ kind: 'progress', message });
        output.note(message);
      };
      const { isolation } = await evaluator.prepare(onProgress, cancelling.signal);
      if (isolation === 'none') output.note(notIsolatedWarning.message);
      const candidateText = input.candidateText ?? initialText;
      let runs = 0;
      const evaluateOnce: EvaluateOnce = ({ text = candidateText, ...options }) =>
        evaluator.evaluate(
          { id: `evaluate${(runs += 1)}`, candidateText: text, ...start, ...options },
          cancelling.signal,
        );
      return await use(problem, evaluateOnce, initialText);
    } finally {
      await evaluator.dispose();
    }
  } catch (error) {
    if (cancelling.signal.aborted)
      throw new CommandError('interrupted', exitCodes.interrupted, 'Interrupted.');
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The construction that programs go on from, out of the files of a session. */
async function parentStateOf(
  root: string,
  { startFrom }: EvaluationInput,
): Promise<{ readonly parentState?: string }> {
  if (startFrom === undefined) return {};
  const { statesPath } = sessionFolder(root, startFrom.sessionId);
  try {
    return { parentState: await createBlobStore(statesPath).readText(startFrom.sha256) };
  } catch (error) {
    if (!(error instanceof BlobError)) throw error;
    throw new CommandError(
      'no-such-state',
      exitCodes.notFound,
      `The construction that the program goes on from is not on this host any more. ${error.message}`,
      'Without it the value would be another one. Where that is wanted, remove the session from the list of the editor.',
    );
  }
}

/** What people read of one run. */
export function outcomeLines(
  outcome: EvaluationOutcome,
  metric: { readonly name: string; readonly unit?: string },
  durationMs: number,
): readonly string[] {
  const seconds = `${(durationMs / 1000).toFixed(2)} s`;
  if (outcome.kind === 'failed') {
    const tail = outcome.outputTail?.trimEnd() ?? '';
    return [
      `failed (${outcome.reason}) after ${seconds}: ${outcome.message}`,
      ...(tail === '' ? [] : [tail]),
    ];
  }
  const others = Object.entries(outcome.metrics).filter(([name]) => name !== metric.name);
  return [
    `${metric.name} ${valueText(outcome.value, metric.unit)}  (reward ${valueText(outcome.reward, undefined)}, ${seconds})`,
    ...others.map(([name, value]) => `${name} ${valueText(value, undefined)}`),
    ...(outcome.feedback === undefined ? [] : [outcome.feedback.trimEnd()]),
  ];
}

/** One line of a case: `passed  seed 17  1234 points`. */
export function caseText({ name, verdict, value, unit, message }: CaseResult): string {
  return [
    verdict.padEnd(7),
    name,
    value === undefined ? undefined : valueText(value, unit),
    message?.replace(/\s+/g, ' ').trim(),
  ]
    .filter((part) => part !== undefined && part !== '')
    .join('  ');
}

import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ulid } from 'ulid';
import { createLocalExecutor } from '../../../evaluation/localExecutor';
import { createEvaluator } from '../../../evaluation/createEvaluator';
import type { EvaluationOutcome } from '../../../domain/session/outcome';
import { exitCodes } from '../../../protocol/hostCommands';
import { evaluateSpec, type EvaluateSpec } from '../../../protocol/sessionSpec';
import { collectProblem } from '../../host/collectProblem';
import { makePrivateFolder } from '../../host/privateFiles';
import { problemOfSpec } from '../../host/readProblem';
import { writeProblemFiles } from '../../host/sessionFolder';
import { errorCode } from '../../journal/diskFullError';
import { createBlobStore } from '../../journal/blobStore';
import type { Command, CommandCall } from '../command';
import { CommandError, usageError } from '../commandError';
import { valueText } from '../progressView';
import { readSpecInput } from '../specInput';
import { seed } from '../values';

type Input = Pick<EvaluateSpec, 'displayPath' | 'problemFile' | 'files' | 'candidateText'>;

export const evaluateCommand: Command = {
  name: 'evaluate',
  arguments: 'PROBLEM [CANDIDATE]',
  summary: 'Score one program: CANDIDATE, or the initial one of the problem',
  mostPositionals: 2,
  options: {
    seed: { type: 'string', value: 'N', help: 'Seed for the evaluator (default: 0)' },
    spec: { type: 'string', value: '-', help: 'The files come on standard input, from an editor' },
  },
  async run(call) {
    const input = await readInput(call);
    const cancelling = new AbortController();
    const cancel = (): void => {
      cancelling.abort();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, cancel);
    try {
      return await evaluate(call, input, seed(call.values['seed']) ?? 0, cancelling.signal);
    } catch (error) {
      if (cancelling.signal.aborted)
        throw new CommandError('interrupted', exitCodes.interrupted, 'Interrupted.');
      throw error;
    }
  },
};

async function readInput({ values, positionals }: CommandCall): Promise<Input> {
  const from = values['spec'];
  if (from !== undefined) return readSpecInput(from, evaluateSpec);
  const [problemPath, candidatePath] = positionals;
  if (problemPath === undefined)
    throw usageError('Which problem? Name a .discover file or its folder.', 'evaluate');
  const collected = collectProblem(problemPath);
  return candidatePath === undefined
    ? collected
    : { ...collected, candidateText: readCandidate(candidatePath) };
}

function readCandidate(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'ENOENT' && code !== 'EISDIR' && code !== 'EACCES') throw error;
    throw usageError(`${path} cannot be read (${code}).`, 'evaluate');
  }
}

async function evaluate(
  call: CommandCall,
  input: Input,
  seedOfRun: number,
  signal: AbortSignal,
): Promise<number> {
  const { root, output } = call;
  const { problem, initialText, warnings } = problemOfSpec(input);
  for (const warning of warnings) output.note(warning);
  const folder = join(root, 'evaluations', ulid());
  makePrivateFolder(folder);
  try {
    writeProblemFiles(join(folder, 'problem'), input.files);
    makePrivateFolder(join(folder, 'blobs'));
    const blobs = createBlobStore(join(folder, 'blobs'));
    const evaluator = createEvaluator({
      problem,
      problemFolder: join(folder, 'problem', dirname(input.problemFile)),
      workRoot: join(folder, 'work'),
      root,
      executor: createLocalExecutor(),
      storeBlob: (bytes) => blobs.write(bytes),
      concurrency: 1,
    });
    try {
      const onProgress = (message: string): void => {
        output.reply({ kind: 'progress', message });
        output.note(message);
      };
      await evaluator.prepare(onProgress, signal);
      const candidateText = input.candidateText ?? initialText;
      const request = { id: 'evaluate', candidateText, seed: seedOfRun };
      const { outcome, durationMs } = await evaluator.evaluate(request, signal);
      output.reply({ kind: 'evaluation', outcome, durationMs });
      for (const line of outcomeLines(outcome, problem.metric, durationMs)) output.line(line);
      return outcome.kind === 'valid' ? exitCodes.ok : exitCodes.noResult;
    } finally {
      await evaluator.dispose();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function outcomeLines(
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

import { randomInt } from 'node:crypto';
import { keyedSeed } from '../../../domain/keyedRandom';
import { quantile } from '../../../domain/session/stepStatistics';
import type { Problem } from '../../../domain/problem/problem';
import { exitCodes, type VerifyReply } from '../../../protocol/hostCommands';
import { verdictOf } from '../../loop/verifyBest';
import type { Command } from '../command';
import { outcomeLines, withEvaluator } from '../evaluateOnce';
import { isolationOptionSpec } from '../sessionSettings';
import { readEvaluationInput } from '../evaluationInput';
import { valueText } from '../progressView';
import { seed, wholeNumber } from '../values';

const defaultRuns = 3;
const seedBound = 2 ** 32;

export const verifyCommand: Command = {
  name: 'verify',
  arguments: 'PROBLEM [CANDIDATE]',
  summary: 'Score one program again from scratch with seeds of its own and the stricter check',
  mostPositionals: 2,
  options: {
    runs: { type: 'string', value: 'N', help: `How often (default: ${defaultRuns})` },
    seed: {
      type: 'string',
      value: 'N',
      help: 'Repeat an earlier verification (default: seeds nobody knows)',
    },
    isolation: isolationOptionSpec,
    spec: { type: 'string', value: '-', help: 'The files come on standard input, from an editor' },
  },
  async run(call) {
    const { output, values } = call;
    const input = await readEvaluationInput(call, 'verify');
    const count = wholeNumber(values['runs'], '--runs', 1) ?? defaultRuns;
    const first = seed(values['seed']) ?? randomInt(seedBound);
    output.note(`The seeds come from --seed ${first}.`);
    return withEvaluator(call, input, async (problem, evaluateOnce) => {
      const runs: VerifyReply['runs'] = [];
      for (let run = 0; run < count; run += 1) {
        const seedOfRun = keyedSeed(first, 'verification', run);
        const { outcome, durationMs } = await evaluateOnce({ seed: seedOfRun, strict: true });
        runs.push({ seed: seedOfRun, outcome, durationMs });
        const message = `run ${run + 1} of ${count}, seed ${seedOfRun}:`;
        output.reply({ kind: 'progress', message: `${message} ${outcome.kind}` });
        const [head = '', ...rest] = outcomeLines(outcome, problem.metric, durationMs);
        output.line(`${message} ${head}`);
        if (outcome.kind === 'failed') for (const line of rest) output.line(line);
      }
      const verdict = verdictOfRuns(runs);
      output.reply({ kind: 'verification', verdict, runs });
      output.line(summary(problem, verdict, runs));
      return verdict === 'confirmed' ? exitCodes.ok : exitCodes.noResult;
    });
  },
};

function verdictOfRuns(runs: VerifyReply['runs']): VerifyReply['verdict'] {
  const verdicts = runs.map(({ outcome }) => verdictOf(outcome));
  if (verdicts.includes('refuted')) return 'refuted';
  return verdicts.includes('unclear') ? 'unclear' : 'confirmed';
}

function summary({ metric }: Problem, verdict: VerifyReply['verdict'], runs: VerifyReply['runs']): string {
  const values = runs
    .flatMap(({ outcome }) => (outcome.kind === 'valid' ? [outcome.value] : []))
    .sort((a, b) => a - b);
  const valid = `${values.length} of ${runs.length} runs valid`;
  const [least, most] = [values[0], values.at(-1)];
  if (least === undefined || most === undefined) return `${verdict}: ${valid}`;
  const word = (value: number): string => valueText(value, metric.unit);
  const spread = least === most ? '' : `, from ${word(least)} to ${word(most)}`;
  return `${verdict}: ${valid}; ${metric.name} ${word(quantile(values, 0.5))} in the median${spread}`;
}

import { randomInt } from 'node:crypto';
import { keyedSeed } from '../../../domain/keyedRandom';
import type { Metric } from '../../../domain/problem/problem';
import {
  compareRounds,
  isSettled,
  usualErrorRate,
  type Comparison,
} from '../../../domain/verification/comparison';
import {
  firstOfRound,
  type ComparisonRound,
  type ComparisonRun,
} from '../../../domain/verification/comparisonRound';
import { comparisonTable } from '../../../domain/verification/comparisonTable';
import { comparisonSentence, type Labels } from '../../../domain/verification/comparisonWords';
import { compareSpec } from '../../../protocol/measureSpec';
import { exitCodes, type CompareReply } from '../../../protocol/hostCommands';
import type { Command, CommandCall } from '../command';
import { usageError } from '../commandError';
import { withEvaluator, type EvaluateOnce, type EvaluationInput } from '../evaluateOnce';
import { inputOfSpec, readCandidate, readEvaluationInput } from '../evaluationInput';
import { valueText } from '../progressView';
import { isolationOptionSpec } from '../sessionSettings';
import { readSpecInput } from '../specInput';
import { durationMs, seed, wholeNumber } from '../values';

const defaultRounds = 30;
const seedBound = 2 ** 32;
const initialWord = 'initial';

/** Two programs, and how long they are compared. `text` is absent for the problem's initial program. */
interface Wanted {
  readonly input: EvaluationInput;
  readonly a: { readonly label: string; readonly text?: string };
  readonly b: { readonly label: string; readonly text?: string };
  readonly rounds: number;
  readonly maxTimeMs: number;
  readonly errorRate: number;
  readonly seed: number;
  readonly earlier: readonly ComparisonRound[];
}

export const compareCommand: Command = {
  name: 'compare',
  arguments: 'PROBLEM A B',
  summary: `Run two programs in turns on the same seeds until it is clear which is better; A and B are files, or the word ${initialWord}`,
  mostPositionals: 3,
  options: {
    rounds: {
      type: 'string',
      value: 'N',
      help: `Most rounds of both programs, an even number (default: ${defaultRounds})`,
    },
    'max-time': {
      type: 'string',
      value: 'TIME',
      help: 'Begin no further two rounds after this time, such as 10m',
    },
    'error-rate': {
      type: 'string',
      value: 'P',
      help: `Most probability of a wrong verdict, over all rounds together (default: ${usualErrorRate})`,
    },
    seed: { type: 'string', value: 'N', help: 'Repeat an earlier comparison (default: seeds nobody knows)' },
    isolation: isolationOptionSpec,
    spec: { type: 'string', value: '-', help: 'The files come on standard input, from an editor' },
  },
  async run(call) {
    const wanted = await readWanted(call);
    const { output } = call;
    output.note(`The seeds come from --seed ${wanted.seed}.`);
    output.reply({ kind: 'comparisonSeed', seed: wanted.seed });
    return withEvaluator(call, wanted.input, async ({ metric }, evaluateOnce, initialText) => {
      const rounds = [...wanted.earlier];
      const labels: Labels = { a: wanted.a.label, b: wanted.b.label };
      let end: CompareReply['end'];
      try {
        end = await runRounds(call, wanted, { rounds, metric, evaluateOnce, initialText });
      } catch (error) {
        const soFar = compareRounds(rounds, metric, wanted.errorRate);
        if (soFar.rounds > 0) tell(call, soFar, metric, labels);
        throw error;
      }
      const comparison = compareRounds(rounds, metric, wanted.errorRate);
      output.reply(replyOf(comparison, end, wanted.seed));
      tell(call, comparison, metric, labels);
      return comparison.verdict === 'failed' ? exitCodes.noResult : exitCodes.ok;
    });
  },
};

/** Adds to `rounds` until it is clear or the budget is spent. Throws what an evaluation throws. */
async function runRounds(
  { output }: CommandCall,
  wanted: Wanted,
  context: {
    readonly rounds: ComparisonRound[];
    readonly metric: Metric;
    readonly evaluateOnce: EvaluateOnce;
    readonly initialText: string;
  },
): Promise<CompareReply['end']> {
  const { rounds, metric, evaluateOnce, initialText } = context;
  const startedMs = performance.now();
  while (!isSettled(compareRounds(rounds, metric, wanted.errorRate))) {
    const index = rounds.length;
    if (index >= wanted.rounds) return 'rounds';
    if (index % 2 === 0 && performance.now() - startedMs > wanted.maxTimeMs) return 'time';
    const seedOfRound = keyedSeed(wanted.seed, 'comparison', index);
    const run = async (side: 'a' | 'b'): Promise<ComparisonRun> => {
      const message = `round ${index + 1} of at most ${wanted.rounds}: ${wanted[side].label}`;
      output.reply({ kind: 'progress', message });
      const text = wanted[side].text ?? initialText;
      const { outcome, durationMs, cases } = await evaluateOnce({ text, seed: seedOfRound });
      return { outcome, durationMs, ...(cases === undefined ? {} : { cases: [...cases] }) };
    };
    const first = firstOfRound(index);
    const one = await run(first);
    const other = await run(first === 'a' ? 'b' : 'a');
    const round: ComparisonRound = {
      seed: seedOfRound,
      first,
      ...(first === 'a' ? { a: one, b: other } : { a: other, b: one }),
    };
    rounds.push(round);
    output.reply({ kind: 'round', index, round });
    output.note(`round ${index + 1}: A ${runText(round.a, metric)}, B ${runText(round.b, metric)}`);
  }
  return 'clear';
}

function tell({ output }: CommandCall, comparison: Comparison, metric: Metric, labels: Labels): void {
  output.line(comparisonSentence(comparison, metric, labels));
  if (comparison.rounds === 0) return;
  output.line('');
  output.line(comparisonTable(comparison, metric));
}

function runText({ outcome }: ComparisonRun, { unit }: Metric): string {
  return outcome.kind === 'valid' ? valueText(outcome.value, unit) : `failed (${outcome.reason})`;
}

function replyOf(comparison: Comparison, end: CompareReply['end'], seedOfAll: number): CompareReply {
  const { verdict, rounds, scale, effect, errorRate } = comparison;
  return {
    kind: 'comparison',
    end,
    seed: seedOfAll,
    verdict,
    rounds,
    scale,
    estimate: effect?.estimate ?? null,
    interval: effect?.interval ?? null,
    errorRate,
  };
}

async function readWanted(call: CommandCall): Promise<Wanted> {
  const { values, positionals, root } = call;
  const rate = values['error-rate'];
  const common = {
    maxTimeMs: durationMs(values['max-time'], '--max-time') ?? Infinity,
    errorRate: rate === undefined ? usualErrorRate : errorRateOf(rate),
  };
  const from = values['spec'];
  if (from !== undefined) {
    const {
      problem,
      earlier = [],
      seed: given = randomInt(seedBound),
      ...rest
    } = await readSpecInput(from, compareSpec);
    return { ...common, ...rest, seed: given, earlier, input: inputOfSpec(problem, root) };
  }
  const [, a, b] = positionals;
  if (a === undefined || b === undefined)
    throw usageError(`Which two programs? Name two files, or a file and the word ${initialWord}.`, 'compare');
  const input = await readEvaluationInput({ ...call, positionals: positionals.slice(0, 1) }, 'compare');
  const rounds = wholeNumber(values['rounds'], '--rounds', 2) ?? defaultRounds;
  return {
    ...common,
    input,
    a: programOf(a),
    b: programOf(b),
    rounds: rounds + (rounds % 2),
    seed: seed(values['seed']) ?? randomInt(seedBound),
    earlier: [],
  };
}

function programOf(name: string): { readonly label: string; readonly text?: string } {
  if (name === initialWord) return { label: 'initial program' };
  return { label: name, text: readCandidate(name, 'compare') };
}

function errorRateOf(text: string): number {
  const rate = Number(text);
  if (!(rate >= 1e-6 && rate <= 0.5))
    throw usageError(`--error-rate takes a probability from 0.000001 to 0.5, not "${text}".`, 'compare');
  return rate;
}

import { buildPrompt } from '../../domain/prompt/buildPrompt';
import { promptFactsOf } from '../../domain/prompt/promptFacts';
import {
  boundsOf,
  estimate,
  pricesInUse,
  pricesReadOn,
  type EstimateFacts,
  type Guess,
  type SessionEstimate,
  type SessionForecast,
} from '../../domain/session/cost';
import type { HostDefaults } from '../../domain/session/resolveOptions';
import { guessTokens } from '../../domain/session/tokenGuesses';
import type { PolicyTask } from '../../policy/createPolicy';
import { countText, dollarsText, shortCountText, timeText, totalTokens } from './amounts';

/** What a user knows better than a guess. */
export interface KnownAmounts {
  readonly promptTokens?: number;
  readonly answerTokens?: number;
  readonly evaluationMs?: number;
}

export type HostGpus = Pick<HostDefaults, 'gpus' | 'gpuMemoryBytes'>;

export interface Forecast {
  readonly estimate: SessionEstimate;
  /** What it rests on, a sentence each. */
  readonly assumptions: readonly string[];
}

/** What a session will take. `host`: the GPUs that it can give, none where none is known. Throws `PromptTooLongError`. */
export function forecastOf(task: PolicyTask, known: KnownAmounts = {}, host: HostGpus = {}): Forecast {
  const { options, problem } = task;
  const exactly = (amount: number): Guess => ({ lowest: amount, likely: amount, highest: amount });
  const guessed = guessTokens(options, sizesOf(task));
  const facts: EstimateFacts = {
    promptTokens: known.promptTokens === undefined ? guessed.promptTokens : exactly(known.promptTokens),
    sampledTokensPerCandidate:
      known.answerTokens === undefined ? guessed.sampledTokensPerCandidate : exactly(known.answerTokens),
    ...(known.evaluationMs !== undefined && { evaluationMs: exactly(known.evaluationMs) }),
    runsParents: runsParents(problem),
  };
  const result = estimate(options, facts);
  const { concurrency, groups } = options;
  const { candidates, parentRuns } = result.likely;
  const slowestMs = ((candidates + parentRuns + groups) / concurrency) * problem.limits.timeMs;
  return {
    estimate: result,
    assumptions: [
      ...(options.policy === 'tunables' ? [] : tokenAssumptions(task, facts)),
      known.evaluationMs === undefined
        ? `Evaluations: ${concurrency} at once; if each used all of its ${timeText(problem.limits.timeMs)} they would take ${timeText(slowestMs)}.`
        : `Evaluations: ${concurrency} at once, ${timeText(known.evaluationMs)} each; sampling and training may add to that.`,
      ...placeAssumptions(task, host),
      ...(parentRuns === 0
        ? []
        : [
            `With stopEarly each group's parent is evaluated once more to compare its children with: ${countText(parentRuns)} at most, which are in these times.`,
          ]),
    ],
  };
}

/** Where evaluations would run, as far as that decides how many do at once. */
function placeAssumptions({ problem, options }: PolicyTask, host: HostGpus): readonly string[] {
  const { gpus } = host;
  const { gpuMemoryBytes } = problem.limits;
  const { concurrency } = options;
  if (problem.executor === 'slurm')
    return [
      `The cluster is taken to run ${countText(concurrency)} jobs at once; what they wait in its queue is not counted.`,
    ];
  const each = Math.ceil(problem.limits.gpus);
  if (each === 0) return [];
  const gpuText = (count: number): string => (count === 1 ? '1 GPU' : `${countText(count)} GPUs`);
  if (gpus === undefined)
    return [
      `No GPU is known on this host. Each evaluation asks for ${gpuText(each)}; on a host with more than that${
        gpuMemoryBytes === undefined ? '' : ', or where several have room on one,'
      } more run at once.`,
    ];
  if (gpus < each)
    return [
      `This host can give ${gpuText(gpus)}, fewer than one evaluation asks for (${each}): no session begins here.`,
    ];
  const has = `${gpuText(gpus)} of this host for ${gpuText(each)} an evaluation`;
  const shared =
    concurrency * each > gpus
      ? `, so that up to ${Math.ceil((concurrency * each) / gpus)} share one and take their times by turns, which is not counted`
      : '';
  return [
    `Counted on: ${has}${shared}. Other sessions of the host wait for the same.`,
    ...(gpuMemoryBytes !== undefined && host.gpuMemoryBytes === undefined
      ? ['How much memory the GPUs of this host have is not known, so limits.gpuMemory lets none share one.']
      : []),
  ];
}

function runsParents({ evaluator }: PolicyTask['problem']): boolean {
  return evaluator.stopEarly === true;
}

/** One line for people before a session that asks a model begins; undefined if it asks none. */
export function forecastLine(task: PolicyTask): string | undefined {
  if (task.options.policy === 'tunables') return undefined;
  const { estimate } = forecastOf(task);
  const { likely } = estimate;
  const tokensOf = ({ usage }: SessionForecast): number => totalTokens(usage);
  const range = (of: (forecast: SessionForecast) => number, words: (amount: number) => string): string => {
    const [least, most] = boundsOf(estimate, of);
    return words(least) === words(most) ? '' : ` (${words(least)} to ${words(most)})`;
  };
  const cost =
    likely.costUsd === undefined
      ? ''
      : `, ${dollarsText(likely.costUsd)}${range(({ costUsd = 0 }) => costUsd, dollarsText)}`;
  return `Likely ${shortCountText(tokensOf(likely))} tokens${range(tokensOf, shortCountText)}${cost}; see ttt-discover estimate.`;
}

function sizesOf({ problem, initialText, options }: PolicyTask): Parameters<typeof guessTokens>[1] {
  const programCharacters = initialText.length;
  if (options.model === undefined) return { promptCharacters: 0, programCharacters };
  const prompt = buildPrompt(promptFactsOf(problem, options.model), { text: initialText });
  return { promptCharacters: prompt.length, programCharacters };
}

function tokenAssumptions({ options }: PolicyTask, facts: EstimateFacts): readonly string[] {
  const words = ({ lowest, likely, highest }: Guess): string => {
    if (lowest === highest) return countText(likely);
    return `${countText(lowest)} to ${countText(highest)}, likely ${countText(likely)}`;
  };
  const prices = pricesInUse(options.model);
  return [
    `Tokens of a prompt: ${words(facts.promptTokens)}; of an answer with its reasoning: ${words(facts.sampledTokensPerCandidate)}.`,
    prices === undefined
      ? 'No prices are known of this model at this server, so no cost is counted; give them with policy.prices.'
      : `US dollars for a million tokens: ${prices.prompt} prompts, ${prices.sample} answers, ${prices.train} training (${
          options.model?.prices === undefined
            ? `the service's price list of ${pricesReadOn} or before`
            : 'policy.prices'
        }).`,
  ];
}

import { formatShare, formatValue } from './format';
import { t } from './texts';

/** A number of a step's update, for people. */
export interface GaugeKind {
  readonly name: string;
  readonly label: string;
  /** One line: what it is, and what to look for. Empty for one that is not known. */
  readonly explanation: string;
  readonly unit?: 'share' | 'count';
}

/** In the order in which they are shown. */
export const gaugeKinds: readonly GaugeKind[] = [
  {
    name: 'samplerTrainerGap',
    label: t('Log-prob gap'),
    explanation: t(
      'Mean difference between what sampler and trainer say of the sampled tokens, in nats; about 0.01 is usual, above 0.05 they do not run the same model',
    ),
  },
  {
    name: 'klBase',
    label: t('KL to base'),
    explanation: t('How far the model has moved away from the base model, in nats a token'),
  },
  {
    name: 'klV1',
    label: t('KL to sampler'),
    explanation: t(
      'How far the weights in training are from those that sampled, in nats a token; near 0 is right',
    ),
  },
  {
    name: 'entropy',
    label: t('Entropy'),
    explanation: t(
      'How open the choice of the next token still is, in nats; near 0 all samples are the same',
    ),
  },
  {
    name: 'gradientNorm',
    label: t('Gradient norm'),
    explanation: t('Size of the update before the optimizer; sudden leaps are a bad sign'),
  },
  {
    name: 'adapterEffect',
    label: t('Adapter effect'),
    explanation: t(
      'What the update changed at the sampler, in nats a token; 0: samples do not come from the trained model',
    ),
  },
  {
    name: 'adapterAgreement',
    label: t('Sampler follows'),
    explanation: t(
      'How much of the change at the trainer the sampler made too: 100% where it follows, 0% where it does not',
    ),
    unit: 'share',
  },
  {
    name: 'beta',
    label: t('β'),
    explanation: t('How sharply the best rewards of a group are preferred: the mean over its groups'),
  },
  {
    name: 'advantageMax',
    label: t('Largest advantage'),
    explanation: t('Weight of the one sample that counts most; 0 means that nothing was learned'),
  },
  {
    name: 'constantGroups',
    label: t('Groups without a signal'),
    explanation: t('Groups whose rewards are all equal: nothing is learned from them'),
    unit: 'count',
  },
  {
    name: 'validShare',
    label: t('Valid'),
    explanation: t('Share of the candidates that ran and gave a value'),
    unit: 'share',
  },
  {
    name: 'tokensPerSecond',
    label: t('Tokens/s'),
    explanation: t('Sampled tokens a second while the policy was at work'),
    unit: 'count',
  },
  {
    name: 'answerTokensMean',
    label: t('Tokens an answer'),
    explanation: t('Tokens of an answer on average, reasoning included'),
    unit: 'count',
  },
  {
    name: 'policyIdleShare',
    label: t('Policy idle'),
    explanation: t(
      'Share of the time in which the policy waited for evaluations; high: more evaluators help',
    ),
    unit: 'share',
  },
  {
    name: 'evaluatorIdleShare',
    label: t('Evaluators idle'),
    explanation: t(
      'Share of the evaluators that waited for candidates; high: sampling is what takes the time',
    ),
    unit: 'share',
  },
  {
    name: 'queueMean',
    label: t('Queue'),
    explanation: t('Candidates that waited for an evaluator, on average'),
  },
  {
    name: 'queueMax',
    label: t('Longest queue'),
    explanation: t('Most candidates that waited at once'),
    unit: 'count',
  },
  {
    name: 'sd',
    label: t('Spread'),
    explanation: t('Mean standard deviation of the numbers that are tuned, as a share of their range'),
  },
  {
    name: 'updateSeconds',
    label: t('Update seconds'),
    explanation: t('How long the update of the model took'),
  },
  {
    name: 'answersMalformed',
    label: t('Answers malformed'),
    explanation: t('Answers that could not be read'),
    unit: 'count',
  },
  {
    name: 'answersUnusable',
    label: t('Answers unusable'),
    explanation: t('Answers that nothing can be learned from'),
    unit: 'count',
  },
  {
    name: 'answersWithoutProgram',
    label: t('Answers without program'),
    explanation: t('Answers in which no program was found'),
    unit: 'count',
  },
  {
    name: 'answersRefused',
    label: t('Answers refused'),
    explanation: t('Requests that the model declined to answer'),
    unit: 'count',
  },
  {
    name: 'answersCut',
    label: t('Answers cut'),
    explanation: t('Answers that reached the most tokens that an answer may have, and ended there'),
    unit: 'count',
  },
];

/** Counts that stand elsewhere on the page, or that say nothing by themselves. */
const leftOut: ReadonlySet<string> = new Set([
  'answers',
  'requests',
  'promptTokens',
  'sampledTokens',
  'completionTokens',
  'totalPromptTokens',
  'totalCompletionTokens',
  'trainedTokens',
  'trainedAnswers',
  'updates',
  'learningRate',
  'klV2',
]);

/** The gauges of a step that are shown, known ones first and in their own order; answers that went wrong only if there are any. */
export function shownGauges(gauges: Readonly<Record<string, number>>): string[] {
  const known = gaugeKinds.map((kind) => kind.name);
  const place = (name: string): number => (known.includes(name) ? known.indexOf(name) : known.length);
  return Object.keys(gauges)
    .filter((name) => !leftOut.has(name) && !(/^answers[A-Z]/.test(name) && gauges[name] === 0))
    .sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
}

/** One that is not known is shown by its own name: `answersCut` as `Answers cut`. */
export function kindOf(name: string): GaugeKind {
  const known = gaugeKinds.find((kind) => kind.name === name);
  if (known !== undefined) return known;
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase();
  return { name, label: words.charAt(0).toUpperCase() + words.slice(1), explanation: '' };
}

export function formatGauge({ unit }: GaugeKind, value: number | null): string {
  if (value === null) return '—';
  if (unit === 'share') return formatShare(value, 1);
  if (unit === 'count') return formatValue(Math.round(value));
  return formatValue(Number(value.toPrecision(3)));
}

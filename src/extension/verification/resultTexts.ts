import { isBetter, type Metric } from '../../domain/problem/problem';
import type { CaseResult, EvaluationOutcome } from '../../domain/session/outcome';
import type { Comparison } from '../../domain/verification/comparison';
import { comparisonTable } from '../../domain/verification/comparisonTable';
import { comparisonSentence, sentence, type Labels } from '../../domain/verification/comparisonWords';
import type { Judgement } from '../../domain/verification/judgeVerification';
import { markdownTable } from '../../domain/verification/markdownTable';
import { numberText } from '../../domain/verification/numberWords';
import type { VerifyReply } from '../../protocol/hostCommands';
import type { HostEvaluation } from '../../remote/hostClient';
import { durationText } from '../base/words';
import { t } from '../base/translate';

/** What every document of results says of itself. */
export interface ResultHead {
  /** `Valley: your valley.py` */
  readonly title: string;
  readonly hostLabel: string;
  readonly atMs: number;
  /** More facts, a sentence each. */
  readonly notes: readonly string[];
}

/** One evaluation: the value, and each case. */
export function evaluationText(head: ResultHead, evaluation: HostEvaluation, metric: Metric): string {
  const { outcome, durationMs, cases } = evaluation;
  const rest = outcome.kind === 'valid' ? (outcome.feedback ?? '') : (outcome.outputTail ?? '');
  return documentOf(head, [
    `**${outcomeSentence(outcome, metric)}**`,
    t('It took {0}.', durationText(durationMs)),
    ...(cases.length === 0 ? [] : [casesTable(cases)]),
    ...(rest.trim() === '' ? [] : [fenced(rest.trimEnd())]),
  ]);
}

/** `height = 3 m, valid.`, or why there is no value. */
export function outcomeSentence(outcome: EvaluationOutcome, { name, unit }: Metric): string {
  if (outcome.kind === 'valid') return t('{0} = {1}, valid.', name, numberText(outcome.value, unit));
  return t('No value ({0}): {1}', outcome.reason, sentence(outcome.message));
}

function casesTable(cases: readonly CaseResult[]): string {
  const rows = cases.map(({ name, verdict, value, unit, message }) => [
    name,
    verdict,
    value === undefined ? '' : numberText(value, unit),
    message ?? '',
  ]);
  return markdownTable([t('case'), t('verdict'), t('value'), ''], rows, (column) => column === 2);
}

/** The runs of a verification, and what they say about the recorded value. */
export function verificationText(
  head: ResultHead,
  label: string,
  { runs }: VerifyReply,
  judgement: Judgement,
  metric: Metric,
): string {
  const rows = runs.map(({ seed, outcome, durationMs }, index) => [
    t('run {0}', index + 1),
    String(seed),
    outcome.kind === 'valid' ? numberText(outcome.value, metric.unit) : t('failed ({0})', outcome.reason),
    durationText(durationMs),
    outcome.kind === 'valid' ? '' : outcome.message,
  ]);
  const table = markdownTable(
    ['', t('seed'), metric.name, t({ message: 'time', comment: 'how long a run took' }), ''],
    rows,
    (column) => column > 0 && column < 4,
  );
  return documentOf(head, [`**${judgementSentence(label, judgement, metric)}**`, table]);
}

/** `c17 is confirmed: …`, with the recorded value and the new ones. */
export function judgementSentence(label: string, judgement: Judgement, { name, unit }: Metric): string {
  const { verdict, why, recorded } = judgement;
  const again = valuesText(judgement.values, unit);
  const before = recorded === undefined ? '' : numberText(recorded, unit);
  switch (why) {
    case 'failed':
      return t(
        '{0} is refuted: a run with another seed and the stricter check failed by its own fault.',
        label,
      );
    case 'limits':
      return t(
        '{0}: {1}. A run was ended by a limit or by the machine, which refutes nothing. Verify it again.',
        label,
        verdict,
      );
    case 'valid':
      return t('{0} is confirmed: all of its runs were valid, {1} {2}.', label, name, again);
    case 'reached':
      return t('{0} is confirmed: {1} {2} is recorded, and {3} came again.', label, name, before, again);
    case 'missed':
      return t(
        '{0} is refuted: {1} {2} is recorded, but with other seeds it is {3}.',
        label,
        name,
        before,
        again,
      );
    case 'drift':
      return t(
        '{0}: unclear. {1} {2} is recorded, and now it is {3}. Times differ so much from day to day; compare it with another program to be sure.',
        label,
        name,
        before,
        again,
      );
    case 'alone':
      return t(
        '{0}: unclear. {1} {2} is recorded, and one more run gave {3}, which does not say how much it scatters.',
        label,
        name,
        before,
        again,
      );
  }
}

/** `3 m`, or `from 2.9 m to 3.1 m in 3 runs`. */
function valuesText(values: readonly number[], unit: string | undefined): string {
  const least = Math.min(...values);
  const most = Math.max(...values);
  const text = (value: number): string => numberText(value, unit);
  const runs = values.length === 1 ? t('1 run') : t('{0} runs', values.length);
  return text(least) === text(most)
    ? t({ message: '{0} in {1}', comment: 'a value, and how many runs it came in' }, text(least), runs)
    : t('{0} to {1} in {2}', text(least), text(most), runs);
}

/** Two programs, as far as they are compared. `standing`: what is being done, or how it ended. */
export function comparisonText(
  head: ResultHead,
  labels: Labels,
  comparison: Comparison,
  metric: Metric,
  standing: string,
): string {
  const better = isBetter(metric.goal, 0, 1) ? t('Less is better.') : t('More is better.');
  const rounds = comparison.rounds;
  return documentOf(head, [
    `A: ${labels.a}\nB: ${labels.b}`,
    standing,
    ...(rounds === 0 && comparison.verdict !== 'failed'
      ? []
      : [`**${comparisonSentence(comparison, metric, labels)}**`]),
    ...(rounds === 0 ? [] : [comparisonTable(comparison, metric)]),
    `${better} ${t('A and B are medians of the rounds; both run in turns (A B, B A, …) on the same seeds. The intervals hold at every look, whatever the variance, if the differences are symmetric about their centre; each row is by itself.')}`,
  ]);
}

function documentOf({ title, hostLabel, atMs, notes }: ResultHead, parts: readonly string[]): string {
  const when = new Date(atMs).toISOString().slice(0, 19).replace('T', ' ');
  const facts = [t('Measured on {0}, {1} UTC.', hostLabel, when), ...notes].join('\n');
  return `${[`# ${title}`, ...parts, facts].join('\n\n')}\n`;
}

/** What a program printed, as it is. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}

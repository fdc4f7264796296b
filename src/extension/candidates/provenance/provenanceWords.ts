import { valueText } from '../../base/words';
import type { AcceptedRecord } from './provenance';
import type { Standing } from './standing';

/** `From c17 of Valley, step 24, height 0.38 m: 2 of 3 changes, so this text was not scored. Parents: c12, c3, c0.` */
export function provenanceText(record: AcceptedRecord, standing: Standing): string {
  const { candidate, problem, step, metric, ancestors } = record;
  const facts = [
    `From c${candidate} of ${problem}`,
    ...(step === undefined ? [] : [`step ${step}`]),
    ...(metric === undefined ? [] : [`${metric.name} ${valueText(metric.value, metric.unit)}`]),
  ].join(', ');
  const named = ancestors.slice(0, 5).map((one) => `c${one}`);
  const more = ancestors.length > named.length ? ', …' : '';
  return `${facts}: ${standingText(standing)}${named.length === 0 ? '' : ` Parents: ${named.join(', ')}${more}.`}`;
}

/**
 * `from c17, step 24: 0.38 m, exact`; `from c17, step 24: partial 2 of 3, not scored`, or what this very text was measured at
 * in place of the last words.
 */
export function lensTitle(
  record: AcceptedRecord,
  standing: Standing,
  measured?: AcceptedRecord['measured'],
): string {
  const { candidate, step, metric } = record;
  const origin = `from c${candidate}${step === undefined ? '' : `, step ${step}`}`;
  const value = metric === undefined ? '' : `${valueText(metric.value, metric.unit)}, `;
  const score =
    measured === undefined ? 'not scored' : `measured ${valueText(measured.value, measured.unit)}`;
  return {
    exact: `${origin}: ${value}exact`,
    rebased: `${origin}: with your own edits, ${score}`,
    partial: `${origin}: partial ${standing.kept} of ${standing.of}, ${score}`,
    undone: origin,
  }[standing.fidelity];
}

/** Trailers for a commit message: who the lines came from, and whether its score is the file's. */
export function trailerText(record: AcceptedRecord, standing: Standing): string {
  const { candidate, problem, metric, session, file } = record;
  const value =
    metric === undefined
      ? ''
      : `, ${metric.name} ${valueText(metric.value, metric.unit)} ${standing.fidelity === 'exact' ? 'as scored' : 'of the candidate, this text not scored'}`;
  return `Candidate: c${candidate} of ${problem.replaceAll(/\s+/g, ' ')} in ${file} (${fidelityWord(standing)}${value}, session ${session})`;
}

function fidelityWord({ fidelity, kept, of }: Standing): string {
  return fidelity === 'partial' ? `partial ${kept} of ${of}` : fidelity;
}

function standingText({ fidelity, kept, of }: Standing): string {
  return {
    exact: 'accepted as it was scored.',
    rebased: 'on top of your own edits, so this text was not scored.',
    partial: `${kept} of ${of} changes, so this text was not scored.`,
    undone: 'nothing of it is left.',
  }[fidelity];
}

/** A message with trailers at its end, as git reads them: a block of its own, no trailer twice. */
export function withTrailers(message: string, trailers: readonly string[]): string {
  const news = trailers.filter((trailer) => !message.split(/\r?\n/).includes(trailer));
  if (news.length === 0) return message;
  const text = message.trimEnd();
  const endsWithTrailer =
    text.includes('\n') && /^[A-Za-z][\w-]*: \S/.test(text.slice(text.lastIndexOf('\n') + 1));
  return `${text}${endsWithTrailer ? '\n' : '\n\n'}${news.join('\n')}\n`;
}

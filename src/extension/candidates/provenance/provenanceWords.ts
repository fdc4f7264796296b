import { valueText } from '../../base/words';
import { t } from '../../base/translate';
import type { AcceptedRecord } from './provenance';
import type { Standing } from './standing';

/** `From c17 of Valley, step 24, height 0.38 m: 2 of 3 changes, so this text was not scored. Parents: c12, c3, c0.` */
export function provenanceText(record: AcceptedRecord, standing: Standing): string {
  const { candidate, problem, step, metric, ancestors } = record;
  const facts = [
    t('From c{0} of {1}', candidate, problem),
    ...(step === undefined ? [] : [t('step {0}', step)]),
    ...(metric === undefined ? [] : [`${metric.name} ${valueText(metric.value, metric.unit)}`]),
  ].join(', ');
  const named = ancestors.slice(0, 5).map((one) => `c${one}`);
  const more = ancestors.length > named.length ? ', …' : '';
  const words = standingText(facts, standing);
  return named.length === 0 ? words : `${words} ${t('Parents: {0}{1}.', named.join(', '), more)}`;
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
  const origin = step === undefined ? t('from c{0}', candidate) : t('from c{0}, step {1}', candidate, step);
  const score =
    measured === undefined ? t('not scored') : t('measured {0}', valueText(measured.value, measured.unit));
  switch (standing.fidelity) {
    case 'exact':
      return metric === undefined
        ? t('{0}: exact', origin)
        : t('{0}: {1}, exact', origin, valueText(metric.value, metric.unit));
    case 'rebased':
      return t('{0}: with your own edits, {1}', origin, score);
    case 'partial':
      return t('{0}: partial {1} of {2}, {3}', origin, standing.kept, standing.of, score);
    case 'undone':
      return origin;
  }
}

/** Trailers for a commit message, English as programs read them: who the lines came from, and whether its score is the file's. */
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

function standingText(facts: string, { fidelity, kept, of }: Standing): string {
  switch (fidelity) {
    case 'exact':
      return t('{0}: accepted as it was scored.', facts);
    case 'rebased':
      return t('{0}: on top of your own edits, so this text was not scored.', facts);
    case 'partial':
      return t('{0}: {1} of {2} changes, so this text was not scored.', facts, kept, of);
    case 'undone':
      return t('{0}: nothing of it is left.', facts);
  }
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

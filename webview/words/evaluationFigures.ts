import type { EvaluationRow } from '../../src/protocol/dashboardMessages';
import { formatShare, formatSpan } from './format';
import { plural, t } from './texts';
import type { Figure } from './usageFigures';

/** What of the evaluations is worth a glance: that they wait, and what was spared. */
export function evaluationFigures(use: EvaluationRow | undefined): Figure[] {
  if (use === undefined) return [];
  const { waitedMs, queuedMs, totalMs, reused, reusedMs, stopped, savedMs } = use;
  const figures: Figure[] = [];
  if (waitedMs + queuedMs > 0.01 * totalMs) {
    figures.push({
      term: t('waiting'),
      text: formatShare(waitedMs + queuedMs, totalMs),
      detail: t('Share of the evaluations’ time in which they waited for an evaluator, a queue or a device'),
    });
  }
  figures.push(...gpuFigures(use));
  if (reused > 0) {
    figures.push({
      term: t('not run again'),
      text: formatSpan(reusedMs),
      detail: plural(
        reused,
        '{0} candidate whose evaluation was known already; that run had taken {1}',
        '{0} candidates whose evaluations were known already; those runs had taken {1}',
        formatSpan(reusedMs),
      ),
    });
  }
  if (stopped > 0) {
    figures.push({
      term: t('stopped early'),
      text: savedMs === undefined ? String(stopped) : t('about {0} saved', formatSpan(savedMs)),
      detail: plural(
        stopped,
        '{0} evaluation that was clearly worse; estimated by what whole ones take on average',
        '{0} evaluations that were clearly worse; estimated by what whole ones take on average',
      ),
    });
  }
  return figures;
}

function gpuFigures({ gpusHeld, evaluationsPerGpu }: EvaluationRow): Figure[] {
  if (gpusHeld !== undefined) {
    return [
      {
        term: t('GPUs held'),
        text: formatShare(gpusHeld, 1),
        detail: t('Share of the host’s GPUs that evaluations held, on average'),
      },
    ];
  }
  if (evaluationsPerGpu === undefined) return [];
  return [
    {
      term: t('on a GPU'),
      text: evaluationsPerGpu.toFixed(1),
      detail: t('Evaluations that ran on a GPU at once, on average; several may share one'),
    },
  ];
}

/** A part of the evaluations' time, its length, and its share. */
export type EvaluationPart = readonly [part: string, time: string, share: string];

/** Parts that took no time, or are not told of, are left out. */
export function evaluationParts(use: EvaluationRow): EvaluationPart[] {
  const { waitedMs, queuedMs, aroundMs, runMs, totalMs, stages, warm } = use;
  const part = (name: string, ms: number, all: number): EvaluationPart[] =>
    ms < 1 ? [] : [[name, formatSpan(ms), formatShare(ms, all)]];
  const told = (name: string, counted: EvaluationRow['warm']): EvaluationPart[] =>
    counted === undefined
      ? []
      : [[name, t('{0} of {1}', counted.count, counted.of), formatShare(counted.count, counted.of)]];
  return [
    ...part(t('Waiting for a free evaluator'), waitedMs, totalMs),
    ...part(t('Waiting in a queue or for a device'), queuedMs, totalMs),
    ...part(t('Running'), runMs, totalMs),
    ...stages.flatMap(({ name, ms }) => part(t('Running: {0}', name.replaceAll('_', ' ')), ms, totalMs)),
    ...part(t('Around it: folders and verdicts'), aroundMs, totalMs),
    ...told(t('Started warm'), warm),
  ];
}

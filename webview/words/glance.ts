import type { Scene } from '../data/scene';
import { spendingOf, type Spending } from '../data/spending';
import { compareBest, type Comparison } from './comparison';
import { formatCompact, formatDifference, formatShare, formatSpan, formatUsd } from './format';
import { plural, t } from './texts';

/** An answer to one of the three questions that a dashboard is opened for. */
export interface Answer {
  readonly question: string;
  /** In a few words. */
  readonly short: string;
  readonly detail: string;
}

/** Is it still improving, is it worth its money, what did it find. Nothing before there is a valid candidate after the first. */
export function answers(scene: Scene): Answer[] {
  if (scene.header.best === null || scene.rows.length === 0) return [];
  const spending = spendingOf(scene);
  return [improving(scene, spending), ...worth(spending), found(scene)];
}

/** The last so many steps say whether it still goes on. */
const recentSteps = 10;

function improving({ steps, header }: Scene, { sinceBest }: Spending): Answer {
  const question = t('Still improving?');
  if (sinceBest === undefined || steps.length === 0)
    return { question, short: t('Not begun'), detail: t('No step has ended yet.') };
  const over = header.status === 'finished' || header.status === 'failed';
  const patience = Math.max(2, 0.1 * steps.length);
  const short =
    sinceBest.steps <= patience
      ? over
        ? t('It was, to the end')
        : t('Yes')
      : over
        ? plural(sinceBest.steps, 'Not in the last step', 'Not in the last {0} steps')
        : plural(sinceBest.steps, 'Not for {0} step', 'Not for {0} steps');
  const latest =
    sinceBest.steps <= 0
      ? t('Last new best in this step.')
      : plural(sinceBest.steps, 'Last new best {0} step ago.', 'Last new best {0} steps ago.');
  const candidates =
    sinceBest.candidates === 0
      ? ''
      : plural(sinceBest.candidates, '{0} candidate since.', '{0} candidates since.');
  return {
    question,
    short,
    detail: [latest, candidates, recentGain(steps, header)].filter(Boolean).join(' '),
  };
}

function recentGain(steps: Scene['steps'], { initialValue }: Scene['header']): string {
  const now = steps.at(-1)?.bestSoFar ?? null;
  const before = steps.at(-1 - recentSteps)?.bestSoFar ?? null;
  if (now === null || before === null || initialValue === null) return '';
  const [gained, all] = [Math.abs(now - before), Math.abs(now - initialValue)];
  return all === 0
    ? ''
    : t('The last {0} steps brought {1} of all that was gained.', recentSteps, formatShare(gained, all));
}

function worth({ usd, tokens, elapsedMs, sinceBest }: Spending): Answer[] {
  const question = t('Worth its money?');
  const time = formatSpan(elapsedMs);
  if (usd > 0) {
    const since =
      sinceBest === undefined ? '' : t('{0} of it since the last new best.', formatUsd(sinceBest.usd));
    return [
      {
        question,
        short: formatUsd(usd),
        detail: `${since} ${t('{0} tokens in {1}.', formatCompact(tokens), time)}`.trim(),
      },
    ];
  }
  if (tokens > 0) {
    const since =
      sinceBest === undefined
        ? ''
        : t('{0} in prompts and answers since the last new best.', formatCompact(sinceBest.tokens));
    return [
      {
        question,
        short: t('{0} tokens', formatCompact(tokens)),
        detail: `${since} ${t('{0} in all.', time)}`.trim(),
      },
    ];
  }
  if (!(elapsedMs > 0)) return [];
  const since =
    sinceBest === undefined ? '' : t('{0} of it since the last new best.', formatSpan(sinceBest.ms));
  return [
    {
      question: t('Worth its time?'),
      short: time,
      detail: `${since} ${t('No model, so no tokens and no money.')}`.trim(),
    },
  ];
}

function found({ header }: Scene): Answer {
  const question = t('What did it find?');
  const references = compareBest(header).slice(header.initialValue === null ? 0 : 1);
  const start = compareBest(header)[0];
  const gained = start === undefined ? '' : againstStart(start);
  if (references.length === 0)
    return {
      question,
      short: start?.relation === 'better' ? t('A better program') : t('Nothing better yet'),
      detail: gained,
    };
  const passed = references.filter(({ relation }) => relation === 'better');
  const ahead = references.filter(({ relation }) => relation === 'worse' || relation === 'equal');
  const nearest = [...ahead].sort((a, b) => distance(header, a.value) - distance(header, b.value))[0];
  const toGo =
    nearest === undefined
      ? ''
      : distance(header, nearest.value) === 0
        ? t('As good as {0}.', nearest.label)
        : t('{0} short of {1}.', formatDifference(distance(header, nearest.value)), nearest.label);
  return {
    question,
    short:
      passed.length === references.length
        ? references.length === 1
          ? t('Better than {0}', references[0]?.label ?? '')
          : t('Better than all {0} references', references.length)
        : passed.length === 0
          ? t('Behind the references')
          : t('Better than {0} of {1} references', passed.length, references.length),
    detail: `${gained} ${toGo}`.trim(),
  };
}

function distance({ best }: Scene['header'], value: number): number {
  return best === null ? Number.NaN : Math.abs(best.value - value);
}

function againstStart({ relation, amount }: Comparison): string {
  switch (relation) {
    case 'better':
      return t('Better by {0} than the initial program.', amount);
    case 'worse':
      return t('Worse by {0} than the initial program.', amount);
    case 'equal':
      return t('Equal to the initial program.');
    case 'unknown':
      return '';
  }
}

import type { Scene } from '../data/scene';
import { spendingOf, type Spending } from '../data/spending';
import { compareBest } from './comparison';
import { formatCompact, formatCount, formatDifference, formatShare, formatSpan, formatUsd } from './format';

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
  const question = 'Still improving?';
  if (sinceBest === undefined || steps.length === 0)
    return { question, short: 'Not begun', detail: 'No step has ended yet.' };
  const ago = sinceBest.steps <= 0 ? 'in this step' : `${counted(sinceBest.steps, 'step')} ago`;
  const over = header.status === 'finished' || header.status === 'failed';
  const patience = Math.max(2, 0.1 * steps.length);
  const short =
    sinceBest.steps <= patience
      ? over
        ? 'It was, to the end'
        : 'Yes'
      : over
        ? `Not in the last ${counted(sinceBest.steps, 'step')}`
        : `Not for ${counted(sinceBest.steps, 'step')}`;
  const candidates =
    sinceBest.candidates === 0 ? '' : `, ${counted(sinceBest.candidates, 'candidate')} since`;
  return {
    question,
    short,
    detail: [`Last new best ${ago}${candidates}.`, recentGain(steps, header)].join(' ').trim(),
  };
}

function recentGain(steps: Scene['steps'], { initialValue }: Scene['header']): string {
  const now = steps.at(-1)?.bestSoFar ?? null;
  const before = steps.at(-1 - recentSteps)?.bestSoFar ?? null;
  if (now === null || before === null || initialValue === null) return '';
  const [gained, all] = [Math.abs(now - before), Math.abs(now - initialValue)];
  return all === 0
    ? ''
    : `The last ${recentSteps} steps brought ${formatShare(gained, all)} of all that was gained.`;
}

function worth({ usd, tokens, elapsedMs, sinceBest }: Spending): Answer[] {
  const question = 'Worth its money?';
  const time = formatSpan(elapsedMs);
  if (usd > 0) {
    const since =
      sinceBest === undefined ? '' : `${formatUsd(sinceBest.usd)} of it since the last new best. `;
    return [
      { question, short: formatUsd(usd), detail: `${since}${formatCompact(tokens)} tokens in ${time}.` },
    ];
  }
  if (tokens > 0) {
    const since =
      sinceBest === undefined
        ? ''
        : `${formatCompact(sinceBest.tokens)} in prompts and answers since the last new best, `;
    return [{ question, short: `${formatCompact(tokens)} tokens`, detail: `${since}${time} in all.` }];
  }
  if (!(elapsedMs > 0)) return [];
  const since = sinceBest === undefined ? '' : `${formatSpan(sinceBest.ms)} of it since the last new best. `;
  return [
    { question: 'Worth its time?', short: time, detail: `${since}No model, so no tokens and no money.` },
  ];
}

function found({ header }: Scene): Answer {
  const question = 'What did it find?';
  const references = compareBest(header).slice(header.initialValue === null ? 0 : 1);
  const start = compareBest(header)[0];
  const gained =
    start === undefined
      ? ''
      : sentence(
          `${start.words} ${start.relation === 'equal' ? 'to' : 'than'} the ${start.label.toLowerCase()}`,
        );
  if (references.length === 0)
    return {
      question,
      short: start?.relation === 'better' ? 'A better program' : 'Nothing better yet',
      detail: gained,
    };
  const passed = references.filter(({ relation }) => relation === 'better');
  const ahead = references.filter(({ relation }) => relation === 'worse' || relation === 'equal');
  const nearest = [...ahead].sort((a, b) => distance(header, a.value) - distance(header, b.value))[0];
  const toGo =
    nearest === undefined
      ? ''
      : distance(header, nearest.value) === 0
        ? ` As good as ${nearest.label}.`
        : ` ${formatDifference(distance(header, nearest.value))} short of ${nearest.label}.`;
  return {
    question,
    short:
      passed.length === references.length
        ? references.length === 1
          ? `Better than ${references[0]?.label ?? ''}`
          : `Better than all ${references.length} references`
        : passed.length === 0
          ? 'Behind the references'
          : `Better than ${passed.length} of ${references.length} references`,
    detail: `${gained}${toGo}`.trim(),
  };
}

function distance({ best }: Scene['header'], value: number): number {
  return best === null ? Number.NaN : Math.abs(best.value - value);
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

function counted(count: number, what: string): string {
  return `${formatCount(count)} ${what}${count === 1 ? '' : 's'}`;
}

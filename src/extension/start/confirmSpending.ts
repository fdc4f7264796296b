import { createHash } from 'node:crypto';
import { window, type Memento } from 'vscode';
import type { Problem } from '../../domain/problem/problem';
import type { SessionOptions } from '../../domain/session/options';
import { Cancelled } from '../base/failures';
import { costWords, tokenWords } from './estimateWords';
import { asksEditorModel, plannedCandidates, plannedEstimate } from './plannedSession';
import { usdText } from '../base/words';
import { t } from '../base/translate';

export interface SpendingQuestion {
  readonly problem: Problem;
  /** URI of the problem file. */
  readonly problemUri: string;
  readonly options: SessionOptions;
  readonly initialText: string;
  /** Memory of the workspace. */
  readonly memory: Pick<Memento, 'get' | 'update'>;
}

const confirmedKey = 'tttDiscover.confirmedSpending';
const mostRemembered = 200;

/**
 * Asks before a session that costs money, or that counts against what a user has of an editor's model; once for a problem and
 * these settings. Throws `Cancelled`.
 */
export async function confirmSpending(question: SpendingQuestion): Promise<'start' | 'change'> {
  const detail = spendingDetail(question);
  if (detail === undefined) return 'start';
  const remembered = rememberedIn(question.memory);
  const settings = settingsKey(question);
  if (remembered.includes(settings)) return 'start';
  const start = t('Start');
  const change = t('Change Budget…');
  const { title } = question.problem;
  const chosen = await window.showInformationMessage(
    t('Start "{0}"?', title),
    { modal: true, detail },
    start,
    change,
  );
  if (chosen === undefined) throw new Cancelled();
  if (chosen === change) return 'change';
  await question.memory.update(confirmedKey, [...remembered, settings].slice(-mostRemembered));
  return 'start';
}

/** What it may take, in words; `undefined` where nobody pays. */
export function spendingDetail({
  problem,
  options,
  initialText,
}: Omit<SpendingQuestion, 'memory' | 'problemUri'>): string | undefined {
  const estimate = plannedEstimate(problem, options, initialText);
  if (estimate === undefined) return undefined;
  const { likely, highest } = estimate;
  const candidates = likely.candidates.toLocaleString('en-US');
  if (asksEditorModel(options)) {
    const times = plannedCandidates(options).toLocaleString('en-US');
    return t(
      'It asks {0} of this editor up to {1} times, which counts against what you have of it: {2}.',
      options.model?.model ?? t('the model'),
      times,
      tokenWords(estimate),
    );
  }
  const cost = costWords(estimate);
  if (cost === undefined || (highest.costUsd ?? 0) === 0) return undefined;
  const budget =
    options.maxCostUsd === undefined
      ? t('No cost limit is set: it ends when its steps are done.')
      : t('It ends after the step in which it has cost {0}.', usdText(options.maxCostUsd));
  return t(
    'It costs {0} by the prices of {1}: {2} candidates, {3}. How long the model thinks is not known before. {4}',
    cost,
    options.model?.model ?? t('the model'),
    candidates,
    tokenWords(estimate),
    budget,
  );
}

function settingsKey({ problemUri, options }: SpendingQuestion): string {
  const {
    steps,
    groups,
    groupSize,
    method,
    policy,
    model,
    maxTokens,
    maxCostUsd,
    maxEvaluations,
    maxTimeMs,
  } = options;
  const text = JSON.stringify([
    problemUri,
    [steps, groups, groupSize, method, policy],
    [maxTokens, maxCostUsd, maxEvaluations, maxTimeMs].map((limit) => limit ?? null),
    model ?? null,
  ]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

function rememberedIn(memory: SpendingQuestion['memory']): string[] {
  const keys = memory.get<unknown>(confirmedKey);
  return Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : [];
}

import { QuickPickItemKind, window, type QuickPickItem } from 'vscode';
import type { Problem } from '../../domain/problem/problem';
import type { SessionOverrides } from '../../domain/session/options';
import { Cancelled, Refusal } from '../base/failures';
import type { EditorModels } from '../languageModels/models';
import { estimateWords } from './estimateWords';
import { plannedEstimate, plannedOptions } from './plannedSession';
import {
  amountError,
  amounts,
  filePolicyOf,
  methodsOf,
  methodWords,
  proposerWords,
  withAmount,
  withProposer,
  type Amount,
} from './runChoice';
import { t } from '../base/translate';

export interface RunQuestion {
  readonly problem: Problem;
  readonly initialText: string;
  /** What is chosen so far. */
  readonly overrides: SessionOverrides;
  readonly models: EditorModels;
  /** Why a session there cannot use a model of this editor; `undefined` if it can. */
  readonly editorModelsRefusal: string | undefined;
}

interface Row extends QuickPickItem {
  /** The overrides after this row, or `undefined` for the start as it is. */
  readonly change?: () => Promise<SessionOverrides | undefined>;
}

/**
 * Lets the user set how a session runs: one list that shows what is chosen and what it may take, with Start as its first row.
 * Throws `Cancelled`.
 */
export async function chooseRun(question: RunQuestion): Promise<SessionOverrides> {
  let { overrides } = question;
  for (;;) {
    const rows = rowsOf({ ...question, overrides });
    const chosen = await window.showQuickPick(rows, {
      title: t('Start Discovery: {0}', question.problem.title),
      placeHolder: t('Enter starts; choose a row to change it'),
      matchOnDescription: true,
      ignoreFocusOut: true,
    });
    if (chosen === undefined) throw new Cancelled();
    if (chosen.change === undefined) return overrides;
    // A question that is closed leaves things as they were.
    overrides = (await chosen.change()) ?? overrides;
  }
}

function rowsOf(question: RunQuestion): Row[] {
  const { problem, overrides } = question;
  const options = plannedOptions(problem, overrides);
  const estimate = plannedEstimate(problem, options, question.initialText);
  const candidates = options.steps * options.groups * options.groupSize;
  return [
    {
      label: t('$(play) Start'),
      description: proposerWords(options),
      detail:
        estimate === undefined
          ? t('{0} candidates', candidates.toLocaleString('en-US'))
          : estimateWords(estimate),
    },
    { label: '', kind: QuickPickItemKind.Separator },
    {
      label: t('Policy'),
      description: proposerWords(options),
      change: () => chooseProposer(question),
    },
    {
      label: t('Method'),
      description: `${options.method}: ${methodWords[options.method]}`,
      change: () => chooseMethod(question),
    },
    { label: t('Budget'), kind: QuickPickItemKind.Separator },
    ...amounts
      .filter(({ key }) => key !== 'maxCostUsd' || estimate?.prices !== undefined)
      .map((amount) => ({
        label: amount.label,
        description: amount.words(options[amount.key]),
        change: () => chooseAmount(question, amount, options[amount.key]),
      })),
  ];
}

async function chooseProposer(question: RunQuestion): Promise<SessionOverrides | undefined> {
  const { problem, overrides, editorModelsRefusal } = question;
  const chosen = await window.showQuickPick(proposers(question), {
    title: t('What proposes candidates?'),
    matchOnDescription: true,
    ignoreFocusOut: true,
  });
  if (chosen?.choice === undefined) return undefined;
  if (chosen.choice.kind === 'editor' && editorModelsRefusal !== undefined) {
    throw new Refusal(editorModelsRefusal, { title: t('Select Host…'), command: 'selectHost' });
  }
  return withProposer(problem, overrides, chosen.choice);
}

interface ProposerRow extends QuickPickItem {
  readonly choice?: Parameters<typeof withProposer>[2];
}

async function proposers({ problem, models, editorModelsRefusal }: RunQuestion): Promise<ProposerRow[]> {
  const filePolicy = filePolicyOf(problem);
  const inEditor = await models.all();
  const note = editorModelsRefusal === undefined ? t('frozen') : t('only for sessions on this machine');
  return [
    {
      label: t('Values for marked literals'),
      description: t('needs no model'),
      detail: t('Learns values for the literals of the program that are marked @tune'),
      choice: { kind: 'tunables' },
    },
    filePolicy === undefined
      ? {
          label: t('A model of your own server'),
          description: t('named in the problem file'),
          detail: t(
            'Write policy: { server, model } into it: a model that trains, or one behind a chat endpoint',
          ),
        }
      : {
          label: problem.model?.model ?? '',
          description: t(
            'at {0}, {1}',
            problem.model?.server ?? '',
            filePolicy === 'tinker' ? t('can be trained') : t('frozen'),
          ),
          detail: t('The model of the problem file'),
          choice: { kind: 'file' },
        },
    { label: t('Language models of this editor'), kind: QuickPickItemKind.Separator },
    ...(inEditor.length > 0
      ? inEditor.map((model): ProposerRow => ({
          label: model.label,
          description: `${model.name}, ${note}`,
          choice: { kind: 'editor', modelName: model.name },
        }))
      : [{ label: t('None'), description: t('no extension offers one, or you are not signed in to it') }]),
  ];
}

async function chooseMethod({ problem, overrides }: RunQuestion): Promise<SessionOverrides | undefined> {
  const { policy } = plannedOptions(problem, overrides);
  const chosen = await window.showQuickPick(
    methodsOf(policy).map((method) => ({ label: method, description: methodWords[method], method })),
    {
      title: policy === 'openai' ? t('Which method? (This model cannot be trained.)') : t('Which method?'),
      ignoreFocusOut: true,
    },
  );
  return chosen && { ...overrides, method: chosen.method };
}

async function chooseAmount(
  { overrides }: RunQuestion,
  amount: Amount,
  value: number | undefined,
): Promise<SessionOverrides | undefined> {
  const text = await window.showInputBox({
    title: amount.label,
    prompt: amount.prompt,
    value: value === undefined ? '' : String(value / amount.unit),
    validateInput: (input) => amountError(amount, input),
    ignoreFocusOut: true,
  });
  return text === undefined ? undefined : withAmount(overrides, amount, text);
}

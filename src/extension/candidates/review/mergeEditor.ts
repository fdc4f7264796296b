import { commands, window, type QuickPickItem } from 'vscode';
import { Cancelled } from '../../base/failures';
import { candidateUri } from '../documents/candidateDocuments';
import type { CandidateView } from '../documents/candidateUri';
import type { LiveReview } from './liveReview';
import { t } from '../../base/translate';

/** No part of the editor's API, so it may be missing or refuse: then the choice is asked for. */
const openMergeEditor = '_open.mergeEditor';

export type ConflictChoice = 'merge-editor-opened' | 'theirs' | 'mine';

/**
 * Opens the editor's own merge editor on the user's file, with the texts of the review: what was accepted, what was
 * rejected and what the user typed elsewhere is no question there. Where there is no merge editor, asks whose lines to take.
 */
export async function openConflict(live: LiveReview, path: string): Promise<ConflictChoice> {
  const { sessionId, candidate, target } = live;
  const document = (view: CandidateView) => candidateUri({ sessionId, candidate, path, view });
  await live.freeze();
  try {
    // The merge editor takes the place of a tab in preview, and the review is to be there afterwards.
    await commands.executeCommand('workbench.action.keepEditor');
    await commands.executeCommand(openMergeEditor, {
      base: document('base'),
      input1: { uri: document('yours'), title: t('Yours') },
      input2: { uri: document('theirs'), title: t('Candidate c{0}', candidate) },
      output: target,
    });
    return 'merge-editor-opened';
  } catch {
    return ask(candidate);
  }
}

async function ask(candidate: number): Promise<ConflictChoice> {
  const items: readonly (QuickPickItem & { readonly choice: ConflictChoice })[] = [
    { label: t('Take c{0}’s lines', candidate), choice: 'theirs' },
    { label: t('Keep mine'), choice: 'mine' },
  ];
  const chosen = await window.showQuickPick(items, {
    title: t('You and the candidate both changed these lines'),
    placeHolder: t('This editor has no merge editor: choose whose lines to take'),
  });
  if (chosen === undefined) throw new Cancelled();
  return chosen.choice;
}

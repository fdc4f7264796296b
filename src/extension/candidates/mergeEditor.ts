import { commands, window, type QuickPickItem } from 'vscode';
import { Cancelled } from '../base/failures';
import { candidateUri } from './candidateDocuments';
import type { LiveReview } from './liveReview';

/** No part of the editor's API, so it may be missing or refuse: then the choice is asked for. */
const openMergeEditor = '_open.mergeEditor';

export type ConflictChoice = 'merge-editor-opened' | 'theirs' | 'mine';

/**
 * Opens the editor's own merge editor on the user's file, with the session's initial program as the base; where there is
 * none, asks whose lines to take.
 */
export async function openConflict(live: LiveReview, path: string): Promise<ConflictChoice> {
  const { sessionId, candidate, target } = live;
  const document = (view: 'text' | 'yours', of = candidate) =>
    candidateUri({ sessionId, candidate: of, path, view });
  try {
    // The merge editor takes the place of a tab in preview, and the review is to be there afterwards.
    await commands.executeCommand('workbench.action.keepEditor');
    await commands.executeCommand(openMergeEditor, {
      base: document('text', 0),
      input1: { uri: document('yours'), title: 'Yours' },
      input2: { uri: document('text'), title: `Candidate c${candidate}` },
      output: target,
    });
    return 'merge-editor-opened';
  } catch {
    return ask(candidate);
  }
}

async function ask(candidate: number): Promise<ConflictChoice> {
  const items: readonly (QuickPickItem & { readonly choice: ConflictChoice })[] = [
    { label: `Take c${candidate}’s lines`, choice: 'theirs' },
    { label: 'Keep mine', choice: 'mine' },
  ];
  const chosen = await window.showQuickPick(items, {
    title: 'You and the candidate both changed these lines',
    placeHolder: 'This editor has no merge editor: choose whose lines to take',
  });
  if (chosen === undefined) throw new Cancelled();
  return chosen.choice;
}

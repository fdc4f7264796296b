import { TabInputTextDiff, window, type TextEditor } from 'vscode';
import { Refusal } from '../../base/failures';
import { sessionFromArguments } from '../../sessions/chooseSession';
import { candidateFromArguments } from '../documents/candidateArguments';
import { candidateAddressOf, type CandidateAddress } from '../documents/candidateUri';
import { t } from '../../base/translate';

export type ReviewedPlace = Pick<CandidateAddress, 'sessionId' | 'candidate'>;

/** The candidate that a command is about: in its arguments, or in the diff or editor that has the focus. Throws a `Refusal`. */
export function reviewedPlace(args: readonly unknown[]): ReviewedPlace {
  const sessionId = sessionFromArguments(args);
  const candidate = candidateFromArguments(args);
  if (sessionId !== undefined && candidate !== undefined) return { sessionId, candidate };
  const address = placeOfActiveTab();
  if (address !== undefined) return address;
  throw new Refusal(
    t('Open the diff of a candidate first: this is about the candidate that you are looking at.'),
    {
      title: t('Open Diff'),
      command: 'openDiff',
    },
  );
}

/** The candidate that the active tab shows. */
export function placeOfActiveTab(): CandidateAddress | undefined {
  const input = window.tabGroups.activeTabGroup.activeTab?.input;
  if (input instanceof TabInputTextDiff) {
    return candidateAddressOf(input.modified) ?? candidateAddressOf(input.original);
  }
  const active = window.activeTextEditor?.document.uri;
  return active === undefined ? undefined : candidateAddressOf(active);
}

/** The editor that shows a review, if it has the focus. */
export function reviewEditor(place: ReviewedPlace): TextEditor | undefined {
  const editor = window.activeTextEditor;
  if (editor === undefined) return undefined;
  const address = candidateAddressOf(editor.document.uri);
  const isThis =
    address?.view === 'review' &&
    address.sessionId === place.sessionId &&
    address.candidate === place.candidate;
  return isThis ? editor : undefined;
}

import { TabInputTextDiff, window, type QuickPickItem, type Uri } from 'vscode';
import { Cancelled, Refusal } from '../../base/failures';
import { t } from '../../base/translate';
import type { CommandHandlers } from '../../commandIds';
import { sessionFromArguments, type SessionChooser } from '../../sessions/chooseSession';
import type { SessionStore } from '../../sessions/sessionStore';
import { candidateFromArguments } from '../documents/candidateArguments';
import { candidateAddressOf } from '../documents/candidateUri';
import { bestOf, openCandidateDiff } from '../documents/openDiff';
import { chooseReviewTarget, openDocuments } from '../documents/reviewTargets';
import { userFileOf } from '../documents/userFile';
import { placeOfActiveTab } from './reviewedPlace';
import type { Reviews } from './reviews';

interface Choice extends QuickPickItem {
  /** `undefined`: the problem's own file. */
  readonly target: Uri | undefined;
}

/**
 * Reviews a candidate against a document that is open, as one that lies in no file yet: changes are accepted into that. Arguments as for
 * all review commands; without, it is about the candidate that has the focus, else about the best one of a session.
 */
export function reviewAgainstCommand(needs: {
  readonly store: SessionStore;
  readonly chooser: SessionChooser;
  readonly reviews: Reviews;
}): Pick<CommandHandlers, 'reviewAgainst'> {
  const { store, chooser, reviews } = needs;
  return {
    async reviewAgainst(...args) {
      const place = sessionFromArguments(args) === undefined ? placeOfActiveTab() : undefined;
      const about = place === undefined ? args : [place.sessionId];
      const session = await chooser.choose(about, t('Review the best candidate of which session?'));
      const candidate = place?.candidate ?? candidateFromArguments(args) ?? bestOf(session);
      const own = await userFileOf(session);
      const documents = openDocuments().filter(({ uri }) => uri.toString() !== own?.toString());
      if (documents.length === 0) {
        throw new Refusal(
          t(
            'No other document is open. Open the one that c{0} is to be compared with, then try again.',
            candidate,
          ),
          { title: t('New Untitled File'), command: { id: 'workbench.action.files.newUntitledFile' } },
        );
      }
      const choices: Choice[] = documents.map(({ uri, name, firstLine }) => ({
        label: name,
        ...(firstLine !== '' && { detail: firstLine }),
        target: uri,
      }));
      if (own !== undefined)
        choices.push({ label: t('The problem’s own file'), description: own.path, target: undefined });
      const chosen = await window.showQuickPick(choices, {
        title: t('Review c{0} against which document?', candidate),
        placeHolder: t('Changes that you accept go into this document; nothing is saved.'),
      });
      if (chosen === undefined) throw new Cancelled();
      chooseReviewTarget(session.id, chosen.target);
      await closeReviews(session.id);
      reviews.forget(session.id);
      await openCandidateDiff(store, session, candidate);
    },
  };
}

/** Diffs of the session whose left side is another document now. */
async function closeReviews(sessionId: string): Promise<void> {
  const tabs = window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .filter(({ input }) => {
      const address = input instanceof TabInputTextDiff ? candidateAddressOf(input.modified) : undefined;
      return address?.view === 'review' && address.sessionId === sessionId;
    });
  if (tabs.length > 0) await window.tabGroups.close(tabs);
}

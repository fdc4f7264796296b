import { TabInputTextDiff, window } from 'vscode';
import { Refusal } from '../base/failures';
import type { CommandHandlers } from '../commandIds';
import { sessionFromArguments, type SessionChooser } from '../sessions/chooseSession';
import type { SessionStore } from '../sessions/sessionStore';
import { acceptCandidate } from './acceptCandidate';
import { candidateAddressOf } from './candidateDocuments';
import { candidateFromArguments } from './candidateArguments';
import type { CandidateAddress } from './candidateUri';
import { bestOf, openCandidateDiff, pickCandidate } from './openDiff';

/** Commands on candidates. Arguments: a session (id or tree row), then a candidate number; or a candidate's URI. */
export function candidateCommands(
  store: SessionStore,
  chooser: SessionChooser,
): Pick<CommandHandlers, 'openDiff' | 'openBestDiff' | 'acceptCandidate'> {
  return {
    async openDiff(...args) {
      const session = await chooser.choose(args, 'Compare a candidate of which session?');
      await openCandidateDiff(store, session, candidateFromArguments(args) ?? (await pickCandidate(session)));
    },
    async openBestDiff(...args) {
      const session = await chooser.choose(args, 'Compare the best candidate of which session?');
      await openCandidateDiff(store, session, bestOf(session));
    },
    async acceptCandidate(...args) {
      const address = addressFromArguments(args) ?? addressOfActiveTab();
      if (address === undefined) {
        throw new Refusal(
          'Open the diff of a candidate first: Accept takes the candidate that you are looking at.',
          {
            title: 'Open Diff',
            command: 'openDiff',
          },
        );
      }
      await store.ready;
      const session = store.get(address.sessionId);
      if (session === undefined)
        throw new Refusal('The session of this candidate is not in the list any more.');
      await acceptCandidate(store, session, address.candidate);
    },
  };
}

function addressFromArguments(args: readonly unknown[]): Omit<CandidateAddress, 'path'> | undefined {
  const sessionId = sessionFromArguments(args);
  const candidate = candidateFromArguments(args);
  if (sessionId !== undefined && candidate !== undefined) return { sessionId, candidate };
  return undefined;
}

/** The candidate in the diff or editor that has the focus. */
function addressOfActiveTab(): CandidateAddress | undefined {
  const input = window.tabGroups.activeTabGroup.activeTab?.input;
  if (input instanceof TabInputTextDiff) {
    return candidateAddressOf(input.modified) ?? candidateAddressOf(input.original);
  }
  const active = window.activeTextEditor?.document.uri;
  return active === undefined ? undefined : candidateAddressOf(active);
}

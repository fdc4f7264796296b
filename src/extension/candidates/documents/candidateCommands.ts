import type { CommandHandlers } from '../../commandIds';
import type { SessionChooser } from '../../sessions/chooseSession';
import type { SessionStore } from '../../sessions/sessionStore';
import { candidateFromArguments } from './candidateArguments';
import { bestOf, openCandidateDiff, pickCandidate } from './openDiff';
import { t } from '../../base/translate';

/** Commands that open candidates. Arguments: a session (id or tree row), then a candidate number; or a candidate's URI. */
export function candidateCommands(
  store: SessionStore,
  chooser: SessionChooser,
): Pick<CommandHandlers, 'openDiff' | 'openBestDiff'> {
  return {
    async openDiff(...args) {
      const session = await chooser.choose(args, t('Compare a candidate of which session?'));
      const candidate = candidateFromArguments(args) ?? (await pickCandidate(session));
      // From a row of a view the arrow keys go on to the next row.
      await openCandidateDiff(store, session, candidate, { preserveFocus: isRow(args[0]) });
    },
    async openBestDiff(...args) {
      const session = await chooser.choose(args, t('Compare the best candidate of which session?'));
      await openCandidateDiff(store, session, bestOf(session));
    },
  };
}

function isRow(first: unknown): boolean {
  return typeof first === 'object' && first !== null && 'candidate' in first;
}

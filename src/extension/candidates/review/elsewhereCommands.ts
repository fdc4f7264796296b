import { env, languages, window, workspace, WorkspaceEdit, type QuickPickItem } from 'vscode';
import { Cancelled, Refusal } from '../../base/failures';
import type { CommandHandlers } from '../../commandIds';
import type { SessionStore } from '../../sessions/sessionStore';
import type { SessionView } from '../../sessions/sessions';
import { candidateUri } from '../documents/candidateDocuments';
import { openCandidateDiff } from '../documents/openDiff';
import { userFilePlace } from '../documents/userFile';
import { proposedText, type LiveReview } from './liveReview';
import { reviewedPlace } from './reviewedPlace';
import type { Reviewer } from './reviewer';
import type { Reviews } from './reviews';
import { t } from '../../base/translate';

interface Choice extends QuickPickItem {
  readonly take: (text: string) => Promise<void>;
  readonly text: string;
}

/** Where a candidate cannot be accepted into its file: copies of it, or its file anew. Arguments as for all review commands. */
export function elsewhereCommands(needs: {
  readonly store: SessionStore;
  readonly reviews: Reviews;
  readonly reviewer: Reviewer;
}): Pick<CommandHandlers, 'copyOrSaveCandidate' | 'createUserFile'> {
  const { store, reviews, reviewer } = needs;

  async function placeOf(args: readonly unknown[]): Promise<{ session: SessionView; candidate: number }> {
    const { sessionId, candidate } = reviewedPlace(args);
    await store.readCandidate(sessionId, candidate);
    const session = store.get(sessionId);
    if (session === undefined)
      throw new Refusal(t('The session of this candidate is not in the list any more.'));
    return { session, candidate };
  }

  return {
    async copyOrSaveCandidate(...args) {
      const { session, candidate } = await placeOf(args);
      const place = { sessionId: session.id, candidate };
      const program = await store.readCandidate(session.id, candidate);
      const live = await reviews.open(place);
      const proposed = live === undefined ? undefined : await proposedOf(live);
      reviews.releaseUnlessShown(place);
      const path = session.snapshot.problem?.candidate ?? 'candidate.txt';
      const own = await workspace.openTextDocument(candidateUri({ ...place, path, view: 'text' }));
      const save = (text: string): Promise<void> => openAsNewFile(own.languageId, text);
      const choices: Choice[] = [
        { label: t('Save c{0} as a new file', candidate), text: program, take: save },
        { label: t('Copy the program of c{0}', candidate), text: program, take: copy },
      ];
      if (proposed !== undefined && proposed !== program) {
        choices.push(
          { label: t('Save your file with its changes as a new file'), text: proposed, take: save },
          { label: t('Copy your file with its changes'), text: proposed, take: copy },
        );
      }
      const chosen = await window.showQuickPick(choices, { title: t('Take c{0} elsewhere', candidate) });
      if (chosen === undefined) throw new Cancelled();
      await chosen.take(chosen.text);
    },

    async createUserFile(...args) {
      const { session, candidate } = await placeOf(args);
      const target = userFilePlace(session);
      if (target === undefined) {
        throw new Refusal(
          t('This session was not started from this editor, so there is no place for its file.'),
          { title: t('Copy or Save…'), command: 'copyOrSaveCandidate', args: [session.id, candidate] },
        );
      }
      const name = workspace.asRelativePath(target);
      const seed = await store.readCandidate(session.id, 0);
      const edit = new WorkspaceEdit();
      // With what the session began with, so that each change of the candidate can be taken back by itself.
      edit.createFile(target, { contents: Buffer.from(seed, 'utf8'), overwrite: false });
      if (!(await workspace.applyEdit(edit))) {
        throw new Refusal(
          t('{0} could not be created: it is there already, or its folder cannot be written to.', name),
        );
      }
      const live = await reviews.open({ sessionId: session.id, candidate });
      if (live === undefined) throw new Error(t('{0} was created and is not there.', name));
      const done = await reviewer.accept(live, (review) => review.open);
      await openCandidateDiff(store, session, candidate);
      if (done !== undefined) reviewer.tell(live, done.applied, done.fidelity);
    },
  };
}

async function proposedOf(live: LiveReview): Promise<string | undefined> {
  try {
    return proposedText(await live.now());
  } catch (error) {
    if (error instanceof Refusal) return undefined; // the file is gone: there is only the program
    throw error;
  }
}

async function copy(text: string): Promise<void> {
  await env.clipboard.writeText(text);
  window.setStatusBarMessage(t('Copied to the clipboard'), 5000);
}

/** An unsaved file of the same language, that the user saves where they like. */
async function openAsNewFile(languageId: string, text: string): Promise<void> {
  const known = await languages.getLanguages();
  const language = languageId.replace(/^discover-candidate-/, '');
  const document = await workspace.openTextDocument(
    known.includes(language) ? { content: text, language } : { content: text },
  );
  await window.showTextDocument(document, { preview: false });
}

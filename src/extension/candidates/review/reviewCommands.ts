import {
  Range,
  Selection,
  TextEditorRevealType,
  window,
  workspace,
  type Disposable,
  type QuickPickItem,
} from 'vscode';
import { partsOf, type CandidateReview, type ReviewHunk } from '../../../domain/merge/review';
import { Cancelled, Refusal } from '../../base/failures';
import type { CommandHandlers } from '../../commandIds';
import type { SessionStore } from '../../sessions/sessionStore';
import type { SessionView } from '../../sessions/sessions';
import { hunkFromArguments } from '../documents/candidateArguments';
import type { Decisions } from './decisions';
import { changesText, hunkName, sizeText } from './hunkWords';
import { hunkAt, missingFile, type LiveReview } from './liveReview';
import { openConflict } from './mergeEditor';
import { bestOf, openCandidateDiff } from '../documents/openDiff';
import { userFilePlace } from '../documents/userFile';
import { reviewEditor, reviewedPlace } from './reviewedPlace';
import type { Reviewer } from './reviewer';
import type { Reviews } from './reviews';
import { t } from '../../base/translate';

const sayMs = 5000;

type ReviewCommand =
  | 'acceptCandidate'
  | 'rejectCandidate'
  | 'acceptHunk'
  | 'rejectHunk'
  | 'resolveConflict'
  | 'reviewHunks'
  | 'restoreRejected'
  | 'takeBackDecision'
  | 'switchToBest';

export interface ReviewCommandNeeds {
  readonly store: SessionStore;
  readonly reviews: Reviews;
  readonly reviewer: Reviewer;
  readonly decisions: Decisions;
}

/**
 * Commands on the changes of a candidate. Arguments: a session and a candidate number, or a candidate's URI; then the id of
 * a change. Without arguments they are about the diff that has the focus, and the change at its cursor.
 */
export function reviewCommands(needs: ReviewCommandNeeds): Pick<CommandHandlers, ReviewCommand> {
  const { store, reviews, reviewer, decisions } = needs;

  async function open(args: readonly unknown[]): Promise<{ live: LiveReview; session: SessionView }> {
    const place = reviewedPlace(args);
    await store.ready;
    if (store.get(place.sessionId) === undefined)
      throw new Refusal(t('The session of this candidate is not in the list any more.'));
    const live = await reviews.open(place);
    const session = store.get(place.sessionId);
    if (live !== undefined && session !== undefined) return { live, session };
    const file = session === undefined ? undefined : userFilePlace(session);
    if (file !== undefined)
      throw missingFile(workspace.asRelativePath(file), place.sessionId, place.candidate);
    throw new Refusal(
      t(
        'This session was not started from this editor, so there is no file to accept into. Take the program elsewhere.',
      ),
      { title: t('Copy or Save…'), command: 'copyOrSaveCandidate', args: [place.sessionId, place.candidate] },
    );
  }

  /** The hunk that was named, or the one at the cursor, as it is now. */
  function find(args: readonly unknown[], live: LiveReview, review: CandidateReview): ReviewHunk {
    const id = hunkFromArguments(args);
    const line = reviewEditor(live)?.selection.active.line;
    const hunk =
      id !== undefined
        ? review.open.find((one) => one.id === id)
        : line === undefined
          ? undefined
          : hunkAt(review, line);
    if (hunk !== undefined) return hunk;
    throw new Refusal(
      id === undefined
        ? t(
            'There is no change of c{0} at the cursor. Go to the next one with Alt+F5, or choose from a list.',
            live.candidate,
          )
        : t('That change is not open any more: the diff shows what is left.'),
      { title: t('List Changes'), command: 'reviewHunks', args: [live.sessionId, live.candidate] },
    );
  }

  let said: Disposable | undefined;
  /** In the status bar, for a while: what is left says the rest. */
  function say(text: string): void {
    said?.dispose();
    said = window.setStatusBarMessage(text, sayMs);
  }

  async function resolve(live: LiveReview, session: SessionView, hunk: ReviewHunk): Promise<void> {
    const choice = await openConflict(live, session.snapshot.problem?.candidate ?? 'candidate');
    if (choice === 'mine') await reviewer.reject(live, [hunk]);
    if (choice === 'theirs') {
      await reviewer.accept(live, (review) => review.open.filter((one) => one.id === hunk.id));
    }
  }

  return {
    async acceptHunk(...args) {
      const { live, session } = await open(args);
      const named = find(args, live, (await live.now()).review);
      // A key says no more than "this one"; the lens says whose lines it takes.
      if (named.isConflict && hunkFromArguments(args) === undefined) {
        await resolve(live, session, named);
        return;
      }
      const line = named.shown.start;
      const done = await reviewer.accept(live, (review) => review.open.filter((one) => one.id === named.id));
      if (done === undefined) return;
      const { open: left } = done.applied.left;
      if (left.length === 0) reviewer.tell(live, done.applied, done.fidelity);
      else say(t('Accepted {0}; {1} left', sizeText(named), changesText(left.length)));
      goToNext(live, done.applied.left, line);
    },

    async rejectHunk(...args) {
      const { live } = await open(args);
      const hunk = find(args, live, (await live.now()).review);
      await reviewer.reject(live, [hunk]);
      const { review } = await live.now();
      say(
        review.open.length === 0
          ? t('Rejected {0}; nothing left', sizeText(hunk))
          : t('Rejected {0}; {1} left', sizeText(hunk), changesText(review.open.length)),
      );
      goToNext(live, review, hunk.shown.start);
    },

    async resolveConflict(...args) {
      const { live, session } = await open(args);
      await resolve(live, session, find(args, live, (await live.now()).review));
    },

    async acceptCandidate(...args) {
      said?.dispose();
      const { live, session } = await open(args);
      const done = await reviewer.accept(live, (review) => review.open.filter((one) => !one.isConflict));
      reviews.releaseUnlessShown(live);
      if (done !== undefined) {
        reviewer.tell(live, done.applied, done.fidelity);
        return;
      }
      const { review } = await live.now();
      const name = workspace.asRelativePath(live.target);
      if (review.open.length > 0) {
        throw new Refusal(
          review.open.length === 1
            ? t(
                'You and c{0} both changed the same lines of {1}. Nothing was written: decide on each of the lines in the diff.',
                live.candidate,
                name,
              )
            : t(
                'You and c{0} both changed the same lines of {1}. Nothing was written: decide on each of the {2} places in the diff.',
                live.candidate,
                name,
                review.open.length,
              ),
          { title: t('Open Diff'), command: 'openDiff', args: [session.id, live.candidate] },
        );
      }
      void window.showInformationMessage(
        review.rejected.length === 0
          ? review.isExact
            ? t('{0} already holds c{1}.', name, live.candidate)
            : t('{0} already holds every change of c{1}.', name, live.candidate)
          : t(
              'All that is left of c{0} you have rejected. Restore Rejected Changes brings it back.',
              live.candidate,
            ),
      );
    },

    async rejectCandidate(...args) {
      const { live } = await open(args);
      const { review } = await live.now();
      await reviewer.reject(live, review.open);
      if (review.open.length > 0) await decisions.setDismissed(live.sessionId, live.candidate, true);
      void window.showInformationMessage(
        review.open.length === 0
          ? t('There is nothing left of c{0} to reject.', live.candidate)
          : t(
              'Rejected {0} of c{1}, in its descendants too. Restore Rejected Changes brings them back.',
              changesText(review.open.length),
              live.candidate,
            ),
      );
    },

    async reviewHunks(...args) {
      const { live } = await open(args);
      const { review } = await live.now();
      const chosen = await pickHunks(
        review.open,
        t('Changes of c{0}', live.candidate),
        t('Changes to accept into your file'),
        (hunk, index) =>
          hunk.isConflict ? t('conflict with your own edit') : hunkName(hunk, index, review.open.length),
      );
      const ids = new Set(chosen.map((hunk) => hunk.id));
      const done = await reviewer.accept(live, (now) => now.open.filter((hunk) => ids.has(hunk.id)));
      if (done !== undefined) reviewer.tell(live, done.applied, done.fidelity);
    },

    async restoreRejected(...args) {
      const { live } = await open(args);
      const { review } = await live.now();
      const chosen = await pickHunks(
        review.rejected,
        t('Rejected changes of c{0}', live.candidate),
        t('Changes to show again'),
        (hunk) => sizeText(hunk),
      );
      await decisions.restore(live.sessionId, chosen.flatMap(partsOf));
      await decisions.setDismissed(live.sessionId, live.candidate, false);
    },

    async takeBackDecision() {
      say(await reviewer.takeBackLatest());
    },

    async switchToBest(...args) {
      const sessionId = typeof args[0] === 'string' ? args[0] : reviewedPlace(args).sessionId;
      await store.ready;
      const session = store.get(sessionId);
      if (session === undefined)
        throw new Refusal(t('The session of this candidate is not in the list any more.'));
      await openCandidateDiff(store, session, bestOf(session));
    },
  };
}

/** Puts the cursor of the review that has the focus on the next change, or on the last one. */
function goToNext(live: LiveReview, review: CandidateReview, line: number): void {
  const editor = reviewEditor(live);
  const next = review.open.find((hunk) => hunk.shown.start >= line) ?? review.open.at(-1);
  if (editor === undefined || next === undefined) return;
  const place = new Range(next.shown.start, 0, next.shown.start, 0);
  editor.selection = new Selection(place.start, place.end);
  editor.revealRange(place, TextEditorRevealType.InCenterIfOutsideViewport);
}

async function pickHunks(
  hunks: readonly ReviewHunk[],
  title: string,
  placeHolder: string,
  describe: (hunk: ReviewHunk, index: number) => string,
): Promise<readonly ReviewHunk[]> {
  if (hunks.length === 0) {
    void window.showInformationMessage(t('{0}: none.', title));
    throw new Cancelled();
  }
  const items = hunks.map((hunk, index): QuickPickItem & { readonly hunk: ReviewHunk } => ({
    label: firstWords(hunk),
    description: describe(hunk, index),
    hunk,
  }));
  const chosen = await window.showQuickPick(items, { title, placeHolder, canPickMany: true });
  if (chosen === undefined || chosen.length === 0) throw new Cancelled();
  return chosen.map((item) => item.hunk);
}

/** The first line with words in it; of a deletion, of what it takes away. */
function firstWords({ newLines, oldLines }: ReviewHunk): string {
  const added = newLines.find((line) => line.trim() !== '');
  const removed = oldLines.find((line) => line.trim() !== '');
  if (added !== undefined) return added.trim();
  return removed === undefined ? t('blank lines') : t('delete {0}', removed.trim());
}

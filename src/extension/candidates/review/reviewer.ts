import { commands, window, workspace, type Uri } from 'vscode';
import { linesOf } from '../../../domain/merge/textLines';
import { partsOf, takeBack, type CandidateReview, type ReviewHunk } from '../../../domain/merge/review';
import type { ContextKeys } from '../../base/contextKeys';
import type { FailureReporter } from '../../base/failureReporter';
import { Refusal } from '../../base/failures';
import { valueText } from '../../base/words';
import { commandIds } from '../../commandIds';
import type { SessionStore } from '../../sessions/sessionStore';
import { valueOf } from '../../sessions/sessionItems';
import { applyHunks, replaceInDocument, type AppliedHunks } from './applyHunks';
import type { Decisions } from './decisions';
import { changesText } from './hunkWords';
import type { LiveReview } from './liveReview';
import { fidelityOf, type Fidelity } from '../provenance/provenance';
import { isWithoutFile, targetName } from '../documents/reviewTargets';
import type { AcceptedRecords } from '../provenance/acceptedRecords';
import { recordAcceptance } from '../provenance/recordAcceptance';
import { t } from '../../base/translate';

type Decision =
  | { readonly kind: 'accepted'; readonly live: LiveReview; readonly before: string; readonly after: string }
  | { readonly kind: 'rejected'; readonly live: LiveReview; readonly ids: readonly string[] };

export interface ReviewerNeeds {
  readonly store: SessionStore;
  readonly decisions: Decisions;
  readonly accepted: AcceptedRecords;
  readonly contextKeys: ContextKeys;
  readonly failures: Pick<FailureReporter, 'report'>;
  readonly info: (message: string) => void;
  readonly nowMs: () => number;
  /** After what was accepted into a file is on record. */
  readonly onRecorded: (target: Uri) => void;
}

/** Carries decisions out, and takes the latest ones back. */
export class Reviewer {
  /** Decisions of this window that can be taken back, the latest last. */
  private readonly made: Decision[] = [];
  /** Records are written one after the other. */
  private records: Promise<unknown> = Promise.resolve();

  constructor(private readonly needs: ReviewerNeeds) {}

  /** Accepts the chosen changes; `undefined` if none of them is open any more. */
  async accept(
    live: LiveReview,
    choose: (review: CandidateReview) => readonly ReviewHunk[],
  ): Promise<{ readonly applied: AppliedHunks; readonly fidelity: Fidelity } | undefined> {
    const applied = await applyHunks(live, choose);
    if (applied === undefined) return undefined;
    const { hunks, document, durationMs } = applied;
    this.needs.info(
      `Accepted ${changesText(hunks.length)} of c${live.candidate} in ${document.lineCount} lines, in ${Math.round(durationMs)} ms`,
    );
    this.remember({ kind: 'accepted', live, before: applied.before, after: applied.after });
    await this.needs.decisions.addAccepted(live.sessionId, live.candidate);
    // The lines are in the file by now: a record that fails is a failure of its own.
    this.records = this.records.then(() =>
      this.record(live, applied).catch((error: unknown) =>
        this.needs.failures.report('accepted.json', error),
      ),
    );
    await this.records;
    return { applied, fidelity: fidelityOf(applied.left) };
  }

  async reject(live: LiveReview, hunks: readonly ReviewHunk[]): Promise<void> {
    const ids = hunks.flatMap(partsOf);
    if (ids.length === 0) return;
    await this.needs.decisions.reject(live.sessionId, ids);
    this.remember({ kind: 'rejected', live, ids });
  }

  /** Takes the latest decision of this window back, whatever was typed since; what it was, in words. */
  async takeBackLatest(): Promise<string> {
    const decision = this.made.pop();
    this.tellKeys();
    if (decision === undefined) {
      throw new Refusal(
        t(
          'Nothing that could be taken back was accepted or rejected in this window. Undo works in your own file as ever.',
        ),
      );
    }
    const { live } = decision;
    if (decision.kind === 'rejected') {
      await this.needs.decisions.restore(live.sessionId, decision.ids);
      await this.needs.decisions.setDismissed(live.sessionId, live.candidate, false);
      return t('The rejected change of c{0} is open again.', live.candidate);
    }
    const name = targetName(live.target);
    const document = await workspace.openTextDocument(live.target);
    const mine = document.getText();
    const replacements = takeBack(decision.before, decision.after, mine);
    if (replacements === undefined) {
      throw new Refusal(
        t(
          'You changed the lines that came from c{0} since, so they were not taken out. Undo in {1} goes back step by step.',
          live.candidate,
          name,
        ),
        { title: t('Show File'), command: { id: 'vscode.open' }, args: [live.target] },
      );
    }
    if (replacements.length === 0) return t('{0} holds nothing of it any more.', name);
    if (!(await replaceInDocument(document, linesOf(mine), replacements))) {
      this.remember(decision);
      throw new Refusal(
        t('{0} is read-only, or changed at that very moment. Nothing was changed: try again.', name),
      );
    }
    return t('What you accepted from c{0} is out of {1} again.', live.candidate, name);
  }

  /** Says what was accepted, and whether the candidate's score is the file's. Answers no question by itself. */
  tell(live: LiveReview, applied: AppliedHunks, fidelity: Fidelity): void {
    const session = this.needs.store.get(live.sessionId);
    const name = targetName(live.target);
    const value = session === undefined ? undefined : valueOf(session.snapshot, live.candidate);
    const metric = session?.snapshot.problem?.metric;
    const score =
      value === undefined ? undefined : `${metric?.name ?? t('value')} ${valueText(value, metric?.unit)}`;
    const { open, rejected } = applied.left;
    const left = open.length + rejected.length;
    const standing = standingText(fidelity, score, left);
    const key = process.platform === 'darwin' ? '⌘Z' : 'Ctrl+Z';
    const show = t('Show File');
    const what =
      fidelity === 'partial'
        ? t('Accepted c{0} in part into {1}.', live.candidate, name)
        : t('Accepted c{0} into {1}.', live.candidate, name);
    const measure = t('Re-evaluate');
    // What lies in no file has no problem beside it to be measured under.
    const buttons = fidelity === 'exact' || isWithoutFile(live.target) ? [show] : [measure, show];
    void window
      .showInformationMessage(`${what} ${standing} ${t('Undo with {0}.', key)}`, ...buttons)
      .then((chosen) => {
        if (chosen === show) void window.showTextDocument(live.target);
        if (chosen === measure) {
          const { reevaluateFile } = commandIds;
          void commands.executeCommand(reevaluateFile, live.target, live.sessionId, live.candidate);
        }
      });
  }

  private async record(live: LiveReview, applied: AppliedHunks): Promise<void> {
    const session = this.needs.store.get(live.sessionId);
    if (session === undefined)
      throw new Refusal(t('Session {0} is not in the list any more.', live.sessionId));
    await this.needs.store.setAccepted(live.sessionId, live.candidate);
    // The record is kept beside files: of what lies in none, nothing is written to disk.
    if (isWithoutFile(live.target)) return;
    await recordAcceptance(this.needs.accepted, session, live.candidate, applied, this.needs.nowMs());
    this.needs.onRecorded(live.target);
  }

  private remember(decision: Decision): void {
    this.made.push(decision);
    this.tellKeys();
  }

  private tellKeys(): void {
    this.needs.contextKeys.set('tttDiscover.canTakeBack', this.made.length > 0);
  }
}

function standingText(fidelity: Fidelity, score: string | undefined, left: number): string {
  switch (fidelity) {
    case 'exact':
      return score === undefined
        ? t('The file is what was scored.')
        : t('The file is what was scored ({0}).', score);
    case 'rebased':
      return t('With your own edits kept, so this text was not scored.');
    case 'partial':
      return left === 1
        ? t('{0} of it is not in the file, so this text was not scored.', changesText(left))
        : t('{0} of it are not in the file, so this text was not scored.', changesText(left));
  }
}

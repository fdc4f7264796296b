import { EndOfLine, workspace, type TextDocument, type Uri } from 'vscode';
import { reviewCandidate, type CandidateReview, type ReviewHunk } from '../../../domain/merge/review';
import { Refusal } from '../../base/failures';
import { isThere } from '../documents/userFile';
import type { Decisions } from './decisions';
import { t } from '../../base/translate';

/** A document as it was, and what a candidate would make of it. */
export interface ReviewedDocument {
  readonly document: TextDocument;
  /** Of the document when it was judged: an edit that is made from the review belongs to this version only. */
  readonly version: number;
  readonly review: CandidateReview;
}

export interface LiveReviewContext {
  readonly sessionId: string;
  readonly candidate: number;
  /** The user's file. */
  readonly target: Uri;
  /** The best candidate when the review began. */
  readonly bestAtStart: number | undefined;
  readonly decisions: Decisions;
  readonly readCandidate: (candidate: number) => Promise<string>;
  /** The candidates that were accepted before, oldest first. */
  readonly acceptedCandidates: () => Promise<readonly number[]>;
}

/** One candidate beside the user's live document. What it shows is computed from the texts, again after every change. */
export class LiveReview {
  /** When the proposed text last changed, Unix milliseconds; it never goes back. */
  changedAtMs: number;
  /** The latest review, for what is drawn at once; absent before the first. */
  latest: ReviewedDocument | undefined;
  /** What the merge editor was opened with; it does not change while the user works there. */
  frozen: ConflictTexts | undefined;
  private readonly texts = new Map<number, Promise<string>>();

  constructor(
    readonly context: LiveReviewContext,
    private readonly nowMs: () => number,
  ) {
    this.changedAtMs = nowMs();
  }

  get sessionId(): string {
    return this.context.sessionId;
  }

  get candidate(): number {
    return this.context.candidate;
  }

  get target(): Uri {
    return this.context.target;
  }

  /** Judges the document as it is now. */
  async now(): Promise<ReviewedDocument> {
    const { context } = this;
    const before = (await context.acceptedCandidates()).filter((one) => one !== this.candidate);
    const [seed, candidate, ...accepted] = await Promise.all(
      [0, this.candidate, ...before].map((one) => this.text(one)),
    );
    const document = await this.openTarget();
    const texts = { seed: seed ?? '', candidate: candidate ?? '', accepted, mine: document.getText() };
    const reviewed = {
      document,
      version: document.version,
      review: reviewCandidate(texts, context.decisions.rejected(this.sessionId)),
    };
    if (this.latest !== undefined && proposedText(this.latest) !== proposedText(reviewed)) {
      this.changedAtMs = Math.max(this.nowMs(), this.changedAtMs + 1);
    }
    this.latest = reviewed;
    return reviewed;
  }

  /** Keeps both sides of a conflict as they are now. */
  async freeze(): Promise<void> {
    const reviewed = await this.now();
    this.frozen = conflictTexts(reviewed);
  }

  private async openTarget(): Promise<TextDocument> {
    const { target, sessionId, candidate } = this;
    try {
      return await workspace.openTextDocument(target);
    } catch (error) {
      if (await isThere(target)) throw error;
      throw missingFile(workspace.asRelativePath(target), sessionId, candidate, error);
    }
  }

  private text(candidate: number): Promise<string> {
    const known = this.texts.get(candidate) ?? this.context.readCandidate(candidate);
    this.texts.set(candidate, known);
    known.catch(() => this.texts.delete(candidate));
    return known;
  }
}

/** The user's file was deleted or renamed: it can be made again. */
export function missingFile(name: string, sessionId: string, candidate: number, cause?: unknown): Refusal {
  return new Refusal(
    t(
      '{0} is not there any more, so there is nothing to accept into. Put it back, or create it from c{1}.',
      name,
      candidate,
    ),
    { title: t('Create File'), command: 'createUserFile', args: [sessionId, candidate] },
    { cause },
  );
}

/** The three texts of a merge editor. */
export interface ConflictTexts {
  readonly base: string;
  readonly yours: string;
  readonly theirs: string;
}

export function conflictTexts(reviewed: ReviewedDocument): ConflictTexts {
  return {
    base: reviewed.review.base.join(lineEndOf(reviewed.document)),
    yours: reviewed.document.getText(),
    theirs: proposedText(reviewed),
  };
}

function lineEndOf(document: TextDocument): string {
  return document.eol === EndOfLine.CRLF ? '\r\n' : '\n';
}

/** The text that the review's document shows: the user's file with every open change in its place. */
export function proposedText({ document, review }: ReviewedDocument): string {
  return review.proposed.join(lineEndOf(document));
}

/** The open change at a line of the proposed text, the line after a deletion counts as its place. */
export function hunkAt(review: CandidateReview, line: number): ReviewHunk | undefined {
  const last = review.proposed.length - 1;
  return review.open.find(({ shown }) =>
    shown.start === shown.end
      ? line === Math.min(shown.start, last)
      : shown.start <= line && line < shown.end,
  );
}

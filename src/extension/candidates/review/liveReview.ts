import { EndOfLine, workspace, type TextDocument, type Uri } from 'vscode';
import { reviewsOf, type CandidateReview, type ReviewHunk } from '../../../domain/merge/review';
import { sameLines } from '../../../domain/merge/textLines';
import { Refusal, type Remedy } from '../../base/failures';
import { canBeOpened, isWithoutFile, targetName } from '../documents/reviewTargets';
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

interface PreparedReview {
  readonly acceptedBefore: readonly number[];
  readonly review: ReturnType<typeof reviewsOf>;
}

/** What a review is made from, besides the document's version. */
interface ReviewedState {
  readonly prepared: PreparedReview;
  readonly document: TextDocument;
  /** The document's own may be another by now. */
  readonly eol: EndOfLine;
  readonly rejected: ReadonlySet<string>;
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
  private prepared: PreparedReview | undefined;
  private latestIsOf: ReviewedState | undefined;

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
    const prepared = await this.prepare(before);
    const document = await this.openTarget();
    const rejected = context.decisions.rejected(this.sessionId);
    const { latest } = this;
    if (latest !== undefined && this.isOf(latest, { prepared, document, rejected })) return latest;
    const reviewed = {
      document,
      version: document.version,
      review: prepared.review(document.getText(), rejected),
    };
    const { eol } = document;
    const isSame =
      this.latestIsOf?.eol === eol &&
      latest !== undefined &&
      sameLines(latest.review.proposed, reviewed.review.proposed);
    if (latest !== undefined && !isSame) {
      this.changedAtMs = Math.max(this.nowMs(), this.changedAtMs + 1);
    }
    this.latest = reviewed;
    this.latestIsOf = { prepared, document, eol, rejected };
    return reviewed;
  }

  /** Keeps both sides of a conflict as they are now. */
  async freeze(): Promise<void> {
    const reviewed = await this.now();
    this.frozen = conflictTexts(reviewed);
  }

  /** What can be known of the texts that do not change while the user types. */
  private async prepare(acceptedBefore: readonly number[]): Promise<PreparedReview> {
    const [seed = '', candidate = '', ...accepted] = await Promise.all(
      [0, this.candidate, ...acceptedBefore].map((one) => this.text(one)),
    );
    const known = this.prepared;
    if (known !== undefined && isSameList(known.acceptedBefore, acceptedBefore)) return known;
    const made = { acceptedBefore, review: reviewsOf({ seed, candidate, accepted }) };
    this.prepared = made;
    return made;
  }

  /** Nothing that a review is made from has changed since. */
  private isOf(
    latest: ReviewedDocument,
    { prepared, document, rejected }: Omit<ReviewedState, 'eol'>,
  ): boolean {
    const of = this.latestIsOf;
    return (
      of !== undefined &&
      of.prepared === prepared &&
      of.document === document &&
      latest.version === document.version &&
      isSameList([...of.rejected], [...rejected])
    );
  }

  private async openTarget(): Promise<TextDocument> {
    const { target, sessionId, candidate } = this;
    try {
      // One that was closed would be made anew, and empty.
      if (isWithoutFile(target) && !(await canBeOpened(target))) throw closedTarget(target, this);
      return await workspace.openTextDocument(target);
    } catch (error) {
      if (error instanceof Refusal || (await canBeOpened(target))) throw error;
      throw missingFile(targetName(target), sessionId, candidate, error);
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
      '{0} is not there any more, so there is nothing to accept into. Put it back, create it from c{1}, or choose another open document.',
      name,
      candidate,
    ),
    { title: t('Create File'), command: 'createUserFile', args: [sessionId, candidate] },
    { cause, otherwise: anotherDocument(sessionId, candidate) },
  );
}

function closedTarget(target: Uri, { sessionId, candidate }: LiveReview): Refusal {
  return new Refusal(
    t(
      '{0} was closed, so there is nothing to accept into. Choose another open document.',
      targetName(target),
    ),
    anotherDocument(sessionId, candidate),
  );
}

function anotherDocument(sessionId: string, candidate: number): Remedy {
  return { title: t('Choose Another Document…'), command: 'reviewAgainst', args: [sessionId, candidate] };
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

function isSameList<T>(one: readonly T[], other: readonly T[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
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

import { Disposable, EventEmitter, FileChangeType, workspace, type FileChangeEvent, type Uri } from 'vscode';
import { Coalescer } from '../../sessions/coalesce';
import type { SessionStore } from '../../sessions/sessionStore';
import { candidateUri } from '../documents/candidateDocuments';
import { candidateAddressOf, type CandidateAddress } from '../documents/candidateUri';
import type { Decisions } from './decisions';
import { LiveReview } from './liveReview';
import { reviewTargetOf } from '../documents/reviewTargets';

/** At most this often is a review made anew while the user types. */
const recomputeIntervalMs = 150;

type Place = Pick<CandidateAddress, 'sessionId' | 'candidate'>;

interface OpenReview {
  readonly address: CandidateAddress;
  readonly review: LiveReview;
  /** Which of the review's texts the editor was last told of. */
  announcedAtMs: number;
}

/** Every review that is open in this window. Documents, decisions and disks change as they like: the reviews follow. */
export class Reviews implements Disposable {
  private readonly live = new Map<string, OpenReview>();
  private readonly changed = new EventEmitter<LiveReview>();
  private readonly files = new EventEmitter<FileChangeEvent[]>();
  private readonly coalescer: Coalescer;
  private readonly subscriptions: Disposable;
  /** A review was made anew: its hunks may be others now. */
  readonly onDidChange = this.changed.event;
  /** The text of a review's document changed. */
  readonly onDidChangeFile = this.files.event;

  constructor(
    private readonly store: SessionStore,
    private readonly decisions: Decisions,
    private readonly warn: (message: string, error: unknown) => void,
    private readonly nowMs: () => number,
  ) {
    this.coalescer = new Coalescer((key) => void this.recompute(key), recomputeIntervalMs);
    const decided = decisions.onDidChange((sessionId) => this.touch((one) => one.sessionId === sessionId));
    const touchTarget = (uri: Uri): void => this.touch((one) => one.target.toString() === uri.toString());
    this.subscriptions = Disposable.from(
      workspace.onDidChangeTextDocument(({ document }) => touchTarget(document.uri)),
      workspace.onDidOpenTextDocument((document) => touchTarget(document.uri)),
      workspace.onDidCloseTextDocument(({ uri }) => {
        const address = candidateAddressOf(uri);
        if (address?.view === 'review') this.live.delete(keyOf(address));
      }),
      new Disposable(() => decided.dispose()),
    );
  }

  /** The review of a candidate; `undefined` if there is nothing on this machine that it could be reviewed against. */
  async open(place: Place): Promise<LiveReview | undefined> {
    const known = this.get(place);
    if (known !== undefined) return known;
    const { sessionId, candidate } = place;
    // Reading it brings the session's journal in, which says where the file is.
    await this.store.readCandidate(sessionId, candidate);
    const session = this.store.get(sessionId);
    const target = session === undefined ? undefined : await reviewTargetOf(session);
    if (session === undefined || target === undefined) return undefined;
    const path = session.snapshot.problem?.candidate ?? 'candidate';
    const review = new LiveReview(
      {
        sessionId,
        candidate,
        target,
        bestAtStart: session.snapshot.best,
        decisions: this.decisions,
        readCandidate: (one) => this.store.readCandidate(sessionId, one),
        acceptedCandidates: () => this.acceptedOf(sessionId),
      },
      this.nowMs,
    );
    // Another call may have been here while this one waited.
    const winner = this.get(place) ?? review;
    if (winner === review) {
      const address = { sessionId, candidate, path, view: 'review' } as const;
      this.live.set(keyOf(place), { address, review, announcedAtMs: review.changedAtMs });
    }
    return winner;
  }

  get({ sessionId, candidate }: Place): LiveReview | undefined {
    return this.live.get(keyOf({ sessionId, candidate }))?.review;
  }

  /** Another document is the target of a session's reviews: what is shown of them is read anew. */
  forget(sessionId: string): void {
    for (const [key, { address }] of this.live) {
      if (address.sessionId !== sessionId) continue;
      this.live.delete(key);
      this.files.fire([{ type: FileChangeType.Changed, uri: candidateUri(address) }]);
    }
  }

  /** Lets go of a review that was opened for one command and that no document shows. */
  releaseUnlessShown(place: Place): void {
    const isShown = workspace.textDocuments.some(({ uri }) => {
      const address = candidateAddressOf(uri);
      return address?.view === 'review' && keyOf(address) === keyOf(place);
    });
    if (!isShown) this.live.delete(keyOf(place));
  }

  dispose(): void {
    this.subscriptions.dispose();
    this.coalescer.dispose();
    this.changed.dispose();
    this.files.dispose();
  }

  private touch(isMeant: (review: LiveReview) => boolean): void {
    for (const [key, { review }] of this.live) if (isMeant(review)) this.coalescer.touch(key);
  }

  private async recompute(key: string): Promise<void> {
    const one = this.live.get(key);
    if (one === undefined) return;
    const { address, review } = one;
    try {
      await review.now();
      if (review.changedAtMs !== one.announcedAtMs) {
        one.announcedAtMs = review.changedAtMs;
        this.files.fire([{ type: FileChangeType.Changed, uri: candidateUri(address) }]);
      }
      this.changed.fire(review);
    } catch (error) {
      this.warn(`The review of c${address.candidate} could not be made anew`, error);
    }
  }

  private async acceptedOf(sessionId: string): Promise<readonly number[]> {
    const here = this.decisions.accepted(sessionId);
    const last = await this.store.acceptedCandidate(sessionId);
    return last === undefined || here.includes(last) ? here : [last, ...here];
  }
}

function keyOf({ sessionId, candidate }: Place): string {
  return `${sessionId}/${candidate}`;
}

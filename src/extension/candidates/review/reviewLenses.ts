import {
  CodeLens,
  Disposable,
  EventEmitter,
  languages,
  Range,
  type CodeLensProvider,
  type Event,
  type TextDocument,
} from 'vscode';
import type { Closeable } from '../../base/emitter';
import { commandIds } from '../../commandIds';
import { candidateAddressOf, candidateScheme } from '../documents/candidateUri';
import { doneLens, hunkLenses } from './hunkWords';
import type { LiveReview } from './liveReview';
import type { Reviews } from './reviews';

/** Accept and reject, over each change of a review. */
class ReviewLenses implements CodeLensProvider, Closeable {
  private readonly changes = new EventEmitter<void>();
  private readonly subscription: Disposable;
  readonly onDidChangeCodeLenses: Event<void> = this.changes.event;

  constructor(private readonly reviews: Reviews) {
    this.subscription = reviews.onDidChange(() => this.changes.fire());
  }

  async provideCodeLenses(document: TextDocument): Promise<CodeLens[]> {
    const address = candidateAddressOf(document.uri);
    if (address?.view !== 'review') return [];
    const live = await this.reviews.open(address);
    if (live === undefined) return [];
    const { review } = live.latest ?? (await live.now());
    if (review.open.length === 0) {
      const { title, tooltip } = doneLens(review, live.candidate);
      return [
        new CodeLens(new Range(0, 0, 0, 0), {
          title,
          tooltip,
          command: 'vscode.open',
          arguments: [live.target],
        }),
      ];
    }
    return hunkLenses(review, live.candidate).flatMap(({ line, hunkId, actions }) =>
      actions.map(
        ({ title, tooltip, command }) =>
          new CodeLens(new Range(line, 0, line, 0), {
            title,
            tooltip,
            command: commandIds[command],
            arguments: hunkArguments(live, hunkId),
          }),
      ),
    );
  }

  dispose(): void {
    this.subscription.dispose();
    this.changes.dispose();
  }
}

function hunkArguments(live: LiveReview, hunkId: string): unknown[] {
  return [live.sessionId, live.candidate, hunkId];
}

export function registerReviewLenses(reviews: Reviews): Disposable[] {
  const lenses = new ReviewLenses(reviews);
  return [
    new Disposable(() => lenses.dispose()),
    languages.registerCodeLensProvider({ scheme: candidateScheme }, lenses),
  ];
}

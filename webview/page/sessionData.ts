import { constructionView } from '../../src/domain/session/constructionView';
import type { ComparableSession, Overlay } from '../../src/protocol/dashboardData';
import type { ToDashboard } from '../../src/protocol/dashboardMessages';
import { ColumnStore } from '../data/columnStore';
import { withHistograms, type Histograms } from '../data/histogramStore';
import { makeScene, type BestView, type Choices, type Scene } from '../data/scene';
import type { PageModel } from './pageModel';

/** All that was sent beside the snapshot and its patches. */
export class SessionData {
  readonly #columns = new ColumnStore();
  #histograms: Histograms | undefined;
  #comparable: readonly ComparableSession[] = [];
  #overlays: readonly Overlay[] = [];
  #bestView: BestView | undefined;

  /** Whether the message was about this. */
  take(message: ToDashboard): boolean {
    switch (message.type) {
      case 'columns':
        this.#columns.take(message.isWhole, message.columns);
        return true;
      case 'histograms':
        this.#histograms = withHistograms(this.#histograms, message.isWhole, message.histograms);
        return true;
      case 'comparison':
        this.#comparable = message.sessions;
        this.#overlays = message.overlays;
        return true;
      case 'bestView': {
        // An evaluator's picture that breaks a bound is not drawn; everything else is as without one.
        const view = constructionView.safeParse(message.view);
        this.#bestView = {
          candidate: message.candidate,
          view: view.success ? view.data : undefined,
          note: message.note,
        };
        return true;
      }
      default:
        return false;
    }
  }

  scene({ header, steps, candidates }: PageModel, choices: Choices): Scene {
    return makeScene({
      header,
      steps,
      candidates,
      rows: this.#columns.rows,
      histograms: this.#histograms,
      comparable: this.#comparable,
      overlays: this.#overlays,
      bestView: this.#bestView,
      choices,
    });
  }
}

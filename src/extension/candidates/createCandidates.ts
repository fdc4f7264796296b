import { Disposable, type ExtensionContext, type LogOutputChannel } from 'vscode';
import { ContextKeys } from '../base/contextKeys';
import type { FailureReporter } from '../base/failureReporter';
import { stackOf } from '../base/failures';
import type { SessionChooser } from '../sessions/chooseSession';
import type { SessionStore } from '../sessions/sessionStore';
import { registerAcceptedHover } from './provenance/acceptedHover';
import { BestNotice } from './review/bestNotice';
import { candidateCommands } from './documents/candidateCommands';
import { registerCandidateDocuments } from './documents/candidateDocuments';
import { Decisions } from './review/decisions';
import { reviewCommands } from './review/reviewCommands';
import { Reviewer } from './review/reviewer';
import { registerReviewLenses } from './review/reviewLenses';
import { Reviews } from './review/reviews';

type Handlers = ReturnType<typeof candidateCommands> & ReturnType<typeof reviewCommands>;

/** Reading candidates, judging their changes and accepting them. */
export function createCandidates(needs: {
  readonly context: ExtensionContext;
  readonly store: SessionStore;
  readonly chooser: SessionChooser;
  readonly failures: FailureReporter;
  readonly log: LogOutputChannel;
}): { readonly commands: Handlers; readonly dispose: () => void } {
  const { context, store, chooser, failures, log } = needs;
  const warn = (message: string, error: unknown): void => log.warn(`${message}: ${stackOf(error)}`);
  const contextKeys = new ContextKeys();
  const decisions = new Decisions(context.workspaceState, (error) => warn('A listener of decisions', error));
  const reviews = new Reviews(store, decisions, warn, Date.now);
  const reviewer = new Reviewer({ store, decisions, contextKeys, failures, nowMs: Date.now });
  const registered = Disposable.from(
    registerCandidateDocuments(store, reviews),
    ...registerReviewLenses(reviews),
    new BestNotice(store, reviews, contextKeys),
    registerAcceptedHover(warn),
    reviews,
  );
  return {
    commands: {
      ...candidateCommands(store, chooser),
      ...reviewCommands({ store, reviews, reviewer, decisions }),
    },
    dispose: () => {
      registered.dispose();
    },
  };
}

import { Disposable, type ExtensionContext, type LogOutputChannel } from 'vscode';
import { ContextKeys } from '../base/contextKeys';
import type { FailureReporter } from '../base/failureReporter';
import { stackOf } from '../base/failures';
import type { SessionChooser } from '../sessions/chooseSession';
import type { SessionStore } from '../sessions/sessionStore';
import { createLineage } from '../lineage/createLineage';
import { registerAcceptedHover } from './provenance/acceptedHover';
import { registerAcceptedLenses } from './provenance/acceptedLenses';
import { AcceptedRecords } from './provenance/acceptedRecords';
import { AcceptedText } from './provenance/acceptedText';
import { commitTrailerCommand } from './provenance/commitTrailer';
import { askWhetherToIgnore } from './provenance/ignoreQuestion';
import { RecordKeeper } from './provenance/recordKeeper';
import { elsewhereCommands } from './review/elsewhereCommands';
import { BestNotice } from './review/bestNotice';
import { candidateCommands } from './documents/candidateCommands';
import { registerCandidateDocuments } from './documents/candidateDocuments';
import { Decisions } from './review/decisions';
import { reviewAgainstCommand } from './review/reviewAgainst';
import { reviewCommands } from './review/reviewCommands';
import { Reviewer } from './review/reviewer';
import { registerReviewLenses } from './review/reviewLenses';
import { Reviews } from './review/reviews';

type Handlers = ReturnType<typeof candidateCommands> &
  ReturnType<typeof reviewCommands> &
  ReturnType<typeof elsewhereCommands> &
  ReturnType<typeof reviewAgainstCommand> &
  ReturnType<typeof commitTrailerCommand> &
  ReturnType<typeof createLineage>['commands'];

/** Reading candidates, judging their changes and accepting them. */
export function createCandidates(needs: {
  readonly context: ExtensionContext;
  readonly store: SessionStore;
  readonly chooser: SessionChooser;
  readonly failures: FailureReporter;
  readonly log: LogOutputChannel;
}): { readonly commands: Handlers; readonly accepted: AcceptedRecords; readonly dispose: () => void } {
  const { context, store, chooser, failures, log } = needs;
  const warn = (message: string, error: unknown): void => log.warn(`${message}: ${stackOf(error)}`);
  const contextKeys = new ContextKeys();
  const decisions = new Decisions(context.workspaceState, (error) => warn('A listener of decisions', error));
  const reviews = new Reviews(store, decisions, warn, Date.now);
  const records = new AcceptedRecords();
  const texts = new AcceptedText(records);
  const reviewer = new Reviewer({
    store,
    decisions,
    accepted: records,
    contextKeys,
    failures,
    info: (message) => log.info(message),
    nowMs: Date.now,
    onRecorded: (target) =>
      void failures.guard('.gitignore', () => askWhetherToIgnore(target, context.workspaceState)),
  });
  const lineage = createLineage({ context, store, chooser, records, decisions, contextKeys, log });
  const registered = Disposable.from(
    registerCandidateDocuments(store, reviews),
    ...registerReviewLenses(reviews),
    new BestNotice(store, reviews, contextKeys),
    registerAcceptedHover(texts, warn),
    registerAcceptedLenses(texts, records, warn),
    new RecordKeeper(records, texts, warn),
    records,
    lineage,
    reviews,
  );
  return {
    accepted: records,
    commands: {
      ...candidateCommands(store, chooser),
      ...reviewCommands({ store, reviews, reviewer, decisions }),
      ...elsewhereCommands({ store, reviews, reviewer }),
      ...reviewAgainstCommand({ store, chooser, reviews }),
      ...commitTrailerCommand(texts),
      ...lineage.commands,
    },
    dispose: () => {
      registered.dispose();
    },
  };
}

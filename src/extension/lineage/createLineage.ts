import { Disposable, type ExtensionContext, type LogOutputChannel } from 'vscode';
import * as z from 'zod';
import type { ContextKeys } from '../base/contextKeys';
import { stackOf } from '../base/failures';
import type { AcceptedRecords } from '../candidates/provenance/acceptedRecords';
import { userFilePlace } from '../candidates/documents/userFile';
import type { Decisions } from '../candidates/review/decisions';
import type { SessionChooser } from '../sessions/chooseSession';
import type { SessionStore } from '../sessions/sessionStore';
import { CandidateDecisions } from './candidateDecisions';
import { CandidatesView } from './candidatesView';
import { lineageCommands } from './lineageCommands';
import { LineageTab } from './lineageTab';
import { ShownSession } from './shownSession';

const orderKey = 'tttDiscover.candidatesOrder';
const order = z.enum(['tree', 'best', 'newest']).catch('tree');

/** Who came from whom: the Candidates view, lineages as diffs, and the search for candidates. */
export function createLineage(needs: {
  readonly context: ExtensionContext;
  readonly store: SessionStore;
  readonly chooser: SessionChooser;
  readonly records: AcceptedRecords;
  readonly decisions: Decisions;
  readonly contextKeys: ContextKeys;
  readonly log: LogOutputChannel;
}): { readonly commands: ReturnType<typeof lineageCommands>; readonly dispose: () => void } {
  const { context, store, chooser, records, contextKeys, log } = needs;
  const memory = context.workspaceState;
  const warn = (message: string, error: unknown): void => log.warn(`${message}: ${stackOf(error)}`);
  const shown = new ShownSession(store, memory, (error) => warn('A listener of the shown session', error));
  const decisions = new CandidateDecisions(
    {
      recordsOf: async (sessionId) => {
        const session = store.get(sessionId);
        const file = session === undefined ? undefined : userFilePlace(session);
        return file === undefined ? [] : records.of(file);
      },
      dismissedOf: (sessionId) => needs.decisions.dismissed(sessionId),
    },
    warn,
  );
  const refresh = (): void => {
    const id = shown.current?.id;
    if (id !== undefined) void decisions.refresh(id);
  };
  const decided = needs.decisions.onDidChange(refresh);
  const view = new CandidatesView({
    sessions: store,
    shown,
    decisions,
    contextKeys,
    order: order.parse(memory.get(orderKey)),
  });
  const tab = new LineageTab(contextKeys);
  const subscriptions = Disposable.from(
    records.onDidChange(refresh),
    new Disposable(() => decided.dispose()),
    new Disposable(() => view.dispose()),
    new Disposable(() => decisions.dispose()),
    new Disposable(() => shown.dispose()),
    tab,
  );
  return {
    commands: lineageCommands({
      store,
      chooser,
      shown,
      view,
      tab,
      keepOrder: (chosen) => memory.update(orderKey, chosen),
      warn,
    }),
    dispose: () => {
      subscriptions.dispose();
    },
  };
}

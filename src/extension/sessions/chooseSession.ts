import { window, type QuickPickItem } from 'vscode';
import * as z from 'zod';
import { Cancelled, Refusal } from '../base/failures';
import { t } from '../base/translate';
import { candidateScheme, parseCandidatePath } from '../candidates/documents/candidateUri';
import { sessionItem } from './sessionItems';
import { titleOf } from './sessionNames';
import type { Sessions, SessionView } from './sessions';

const row = z.object({ sessionId: z.string() });
const uri = z.object({ scheme: z.literal(candidateScheme), path: z.string() });

/** The session among a command's arguments: its id, a row of the Sessions view, or the URI of a candidate. */
export function sessionFromArguments(args: readonly unknown[]): string | undefined {
  const first = args[0];
  if (typeof first === 'string') return first;
  const asRow = row.safeParse(first);
  if (asRow.success) return asRow.data.sessionId;
  const asUri = uri.safeParse(first);
  return asUri.success ? parseCandidatePath(asUri.data.path)?.sessionId : undefined;
}

/** Finds the session that a command is about; asks where the arguments do not say and there are several. */
export class SessionChooser {
  constructor(
    private readonly sessions: Sessions & { readonly ready: Promise<void> },
    private readonly nowMs: () => number,
  ) {}

  async choose(
    args: readonly unknown[],
    question: string,
    isEligible: (session: SessionView) => boolean = () => true,
  ): Promise<SessionView> {
    await this.sessions.ready;
    const named = sessionFromArguments(args);
    if (named !== undefined) {
      const session = this.sessions.get(named);
      if (session === undefined) throw new Refusal(t('Session {0} is not in the list any more.', named));
      return session;
    }
    const eligible = this.sessions.all.filter(isEligible);
    const [only] = eligible;
    if (only === undefined) {
      throw new Refusal(t('There is no session for this yet. Open a problem and start one.'), {
        title: t('Open Sample Problems'),
        command: 'openSamples',
      });
    }
    if (eligible.length === 1) return only;
    const items = eligible.map((session): QuickPickItem & { readonly session: SessionView } => ({
      label: titleOf(session),
      description: sessionItem(session, this.nowMs(), eligible).description,
      detail: session.hostLabel,
      session,
    }));
    const chosen = await window.showQuickPick(items, { title: question, matchOnDescription: true });
    if (chosen === undefined) throw new Cancelled();
    return chosen.session;
  }
}

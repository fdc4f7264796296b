import { window } from 'vscode';
import { notesKept, noteText } from '../../domain/session/notes';
import { Cancelled, Refusal } from '../base/failures';
import { whenSlow } from '../base/progress';
import { t } from '../base/translate';
import type { CommandHandlers } from '../commandIds';
import type { SessionChooser } from './chooseSession';
import { isEnded } from './sessionItems';
import { titleOf } from './sessionNames';
import type { SessionStore } from './sessionStore';
import type { SessionView } from './sessions';

const shownForMs = 8000;

/** Steering with notes. First argument: a session id or a row of the Sessions view. */
export function steerCommands(
  store: Pick<SessionStore, 'all' | 'note' | 'removeNotes'>,
  chooser: Pick<SessionChooser, 'choose'>,
): Pick<CommandHandlers, 'steerSession' | 'removeNotes'> {
  return {
    async steerSession(...args) {
      const session = await chooser.choose(args, t('Steer which session?'), oneOf(store.all, maySteer));
      requireReader(session);
      const text = await window.showInputBox({
        title: t('Steer "{0}" With a Note', titleOf(session)),
        prompt: t('The prompts of the next steps cite it. The newest {0} notes count.', notesKept),
        placeHolder: t('What to try, or what to leave alone'),
        ignoreFocusOut: true,
        validateInput: (typed) => (typed === '' ? undefined : problemOf(typed)),
      });
      if (text === undefined || text.trim() === '') throw new Cancelled();
      await steer(store, session, text);
      window.setStatusBarMessage(t('Noted: prompts cite it from the next step on'), shownForMs);
    },
    async removeNotes(...args) {
      const session = await chooser.choose(
        args,
        t('Remove the notes of which session?'),
        oneOf(store.all, hasNotes),
      );
      await removeNotes(store, session);
    },
  };
}

/** Hands a note to a session. Throws `Refusal` where nobody would read it. */
export async function steer(
  store: Pick<SessionStore, 'note'>,
  session: SessionView,
  text: string,
): Promise<void> {
  requireReader(session);
  const problem = problemOf(text);
  if (problem !== undefined) throw new Refusal(problem);
  await whenSlow(
    t('Leaving a note for session "{0}"', titleOf(session)),
    store.note(session.id, text.trim()),
  );
}

/** Sessions that fit; where none does, those that have not ended: then it can be said why not. */
export function oneOf(
  all: readonly SessionView[],
  fits: (session: SessionView) => boolean,
): (session: SessionView) => boolean {
  return all.some(fits) ? fits : ({ snapshot }) => !isEnded(snapshot);
}

/** Whether a note to the session can change what it does. */
export function maySteer({ snapshot }: SessionView): boolean {
  return !isEnded(snapshot) && snapshot.options?.policy !== 'tunables';
}

const hasNotes = ({ snapshot }: SessionView): boolean => !isEnded(snapshot) && snapshot.notes.length > 0;

function requireReader(session: SessionView): void {
  if (isEnded(session.snapshot)) {
    throw new Refusal(t('Session "{0}" has ended: there are no more prompts to steer.', titleOf(session)));
  }
  if (maySteer(session)) return;
  throw new Refusal(
    t(
      'Session "{0}" changes marked numbers and asks no language model, so nobody would read a note. Start a session with a language model to steer it.',
      titleOf(session),
    ),
  );
}

function problemOf(text: string): string | undefined {
  const parsed = noteText.safeParse(text);
  return parsed.success ? undefined : parsed.error.issues[0]?.message;
}

async function removeNotes(store: Pick<SessionStore, 'removeNotes'>, session: SessionView): Promise<void> {
  const { notes } = session.snapshot;
  if (notes.length === 0) throw new Refusal(t('Session "{0}" has no notes.', titleOf(session)));
  const remove = t('Remove Notes');
  const chosen = await window.showWarningMessage(
    t('Remove the notes of session "{0}"?', titleOf(session)),
    {
      modal: true,
      detail: [
        t('The prompts of the next steps will not cite them:'),
        ...notes.map(({ text }) => `• ${text}`),
      ].join('\n'),
    },
    remove,
  );
  if (chosen !== remove) throw new Cancelled();
  await whenSlow(t('Removing notes of session "{0}"', titleOf(session)), store.removeNotes(session.id));
}

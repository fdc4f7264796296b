import { Refusal } from '../base/failures';
import { t } from '../base/translate';
import { isEnded } from '../sessions/sessionItems';
import { titleOf } from '../sessions/sessionNames';
import type { SessionView } from '../sessions/sessions';

/**
 * The session that somebody speaks of: the one with this id or whose title has these words; without words the newest at work,
 * else the newest. `sessions`: newest first. Throws `Refusal`.
 */
export function whichSession(sessions: readonly SessionView[], words: string | undefined): SessionView {
  const newest = sessions.find(({ snapshot }) => !isEnded(snapshot)) ?? sessions[0];
  if (newest === undefined) {
    throw new Refusal(t('There is no session yet. Open a problem and start one.'), {
      title: t('Open Sample Problems'),
      command: 'openSamples',
    });
  }
  const wanted = words?.trim().toLowerCase() ?? '';
  if (wanted === '') return newest;
  const named = sessions.filter(
    (session) => session.id.toLowerCase() === wanted || titleOf(session).toLowerCase().includes(wanted),
  );
  const found = named.find(({ snapshot }) => !isEnded(snapshot)) ?? named[0];
  if (found !== undefined) return found;
  const titles = [...new Set(sessions.map(titleOf))].slice(0, mostTitles).join(', ');
  throw new Refusal(t('No session is called "{0}". There are: {1}.', words?.trim() ?? '', titles));
}

const mostTitles = 10;

/** `c17 of erdos` or `17 erdos`: a candidate, and the words about the session; both may be absent. */
export function candidateAndSession(words: string): {
  readonly candidate: number | undefined;
  readonly session: string | undefined;
} {
  const match = /^\s*c?(\d{1,9})\b(?:\s+(?:of|in)\b)?/i.exec(words);
  const rest = words.slice(match?.[0].length ?? 0).trim();
  return {
    candidate: match === null ? undefined : Number(match[1]),
    session: rest === '' ? undefined : rest,
  };
}

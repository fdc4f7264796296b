import { t } from '../base/translate';
import { isPausedByError } from '../notifications/news';
import { bestText, isEnded, stateText, stepText } from './sessionItems';
import { distinctTitleOf, titleOf } from './sessionNames';
import type { SessionView } from './sessions';
import { waitingText } from './waitingFor';

/** What the status bar says about sessions at work. */
export interface StatusBarWords {
  readonly text: string;
  readonly tooltip: string;
  readonly accessibleLabel: string;
  /** Whether one of them waits for the user. */
  readonly needsUser: boolean;
  /** The session whose dashboard a click opens; absent where the user is to choose. */
  readonly sessionId?: string;
}

/** `undefined` where no session is at work. `sessions`: newest first. */
export function statusBarWords(sessions: readonly SessionView[]): StatusBarWords | undefined {
  const shown = sessions.filter(isShown);
  const waiting = shown.find(needsUser);
  const first = waiting ?? shown[0];
  if (first === undefined) return undefined;
  const more = shown.length === 1 ? '' : ` (+${shown.length - 1})`;
  const facts = factsOf(first);
  const label = t('TTT-Discover session {0}: {1}', titleOf(first), facts.join(', '));
  return {
    text: `$(${iconOf(first)}) ${facts.join(' · ')}${more}`,
    tooltip: [
      ...shown.map(
        (view) =>
          `${distinctTitleOf(view, sessions)}: ${[...new Set([stateText(view), ...factsOf(view)])].join(' · ')}`,
      ),
      shown.length === 1 ? t('Click to open its dashboard.') : t('Click to choose a dashboard.'),
    ].join('\n'),
    accessibleLabel: shown.length === 1 ? label : `${label} ${t('{0} more at work.', shown.length - 1)}`,
    needsUser: waiting !== undefined,
    ...(shown.length === 1 && { sessionId: first.id }),
  };
}

function factsOf(view: SessionView): readonly string[] {
  const { snapshot } = view;
  const state =
    snapshot.status === 'running' && view.connection.state !== 'lost' ? undefined : stateText(view);
  const facts = [needsUser(view) ? state : undefined, bestText(snapshot), stepText(snapshot)].filter(
    (fact) => fact !== undefined,
  );
  if (facts.length === 0) return [snapshot.statusMessage ?? t('preparing')];
  return state === undefined || facts.includes(state) ? facts : [...facts, state];
}

function iconOf(view: SessionView): string {
  if (needsUser(view)) return 'warning';
  if (view.connection.state === 'lost') return 'debug-disconnect';
  return view.snapshot.status === 'paused' ? 'debug-pause' : 'pulse';
}

function needsUser({ snapshot }: SessionView): boolean {
  return isPausedByError(snapshot) || waitingText(snapshot) !== undefined;
}

function isShown(view: SessionView): boolean {
  if (isEnded(view.snapshot)) return false;
  const { connection } = view;
  return (
    connection.state === 'lost' || (connection.state === 'connected' && connection.verdict.state === 'live')
  );
}

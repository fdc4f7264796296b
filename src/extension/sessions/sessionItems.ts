import type { SessionSnapshot } from '../../domain/session/snapshot';
import { processGone, verdictWords } from '../../protocol/verdictWords';
import { ageText, valueText } from '../base/words';
import { distinction, titleOf } from './sessionNames';
import type { SessionView } from './sessions';
import { waitingText, waitsForKey } from './waitingFor';
import { costText, tokensText, usageFacts } from './usageFacts';
import { distinctWarnings, warningCountText } from './warningWords';
import { t } from '../base/translate';

/** A row of the Sessions view, before it becomes a tree item. */
export interface SessionItem {
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly tooltip: string;
  readonly icon: string;
  /** Id of a theme colour, where the state asks for one. */
  readonly color?: string;
  readonly accessibleLabel: string;
  /** Flags for `when` clauses, separated by spaces. */
  readonly contextValue: string;
  /** A mark at the row's end, of at most two characters, with its words; absent where nothing asks for attention. */
  readonly badge?: { readonly text: string; readonly tooltip: string };
}

/** `all`: the sessions of the list, among which this one must be told from others on the same problem. */
export function sessionItem(view: SessionView, nowMs: number, all: readonly SessionView[] = []): SessionItem {
  const { snapshot } = view;
  const facts = [
    distinction(view, all),
    bestText(snapshot),
    stepText(snapshot),
    contactText(view, nowMs),
    isEnded(snapshot) ? undefined : warningCountText(snapshot),
  ].filter((fact) => fact !== undefined);
  const label = titleOf(view);
  return {
    id: view.id,
    label,
    description: facts.join(' · '),
    tooltip: tooltipOf(view, facts),
    ...iconOf(view),
    accessibleLabel: t(
      'Session {0} on {1}, {2}, {3}',
      label,
      view.hostLabel,
      stateText(view),
      facts.join(', '),
    ),
    contextValue: flagsOf(view).join(' '),
    ...badgeOf(view),
  };
}

/** Warnings of a session that still runs: what has ended needs no attention any more. */
function badgeOf({ snapshot }: SessionView): Pick<SessionItem, 'badge'> {
  const warnings = distinctWarnings(snapshot);
  if (warnings.length === 0 || isEnded(snapshot)) return {};
  return { badge: { text: '!', tooltip: warnings.slice(0, 3).join('\n') } };
}

/** Ended for good: nothing more will come. */
export function isEnded(snapshot: SessionSnapshot): boolean {
  return snapshot.status === 'finished' || snapshot.status === 'failed';
}

/** `best 0.38123`; absent before the first valid candidate. */
export function bestText(snapshot: SessionSnapshot): string | undefined {
  const value = valueOf(snapshot, snapshot.best);
  return value === undefined ? undefined : t('best {0}', valueText(value, snapshot.problem?.metric.unit));
}

/** Metric of a candidate; absent if it has none. */
export function valueOf(
  snapshot: Pick<SessionSnapshot, 'candidates'>,
  candidate: number | undefined,
): number | undefined {
  const outcome = candidate === undefined ? undefined : snapshot.candidates.at(candidate)?.outcome;
  return outcome?.kind === 'valid' ? outcome.value : undefined;
}

/** `step 3/50`, counted from 1; absent before the first step. */
export function stepText(snapshot: SessionSnapshot): string | undefined {
  if (snapshot.steps.length === 0) return undefined;
  const total = snapshot.options?.steps;
  const step = total === undefined ? snapshot.step + 1 : Math.min(snapshot.step + 1, total);
  return total === undefined ? t('step {0}', step) : t('step {0}/{1}', step, total);
}

/** What the session does, in words. */
export function stateText(view: SessionView): string {
  const { connection, snapshot } = view;
  if (isEnded(view.snapshot)) return statusWord(snapshot.status);
  switch (connection.state) {
    case 'connected':
      return connection.verdict.state === 'live'
        ? (waitingText(snapshot) ?? statusWord(snapshot.status))
        : verdictWords(connection.verdict).short;
    case 'connecting':
      return t('connecting…');
    case 'lost':
      return connection.isUnverifiable === true ? t('state unknown') : t('contact lost');
    case 'offline':
      return t('not followed');
  }
}

function statusWord(status: SessionSnapshot['status']): string {
  switch (status) {
    case 'preparing':
      return t('preparing');
    case 'running':
      return t('running');
    case 'pausing':
      return t('pausing');
    case 'paused':
      return t('paused');
    case 'stopping':
      return t('stopping');
    case 'finished':
      return t('finished');
    case 'failed':
      return t('failed');
  }
}

function contactText(view: SessionView, nowMs: number): string | undefined {
  const age = view.lastContactMs === undefined ? undefined : ageText(view.lastContactMs, nowMs);
  const state = stateText(view);
  if (isEnded(view.snapshot)) return [state, age].filter(Boolean).join(' ');
  if (view.connection.state === 'lost' && view.connection.isUnverifiable === true && age !== undefined)
    return t('{0}, last heard {1}', state, age);
  if (view.connection.state === 'connected' && view.connection.verdict.state === 'live') {
    return view.snapshot.status === 'running' ? age : state;
  }
  return [state, age].filter(Boolean).join(' ');
}

function tooltipOf(view: SessionView, facts: readonly string[]): string {
  const { snapshot, connection } = view;
  const usage = usageFacts(snapshot);
  const gone = connection.state === 'connected' ? processGone(connection.verdict) : undefined;
  const lines = [
    titleOf(view),
    t('{0} on {1}', stateText(view), view.hostLabel),
    facts.join(' · '),
    ...(gone === undefined || isEnded(snapshot) ? [snapshot.statusMessage] : [gone.what, gone.advice]),
    connection.state === 'lost' ? connection.reason : undefined,
    snapshot.candidates.length > 0
      ? t('{0} evaluated, {1} valid', snapshot.evaluated, snapshot.valid)
      : undefined,
    usage === undefined ? undefined : tokensText(usage),
    usage?.cost === undefined ? undefined : costText(usage.cost),
    ...snapshot.notes.map(({ text }) => t('Note: {0}', text)),
    ...distinctWarnings(snapshot)
      .slice(0, 3)
      .map((warning) => t('Warning: {0}', warning)),
    view.id,
  ];
  return lines.filter((line) => line !== undefined && line !== '').join('\n');
}

function iconOf(view: SessionView): { readonly icon: string; readonly color?: string } {
  if (view.snapshot.status === 'finished') return { icon: 'pass', color: 'testing.iconPassed' };
  if (view.snapshot.status === 'failed') return { icon: 'error', color: 'list.errorForeground' };
  switch (view.connection.state) {
    case 'connecting':
      return { icon: 'loading~spin' };
    case 'lost':
      return { icon: 'debug-disconnect', color: 'list.warningForeground' };
    case 'offline':
      return { icon: 'circle-outline' };
    case 'connected':
      break;
  }
  if (view.connection.verdict.state !== 'live') return { icon: 'warning', color: 'list.warningForeground' };
  if (waitingText(view.snapshot) !== undefined) return { icon: 'key', color: 'list.warningForeground' };
  if (view.snapshot.status === 'paused') return { icon: 'debug-pause' };
  return { icon: view.snapshot.status === 'running' ? 'pulse' : 'sync~spin' };
}

function flagsOf(view: SessionView): string[] {
  const { snapshot, connection } = view;
  const isUp = connection.state === 'connected' && !isEnded(view.snapshot);
  const isRunning = snapshot.status === 'running' || snapshot.status === 'preparing';
  const flags: readonly (readonly [string, boolean])[] = [
    ['session', true],
    ['hasBest', snapshot.best !== undefined],
    ['hasCandidates', snapshot.candidates.length > 0],
    ['canPause', isUp && isRunning],
    ['canResume', isUp && (snapshot.status === 'paused' || connection.verdict.state === 'exited')],
    ['canSteer', isUp && snapshot.options?.policy !== 'tunables' && connection.verdict.state === 'live'],
    ['hasNotes', isUp && snapshot.notes.length > 0],
    ['needsKey', isUp && waitsForKey(snapshot)],
    ['canStop', isUp && snapshot.status !== 'stopping'],
    [
      'canReconnect',
      !isEnded(view.snapshot) && (connection.state === 'lost' || connection.state === 'offline'),
    ],
  ];
  return flags.filter(([, holds]) => holds).map(([flag]) => flag);
}

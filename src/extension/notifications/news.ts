import { isBetter } from '../../domain/problem/problem';
import type { SessionSnapshot } from '../../domain/session/snapshot';
import { processGone } from '../../protocol/verdictWords';
import { t } from '../base/translate';
import { valueText } from '../base/words';
import type { CommandName } from '../commandIds';
import { bestText, valueOf } from '../sessions/sessionItems';
import { titleOf } from '../sessions/sessionNames';
import type { SessionView } from '../sessions/sessions';

/** Something of a session that a person wants to hear of, once. */
export interface News {
  /** Tells it from other news of the session; never changes for the same news. */
  readonly key: string;
  /** `important`: it needs the user, or is what they hope for. */
  readonly level: 'important' | 'all';
  readonly severity: 'information' | 'warning';
  readonly text: string;
  readonly button: { readonly title: string; readonly command: CommandName };
}

/** Older news are no news: the journal of a session from last week may be read today for the first time. */
const newForMs = 24 * 3_600_000;

/** Pauses that other parts of the editor answer, with questions of their own. */
const answeredPauses: ReadonlySet<string> = new Set(['needs-key', 'needs-endpoint']);

/** What there is to tell of a session, whether or not it was told before. `nowMs`: Unix milliseconds. */
export function newsOf(view: SessionView, nowMs: number): readonly News[] {
  const { lastEventAtMs } = view.snapshot;
  if (lastEventAtMs === undefined || nowMs - lastEventAtMs > newForMs) return [];
  return [...beatenReferences(view), ...needs(view), ...end(view)];
}

/** References that the best candidate beats in a second run too, and the initial program did not. One piece of news each. */
function beatenReferences(view: SessionView): News[] {
  const { snapshot } = view;
  const { announcedBest, problem } = snapshot;
  const record = announcedBest === undefined ? undefined : snapshot.candidates.at(announcedBest);
  const value = valueOf(snapshot, announcedBest);
  if (problem === undefined || value === undefined || record?.verification?.verdict !== 'confirmed')
    return [];
  const { goal, unit } = problem.metric;
  const initial = snapshot.initial?.best;
  const beats = (one: number | undefined, reference: number): boolean =>
    one !== undefined && isBetter(goal, one, reference);
  return problem.references
    .map((reference, index) => ({ ...reference, index }))
    .filter((reference) => beats(value, reference.value) && !beats(initial, reference.value))
    .sort((a, b) => (isBetter(goal, a.value, b.value) ? -1 : 1))
    .map((reference) => ({
      key: `reference-${reference.index}`,
      level: 'important',
      severity: 'information',
      text: t(
        '"{0}": c{1} reached {2}, confirmed by a second run, and beats {3} ({4}).',
        titleOf(view),
        record.id,
        valueText(value, unit),
        reference.label,
        valueText(reference.value, unit),
      ),
      button: { title: t('Open Diff'), command: 'openBestDiff' },
    }));
}

/** What waits for the user. */
function needs(view: SessionView): News[] {
  const { snapshot, connection } = view;
  const title = titleOf(view);
  const message = snapshot.statusMessage ?? '';
  if (snapshot.status === 'failed') {
    const button = { title: t('Open Dashboard'), command: 'openDashboard' } as const;
    return [important('failed', t('Session "{0}" failed. {1}', title, message), button)];
  }
  const button = { title: t('Resume'), command: 'resumeSession' } as const;
  const gone = connection.state === 'connected' ? processGone(connection.verdict) : undefined;
  if (gone !== undefined && !hasEnded(snapshot)) {
    const text = [gone.what, gone.advice].filter((part) => part !== undefined).join(' ');
    return [important(`gone-${snapshot.runs}`, t('Session "{0}" is not at work. {1}', title, text), button)];
  }
  if (!isPausedByError(snapshot)) return [];
  const key = `pause-${snapshot.pause?.seq ?? 0}`;
  return [important(key, t('Session "{0}" paused and needs you. {1}', title, message), button)];
}

/** Paused, and not because the user said so; nothing else in the editor asks about it. */
export function isPausedByError({ status, pause, pauseCode }: SessionSnapshot): boolean {
  if (status !== 'paused' || pause === undefined || pause.reason === 'user') return false;
  return pauseCode === undefined || !answeredPauses.has(pauseCode);
}

function important(key: string, text: string, button: News['button']): News {
  return { key, level: 'important', severity: 'warning', text, button };
}

function end(view: SessionView): News[] {
  const { snapshot } = view;
  if (snapshot.status !== 'finished') return [];
  const facts = [snapshot.statusMessage, bestText(snapshot)].filter((fact) => fact !== undefined).join(', ');
  return [
    {
      key: 'finished',
      level: 'all',
      severity: 'information',
      text: t('Session "{0}" has ended. {1}', titleOf(view), facts),
      button: { title: t('Open Dashboard'), command: 'openDashboard' },
    },
  ];
}

function hasEnded({ status }: SessionSnapshot): boolean {
  return status === 'finished' || status === 'failed';
}

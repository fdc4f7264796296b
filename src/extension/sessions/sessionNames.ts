import type { Method } from '../../domain/problem/problem';
import { t } from '../base/translate';
import type { SessionView } from './sessions';

function methodName(method: Method): string {
  switch (method) {
    case 'ttt-discover':
      return 'TTT-Discover';
    case 'puct':
      return 'PUCT';
    case 'best-of-n':
      return t('Best of n');
  }
}

/** Names by which people tell apart sessions of one problem. */
export interface SessionWords {
  /** How it searches: `TTT-Discover, gpt-oss-120b`. */
  readonly title: string;
  /** Where and since when. */
  readonly description: string;
}

export function sessionWords({ snapshot, hostLabel, id }: SessionView): SessionWords {
  const { options, createdAtMs } = snapshot;
  const method = options && methodName(options.method);
  const policy = options?.model?.model.split('/').at(-1) ?? options?.policy;
  const began =
    createdAtMs === undefined
      ? undefined
      : new Date(createdAtMs).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
  const steps = options && t('{0} steps', options.steps);
  return {
    title: [method, policy].filter(Boolean).join(', ') || id,
    description: [hostLabel, began, steps].filter(Boolean).join(', '),
  };
}

/** The same names, with a number behind those that several have. */
export function distinctTitles<Named extends { readonly title: string }>(all: readonly Named[]): Named[] {
  const seen = new Map<string, number>();
  return all.map((one) => {
    const count = (seen.get(one.title) ?? 0) + 1;
    seen.set(one.title, count);
    return count === 1 ? one : { ...one, title: `${one.title} (${count})` };
  });
}

/**
 * What tells a session from the others of the same problem: how it searches if no other one searches so, else when it began. Absent where
 * there is no other one.
 */
export function distinction(view: SessionView, all: readonly SessionView[]): string | undefined {
  const problem = titleOf(view);
  const others = all.filter((other) => other.id !== view.id && titleOf(other) === problem);
  if (others.length === 0) return undefined;
  const method = view.snapshot.options?.method;
  if (method !== undefined && others.every((other) => other.snapshot.options?.method !== method)) {
    return methodName(method);
  }
  const { createdAtMs } = view.snapshot;
  if (createdAtMs === undefined) return undefined;
  const began = new Date(createdAtMs);
  const isOfOneDay = others.every(
    ({ snapshot }) => new Date(snapshot.createdAtMs ?? createdAtMs).toDateString() === began.toDateString(),
  );
  return isOfOneDay
    ? began.toLocaleTimeString(undefined, { timeStyle: 'short' })
    : began.toLocaleString(undefined, { dateStyle: 'short', timeStyle: 'short' });
}

export function titleOf(view: SessionView): string {
  return view.snapshot.problem?.title ?? view.title ?? view.id;
}

/** The problem's title, and what tells the session from others on it. */
export function distinctTitleOf(view: SessionView, all: readonly SessionView[]): string {
  const told = distinction(view, all);
  return told === undefined ? titleOf(view) : t('{0} ({1})', titleOf(view), told);
}

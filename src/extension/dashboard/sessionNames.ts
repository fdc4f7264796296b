import type { Method } from '../../domain/problem/problem';
import type { SessionView } from '../sessions/sessions';
import { t } from '../base/translate';

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

import type { SessionSnapshot } from '../../domain/session/snapshot';
import { t } from '../base/translate';

/** The session's warnings, newest first, each once; one that came several times says so. */
export function distinctWarnings({ warnings }: Pick<SessionSnapshot, 'warnings'>): string[] {
  const times = new Map<string, number>();
  for (const { message } of warnings.toReversed()) times.set(message, (times.get(message) ?? 0) + 1);
  return [...times].map(([message, count]) => (count === 1 ? message : t('{0} ({1} times)', message, count)));
}

/** `1 warning`; absent where there is none. */
export function warningCountText(snapshot: Pick<SessionSnapshot, 'warnings'>): string | undefined {
  const { length } = distinctWarnings(snapshot);
  if (length === 0) return undefined;
  return length === 1 ? t('1 warning') : t('{0} warnings', length);
}

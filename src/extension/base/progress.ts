import { ProgressLocation, window } from 'vscode';
import type { Progress } from '../../remote/hostClient';
import { signalOf, untilAborted } from './cancellation';
import { withoutAbsent } from '../../domain/withoutAbsent';

/** Runs work under a notification with a Cancel button. Cancelling aborts the signal. */
export function withNotification<T>(
  title: string,
  work: (report: Progress, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const options = { location: ProgressLocation.Notification, title, cancellable: true };
  return Promise.resolve(
    window.withProgress(options, (progress, token) => {
      let reported = 0;
      return work((message, fraction) => {
        const percent = fraction === undefined ? undefined : Math.max(0, fraction * 100 - reported);
        reported += percent ?? 0;
        progress.report(withoutAbsent({ message, increment: percent }));
      }, signalOf(token));
    }),
  );
}

const shortMs = 1000;

/**
 * Waits for work that is mostly short. After a second it shows under a notification, whose Cancel ends the waiting and not the
 * work: what a host was asked for may still happen.
 */
export async function whenSlow<T>(title: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), shortMs);
  });
  const first = await Promise.race([work.catch(() => undefined), late]);
  clearTimeout(timer);
  if (first !== 'late') return work;
  const options = { location: ProgressLocation.Notification, title, cancellable: true };
  return window.withProgress(options, (_progress, token) => untilAborted(work, signalOf(token)));
}

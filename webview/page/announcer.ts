import { make, setText } from './dom';
import { formatWithUnit } from '../words/format';
import type { PageModel } from './pageModel';
import { throttle } from './throttle';
import { t } from '../words/texts';

/** Speech is slow: no more than one new best in this time, the latest. */
const announcementIntervalMs = 5000;

export interface Announcer {
  readonly element: HTMLElement;
  show(model: PageModel): void;
}

/** A line for screen readers that says each new best value when it was looked at twice, but not the one the page opened with. */
export function makeAnnouncer(): Announcer {
  const element = make('p', { class: 'visually-hidden', id: 'announcement', 'aria-live': 'polite' });
  const say = throttle(announcementIntervalMs, (text: string) => setText(element, text));
  let knownBest: number | null | undefined;
  return {
    element,
    show({ header }) {
      const best = header.announcedBest;
      if (knownBest !== undefined && best !== null && best.id !== knownBest) {
        say(
          t(
            'New best {0}: {1}, candidate {2}',
            header.metricName,
            formatWithUnit(best.value, header.unit),
            best.id,
          ),
        );
      }
      knownBest = best?.id ?? null;
    },
  };
}

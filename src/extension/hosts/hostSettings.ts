import { currentSettings } from '../base/currentSettings';
import { readSettings, type Settings } from '../base/settings';
import type { WindowPlace } from './windowPlace';

/**
 * Settings that name hosts, programs and paths, as they are now. In a window on another machine the editor takes them from that machine. Where
 * this program runs on the user's own, they are not used: what runs here is not for a host to say.
 */
export function settingsOn(place: Pick<WindowPlace, 'hasTerminal'>): Settings {
  if (place.hasTerminal) return currentSettings();
  return readSettings(() => undefined);
}

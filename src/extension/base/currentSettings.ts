import { workspace, type Uri } from 'vscode';
import { readSettings, type Settings } from './settings';

/** All settings as they are now, for a file or in general. */
export function currentSettings(scope?: Uri): Settings {
  const configuration = workspace.getConfiguration('tttDiscover', scope ?? null);
  return readSettings((key) => configuration.get<unknown>(key));
}

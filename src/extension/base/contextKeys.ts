import { commands } from 'vscode';

/** Keys that `when` clauses of package.json use, with the value they have before activation. */
export const contextKeys = {
  'tttDiscover.hasSessions': false,
  'tttDiscover.hasActiveSession': false,
} as const;

export type ContextKey = keyof typeof contextKeys;

/** Sets a key only when it changes. */
export class ContextKeys {
  private readonly values = new Map<ContextKey, boolean>();

  set(key: ContextKey, value: boolean): void {
    if ((this.values.get(key) ?? contextKeys[key]) === value) return;
    this.values.set(key, value);
    void commands.executeCommand('setContext', key, value);
  }
}

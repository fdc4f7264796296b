import { commands } from 'vscode';
import { contextKeyDefaults, type ContextKey } from './contextKeyDefaults';

/** Sets a key only when it changes. */
export class ContextKeys {
  private readonly values = new Map<ContextKey, boolean>();

  set(key: ContextKey, value: boolean): void {
    if ((this.values.get(key) ?? contextKeyDefaults[key]) === value) return;
    this.values.set(key, value);
    void commands.executeCommand('setContext', key, value);
  }
}

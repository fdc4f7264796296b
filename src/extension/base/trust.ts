import { workspace } from 'vscode';
import { Refusal } from './failures';

/** Throws in Restricted Mode. `why` says what would be run. */
export function requireTrust(why: string): void {
  if (workspace.isTrusted) return;
  throw new Refusal(`${why} It needs a trusted workspace.`, {
    title: 'Manage Workspace Trust',
    command: { id: 'workbench.trust.manage' },
  });
}

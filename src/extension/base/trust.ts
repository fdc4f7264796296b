import { workspace } from 'vscode';
import { Refusal } from './failures';
import { t } from './translate';

/** Throws in Restricted Mode. `why` says what would be run. */
export function requireTrust(why: string): void {
  if (workspace.isTrusted) return;
  throw new Refusal(`${why} ${t('It needs a trusted workspace.')}`, {
    title: t('Manage Workspace Trust'),
    command: { id: 'workbench.trust.manage' },
  });
}

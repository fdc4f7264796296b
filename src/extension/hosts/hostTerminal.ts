import type { HostTarget } from '../../remote/hostClient';
import { Refusal } from '../base/failures';
import { labelOf } from './hostTargets';
import { t } from '../base/translate';

/** A terminal of the editor: its program is started with these arguments, and no shell reads them. */
export interface HostTerminal {
  readonly name: string;
  /** Absent: the user's own shell. */
  readonly program?: { readonly path: string; readonly args: readonly string[] };
}

/** Throws a `Refusal` for a name that `ssh` would read as an option. */
export function hostTerminal(
  target: HostTarget,
  ssh: { readonly sshPath: string; readonly sshConfigFile?: string },
): HostTerminal {
  const name = t('TTT-Discover: {0}', labelOf(target));
  if (target.kind === 'local') return { name };
  if (target.alias.startsWith('-')) {
    // Some versions of ssh read it as an option also behind `--`.
    throw new Refusal(t('"{0}" is not the name of a host: ssh would read it as an option.', target.alias));
  }
  const config = ssh.sshConfigFile === undefined ? [] : ['-F', ssh.sshConfigFile];
  return { name, program: { path: ssh.sshPath, args: [...config, '--', target.alias] } };
}

/** The editor's `createTerminal`, as far as it is needed. */
export function terminalOptions({ name, program }: HostTerminal): {
  name: string;
  shellPath?: string;
  shellArgs?: string[];
} {
  return {
    name,
    ...(program === undefined ? {} : { shellPath: program.path, shellArgs: [...program.args] }),
  };
}

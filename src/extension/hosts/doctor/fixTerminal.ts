import type { HostTarget } from '../../../remote/hostClient';
import { hostTerminal, type HostTerminal } from '../hostTerminal';

/** How a terminal for a fix is opened, and what becomes of the command: people run it, never we. */
export interface FixTerminal extends HostTerminal {
  /** Written at the prompt, without Enter; absent where something else may ask first, such as a login for its password. */
  readonly typed?: string;
}

export function fixTerminal(
  target: HostTarget,
  command: string,
  ssh: { readonly sshPath: string; readonly sshConfigFile?: string },
): FixTerminal {
  const terminal = hostTerminal(target, ssh);
  // A line break at a prompt is Enter.
  const isOneLine = !/[\r\n]/.test(command);
  return target.kind === 'local' && isOneLine ? { ...terminal, typed: command } : terminal;
}

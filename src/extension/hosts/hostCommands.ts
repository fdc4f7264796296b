import { window, type QuickPickItem } from 'vscode';
import * as z from 'zod';
import { forgetHostKey, pinnedHostNames } from '../../remote/hostKeys/knownHostsStore';
import { hostKeyOf, type HostClient, type HostTarget } from '../../remote/hostClient';
import { Cancelled, Refusal } from '../base/failures';
import { withNotification } from '../base/progress';
import type { CommandHandlers } from '../commandIds';
import { requireTrust } from '../base/trust';
import type { HostConnections } from './hostConnections';
import { hostItem } from './hostItems';
import { labelOf, targetOfKey } from './hostTargets';
import type { SelectedHost } from './selectedHost';

export interface HostCommandsContext {
  readonly connections: HostConnections;
  readonly selected: SelectedHost;
  readonly listTargets: () => Promise<readonly HostTarget[]>;
  readonly knownHostsPath: string;
  /** The name under which the key of an alias is pinned. */
  readonly pinNameOf: (alias: string) => Promise<string>;
  /** The user disconnects a host: sessions on it are not followed any more. */
  readonly detachSessions: (hostKey: string) => Promise<void>;
  /** Sessions that run on a host and that this editor does not know come into the list. */
  readonly adoptSessions: (client: HostClient) => Promise<void>;
  readonly refreshView: () => void;
}

const row = z.object({ hostKey: z.string() });

/** Commands on hosts. First argument: a host key or a row of the Hosts view. */
export function hostCommands(
  context: HostCommandsContext,
): Pick<
  CommandHandlers,
  'selectHost' | 'connectHost' | 'disconnectHost' | 'forgetHostKey' | 'removeEverything' | 'refreshHosts'
> {
  const { connections, selected } = context;
  return {
    async selectHost(...args) {
      await selected.set(
        targetFromArguments(args) ?? (await pickHost(context, 'Run sessions of this workspace on')),
      );
    },
    async connectHost(...args) {
      requireTrust('Connecting to a host runs programs there.');
      const target = targetFromArguments(args) ?? (await pickHost(context, 'Connect to'));
      const client = await withNotification(`Connecting to ${labelOf(target)}`, (report, signal) =>
        connections.connect(target, signal, report),
      );
      await context.adoptSessions(client);
    },
    async disconnectHost(...args) {
      const target =
        targetFromArguments(args) ?? (await pickHost(context, 'Disconnect from', isOpen(connections)));
      await context.detachSessions(hostKeyOf(target));
      await connections.disconnect(hostKeyOf(target));
    },
    async forgetHostKey(...args) {
      await forgetKey(context, targetFromArguments(args));
    },
    async removeEverything(...args) {
      await removeFromHost(
        context,
        targetFromArguments(args) ?? (await pickHost(context, 'Remove everything from')),
      );
    },
    refreshHosts() {
      context.refreshView();
    },
  };
}

/** The host that a command's first argument names: a host key, or a row of the Hosts view. */
export function targetFromArguments(args: readonly unknown[]): HostTarget | undefined {
  const first = args[0];
  if (typeof first === 'string') return targetOfKey(first);
  const parsed = row.safeParse(first);
  return parsed.success ? targetOfKey(parsed.data.hostKey) : undefined;
}

function isOpen(connections: HostConnections): (target: HostTarget) => boolean {
  return (target) => {
    const { state } = connections.stateOf(hostKeyOf(target));
    return state === 'connected' || state === 'connecting';
  };
}

/** Lets the user choose a host: this machine, those of the SSH configuration, and those of known sessions. */
export async function pickHost(
  context: Pick<HostCommandsContext, 'connections' | 'selected' | 'listTargets'>,
  title: string,
  isEligible: (target: HostTarget) => boolean = () => true,
): Promise<HostTarget> {
  const current = context.selected.get();
  const items = (await context.listTargets()).filter(isEligible).map(
    (
      target,
    ): QuickPickItem & {
      readonly target: HostTarget;
    } => {
      const isSelected = current !== undefined && hostKeyOf(current) === hostKeyOf(target);
      const item = hostItem(target, context.connections.stateOf(hostKeyOf(target)), isSelected);
      return { label: item.label, description: item.description, target };
    },
  );
  if (items.length === 0) throw new Refusal('No host is connected.');
  const chosen = await window.showQuickPick(items, {
    title,
    placeHolder: 'This machine, or a host of your SSH configuration',
  });
  if (chosen === undefined) throw new Cancelled();
  return chosen.target;
}

async function forgetKey(context: HostCommandsContext, target: HostTarget | undefined): Promise<void> {
  const names = await pinnedHostNames(context.knownHostsPath);
  if (names.length === 0) {
    throw new Refusal(
      'No host key was trusted in this editor yet. Keys in your own known_hosts file are yours: remove those with ssh-keygen -R.',
    );
  }
  const own = target?.kind === 'ssh' ? await context.pinNameOf(target.alias) : undefined;
  const chosen =
    own !== undefined && names.includes(own)
      ? own
      : await window.showQuickPick(names, { title: 'Forget the key of which host?' });
  if (chosen === undefined) throw new Cancelled();
  const typed = await window.showInputBox({
    title: `Forget the trusted key of ${chosen}?`,
    prompt: `Type ${chosen} to forget its key. The next connection asks whether to trust the key that the host shows then.`,
    ignoreFocusOut: true,
    validateInput: (text) => (text === '' || chosen.startsWith(text) ? undefined : `Type ${chosen}`),
  });
  if (typed !== chosen) throw new Cancelled();
  const count = await forgetHostKey(context.knownHostsPath, chosen);
  void window.showInformationMessage(`Forgot ${count} trusted key${count === 1 ? '' : 's'} of ${chosen}.`);
}

async function removeFromHost(context: HostCommandsContext, target: HostTarget): Promise<void> {
  requireTrust('Removing everything from a host runs programs there.');
  const name = labelOf(target);
  const typed = await window.showInputBox({
    title: `Remove everything from ${name}?`,
    prompt: `Type "${name}" to end all sessions there and to delete them with their results, environments and programs.`,
    ignoreFocusOut: true,
    validateInput: (text) => (text === '' || name.startsWith(text) ? undefined : `Type ${name}`),
  });
  if (typed !== name) throw new Cancelled();
  const left = await withNotification(`Removing everything from ${name}`, async (report, signal) => {
    const client = await context.connections.connect(target, signal, report);
    await context.detachSessions(hostKeyOf(target));
    report('Ending sessions and deleting files');
    const names = await client.removeEverything(signal);
    await context.connections.disconnect(hostKeyOf(target));
    return names;
  });
  void window.showInformationMessage(
    left.length === 0
      ? `Nothing of TTT-Discover is left on ${name}.`
      : `All of TTT-Discover was removed from ${name}. The root folder still holds what is not its own: ${left.join(', ')}.`,
  );
}

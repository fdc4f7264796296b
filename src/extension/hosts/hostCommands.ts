import { QuickPickItemKind, window, type QuickPickItem } from 'vscode';
import * as z from 'zod';
import { pinnedHostNames } from '../../remote/hostKeys/knownHostsStore';
import { hostKeyOf, type HostClient, type HostTarget } from '../../remote/hostClient';
import { Cancelled, Refusal } from '../base/failures';
import { withNotification } from '../base/progress';
import type { Settings } from '../base/settings';
import type { CommandHandlers } from '../commandIds';
import { requireTrust } from '../base/trust';
import { forgetHost, forgetTrustedKey, type ForgetContext } from './forgetHost';
import type { HostConnections } from './hostConnections';
import { hostItem } from './hostItems';
import { labelOf, targetOfKey } from './hostTargets';
import { hostTerminal, terminalOptions } from './hostTerminal';
import type { SelectedHost } from './selectedHost';
import type { WindowPlace } from './windowPlace';
import { t } from '../base/translate';

/** What is needed to let the user choose a host. */
export interface HostChoice {
  readonly connections: HostConnections;
  readonly selected: SelectedHost;
  readonly place: WindowPlace;
  readonly listTargets: () => Promise<readonly HostTarget[]>;
}

export interface HostCommandsContext extends HostChoice, Omit<ForgetContext, 'disconnect'> {
  readonly settings: () => Pick<Settings, 'sshPath' | 'sshConfigFile'>;
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
  | 'selectHost'
  | 'connectHost'
  | 'disconnectHost'
  | 'forgetHost'
  | 'openHostTerminal'
  | 'removeEverything'
  | 'refreshHosts'
> {
  const { connections, selected } = context;
  const disconnect = async (target: HostTarget): Promise<void> => {
    await context.detachSessions(hostKeyOf(target));
    await connections.disconnect(hostKeyOf(target));
  };
  return {
    async selectHost(...args) {
      await selected.set(
        targetFromArguments(args) ??
          (await pickHost(context, t('Run sessions of this workspace on which host?'))),
      );
    },
    async connectHost(...args) {
      requireTrust(t('Connecting to a host runs programs there.'));
      const target = targetFromArguments(args) ?? (await pickHost(context, t('Connect to which host?')));
      const client = await withNotification(t('Host {0}', labelOf(target)), (report, signal) =>
        connections.connect(target, signal, report),
      );
      await context.adoptSessions(client);
    },
    async disconnectHost(...args) {
      await disconnect(
        targetFromArguments(args) ??
          (await pickHost(context, t('Disconnect from which host?'), isOpen(connections))),
      );
    },
    async forgetHost(...args) {
      const chosen = targetFromArguments(args) ?? (await pickWhatToForget(context));
      if (typeof chosen === 'string') await forgetTrustedKey(context, chosen);
      else await forgetHost({ ...context, disconnect }, chosen);
    },
    async openHostTerminal(...args) {
      requireTrust(t('A terminal on a host runs programs there.'));
      const target =
        targetFromArguments(args) ?? (await pickHost(context, t('Open a terminal on which host?')));
      if (!context.place.hasTerminal) {
        throw new Refusal(
          t(
            'Terminals of this window are on another machine. Run "ssh {0}" in a window on the machine that you sit at.',
            labelOf(target),
          ),
        );
      }
      window.createTerminal(terminalOptions(hostTerminal(target, context.settings()))).show();
    },
    async removeEverything(...args) {
      await removeFromHost(
        context,
        targetFromArguments(args) ?? (await pickHost(context, t('Remove everything from which host?'))),
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

interface TargetItem extends QuickPickItem {
  readonly target: HostTarget;
}

async function targetItems(context: HostChoice): Promise<TargetItem[]> {
  const current = context.selected.get();
  return (await context.listTargets()).map((target) => {
    const isSelected = current !== undefined && hostKeyOf(current) === hostKeyOf(target);
    const state = context.connections.stateOf(hostKeyOf(target));
    const { label, description } = hostItem(target, state, isSelected, context.place);
    return { label, description, target };
  });
}

/** Lets the user choose a host: this machine, those of the SSH configuration, and those of known sessions. */
export async function pickHost(
  context: HostChoice,
  title: string,
  isEligible: (target: HostTarget) => boolean = () => true,
): Promise<HostTarget> {
  const items = (await targetItems(context)).filter(({ target }) => isEligible(target));
  if (items.length === 0) throw new Refusal(t('No host is connected.'));
  const chosen = await window.showQuickPick(items, {
    title,
    placeHolder: t('{0}, or a host of your SSH configuration', context.place.localLabel),
  });
  if (chosen === undefined) throw new Cancelled();
  return chosen.target;
}

/** A host, or the name of a trusted key. */
async function pickWhatToForget(context: HostCommandsContext): Promise<HostTarget | string> {
  const hosts = await targetItems(context);
  const names = await pinnedHostNames(context.knownHostsPath);
  const chosen = await window.showQuickPick<QuickPickItem & { readonly chosen?: HostTarget | string }>(
    [
      ...hosts.map(({ target, ...item }) => ({ ...item, chosen: target })),
      ...(names.length === 0 ? [] : [{ label: t('Trusted host keys'), kind: QuickPickItemKind.Separator }]),
      ...names.map((name) => ({ label: name, description: t('host key'), chosen: name })),
    ],
    { title: t('Forget which host?'), matchOnDescription: true },
  );
  if (chosen?.chosen === undefined) throw new Cancelled();
  return chosen.chosen;
}

async function removeFromHost(context: HostCommandsContext, target: HostTarget): Promise<void> {
  requireTrust(t('Removing everything from a host runs programs there.'));
  const name = labelOf(target);
  const typed = await window.showInputBox({
    title: t('Remove everything from {0}?', name),
    prompt: t(
      'Type "{0}" to end all sessions there and to delete them with their results, environments and programs.',
      name,
    ),
    ignoreFocusOut: true,
    validateInput: (text) => (text === '' || name.startsWith(text) ? undefined : t('Type {0}', name)),
  });
  if (typed !== name) throw new Cancelled();
  const { left, cancelledJobs } = await withNotification(
    t('Removing everything from {0}', name),
    async (report, signal) => {
      const client = await context.connections.connect(target, signal, report);
      await context.detachSessions(hostKeyOf(target));
      report(t('Ending sessions and deleting files'));
      const removal = await client.removeEverything(signal);
      await context.connections.disconnect(hostKeyOf(target));
      return removal;
    },
  );
  const jobs =
    cancelledJobs === 0 ? '' : ` ${t('Jobs that were cancelled in the cluster: {0}.', cancelledJobs)}`;
  void window.showInformationMessage(
    left.length === 0
      ? t('Nothing of TTT-Discover is left on {0}.', name) + jobs
      : t(
          'All of TTT-Discover was removed from {0}. The root folder still holds what is not its own: {1}.',
          name,
          left.join(', '),
        ) + jobs,
  );
}

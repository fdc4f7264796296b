import { env, Uri, window, type QuickPickItem } from 'vscode';
import * as z from 'zod';
import { hostKeyOf, type HostClient, type HostTarget } from '../../../remote/hostClient';
import { Cancelled, isCancelled, Refusal } from '../../base/failures';
import { withNotification } from '../../base/progress';
import { requireTrust } from '../../base/trust';
import type { CommandHandlers } from '../../commandIds';
import { titleOf } from '../../sessions/sessionNames';
import type { Sessions } from '../../sessions/sessions';
import type { HostConnections } from '../hostConnections';
import { labelOf } from '../hostTargets';
import { eachOnce, portOfText, serversOfHost, serversOfSessions, type KnownServer } from './knownServers';
import { urlOf, type PortForward, type PortForwards } from './portForwards';
import { t } from '../../base/translate';

export interface ForwardCommandsContext {
  readonly connections: Pick<HostConnections, 'connect' | 'stateOf'>;
  readonly forwards: PortForwards;
  readonly sessions: Pick<Sessions, 'all' | 'get'>;
  readonly chooseTarget: (args: readonly unknown[], title: string) => Promise<HostTarget>;
  readonly log: (message: string) => void;
}

const row = z.object({ forwardId: z.string() });

/** Commands on forwarded ports. First argument: a host, or for those on one port its row of the Hosts view. */
export function forwardCommands(
  context: ForwardCommandsContext,
): Pick<CommandHandlers, 'forwardPort' | 'openForward' | 'copyForward' | 'stopForward'> {
  const { connections, forwards } = context;
  return {
    async forwardPort(...args) {
      requireTrust(t('Forwarding a port of a host connects to it.'));
      const target = await context.chooseTarget(args, t('Forward a port of which host?'));
      const client = await connected(connections, target);
      const { port, what } = await choosePort(context, client);
      await tell(await forwards.add(client, port, what));
    },
    async openForward(...args) {
      await openInBrowser(await chooseForward(forwards, args, t('Open which forwarded port?')));
    },
    async copyForward(...args) {
      await copyAddress(await chooseForward(forwards, args, t('Copy the address of which forwarded port?')));
    },
    async stopForward(...args) {
      forwards.stop((await chooseForward(forwards, args, t('Stop forwarding which port?'))).id);
    },
  };
}

function connected(
  connections: ForwardCommandsContext['connections'],
  target: HostTarget,
): Promise<HostClient> {
  // What takes no time needs no notification.
  if (connections.stateOf(hostKeyOf(target)).state === 'connected') {
    return connections.connect(target, new AbortController().signal);
  }
  return withNotification(t('Host {0}', labelOf(target)), (report, signal) =>
    connections.connect(target, signal, report),
  );
}

async function tell(forward: PortForward): Promise<void> {
  const [copy, open] = [t('Copy Address'), t('Open in Browser')];
  const { localPort, hostPort, hostLabel } = forward;
  const message = t(
    'localhost:{0} leads to port {1} on {2} while it is connected.',
    localPort,
    hostPort,
    hostLabel,
  );
  const chosen = await window.showInformationMessage(message, copy, open);
  if (chosen === copy) await copyAddress(forward);
  else if (chosen === open) await openInBrowser(forward);
}

async function copyAddress(forward: PortForward): Promise<void> {
  await env.clipboard.writeText(urlOf(forward));
}

/** In a window on another machine the editor makes this machine's port reachable where the browser is. */
async function openInBrowser(forward: PortForward): Promise<void> {
  await env.openExternal(await env.asExternalUri(Uri.parse(urlOf(forward))));
}

async function chooseForward(
  forwards: PortForwards,
  args: readonly unknown[],
  title: string,
): Promise<PortForward> {
  const named = row.safeParse(args[0]);
  const known = named.success ? forwards.get(named.data.forwardId) : undefined;
  if (known !== undefined) return known;
  if (named.success || forwards.all.length === 0) {
    throw new Refusal(t('No port of a host is forwarded to this machine.'), {
      title: t('Forward a Port…'),
      command: 'forwardPort',
    });
  }
  const items = forwards.all.map((forward) => ({
    label: `localhost:${forward.localPort}`,
    description: t('port {0} of {1}', forward.hostPort, forward.hostLabel),
    forward,
  }));
  const chosen = await window.showQuickPick(items, { title });
  if (chosen === undefined) throw new Cancelled();
  return chosen.forward;
}

interface PortItem extends QuickPickItem {
  readonly port: number;
  readonly what?: string;
}

/** The servers that are known, those that the host finds meanwhile, or a number. */
function choosePort(
  { sessions, log }: ForwardCommandsContext,
  client: HostClient,
): Promise<{ readonly port: number; readonly what: string | undefined }> {
  const pick = window.createQuickPick<PortItem>();
  const looking = new AbortController();
  let known = serversOfSessions(sessions.all, client.target);
  const show = (): void => {
    const typed = portOfText(pick.value);
    const isKnown = known.some(({ port }) => port === typed);
    const items = eachOnce(known).map(itemOf);
    pick.items =
      typed === undefined || isKnown
        ? items
        : [{ label: t('Port {0}', typed), port: typed, alwaysShow: true }, ...items];
  };
  pick.title = t('Forward which port of {0}?', labelOf(client.target));
  pick.placeholder = t('Type a port, or choose a server');
  pick.matchOnDescription = true;
  pick.busy = true;
  client
    .examine(looking.signal)
    .then(({ facts }) => {
      const titleOfSession = (id: string): string | undefined => {
        const view = sessions.get(id);
        return view === undefined ? undefined : titleOf(view);
      };
      known = [...known, ...serversOfHost(facts, titleOfSession)];
      show();
    })
    .catch((error: unknown) => {
      // The list is a help: any port can be typed.
      if (!isCancelled(error))
        log(`The servers of ${labelOf(client.target)} were not found out: ${String(error)}`);
    })
    .finally(() => (pick.busy = false));
  show();
  return new Promise((resolve, reject) => {
    pick.onDidChangeValue(show);
    pick.onDidAccept(() => {
      const [chosen] = pick.selectedItems;
      if (chosen === undefined) return;
      resolve({ port: chosen.port, what: chosen.what });
      pick.hide();
    });
    pick.onDidHide(() => {
      looking.abort();
      pick.dispose();
      reject(new Cancelled());
    });
    pick.show();
  });
}

function itemOf({ port, what }: KnownServer): PortItem {
  return { label: t('Port {0}', port), description: what, port, what };
}

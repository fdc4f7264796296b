import { join } from 'node:path';
import { env, ExtensionKind, LogLevel, window, workspace, type ExtensionContext } from 'vscode';
import type { SessionListing } from '../../protocol/hostCommands';
import { knownHostName } from '../../remote/hostKeys/knownHosts';
import { resolveHost } from '../../remote/config/sshConfig';
import { sshConfigPathOf } from '../../remote/config/sshAliases';
import { hostKeyOf, type HostClient, type HostTarget, type Progress } from '../../remote/hostClient';
import type { Closeable } from '../base/emitter';
import type { FailureReporter } from '../base/failureReporter';
import { messageOf } from '../base/failures';
import type { Settings } from '../base/settings';
import { requireTrust } from '../base/trust';
import type { CommandHandlers } from '../commandIds';
import { doctorCommands } from './doctor/doctorCommands';
import { ReportDocuments } from './doctor/reportDocuments';
import { openLocalPort } from '../../remote/forward/localPort';
import type { Sessions } from '../sessions/sessions';
import { forwardCommands } from './forward/forwardCommands';
import { PortForwards } from './forward/portForwards';
import type { Remembered } from './forgetHost';
import { hostCommands, pickHost, targetFromArguments, type HostChoice } from './hostCommands';
import { HostConnections } from './hostConnections';
import { hostEnvironment } from './hostEnvironment';
import { readHostList } from './hostList';
import { editorPrompts } from './hostPrompts';
import { HostsView } from './hostsView';
import { nameLocalHost } from './hostTargets';
import { ConnectionLog } from './log/connectionLog';
import { diagnosticsCommands } from './log/copyDiagnostics';
import { HostLogs } from './log/hostLogs';
import { openSshConfig } from './openSshConfig';
import { SecondLogin } from './secondLogin';
import { SelectedHost } from './selectedHost';
import { settingsOn } from './hostSettings';
import { windowPlace } from './windowPlace';
import { t } from '../base/translate';

const listTimeoutMs = 30_000;

/** What else of the editor the commands on hosts reach. */
export interface AroundHosts {
  readonly sessions: Pick<Sessions, 'all' | 'get'> & {
    detachHost(hostKey: string): Promise<void>;
    adopt(target: HostTarget, listings: readonly SessionListing[]): Promise<void>;
  };
  readonly modelKeys: {
    originsFor(target: HostTarget): readonly string[];
    disallow(origin: string, target: HostTarget): Promise<void>;
  };
}

export interface Hosts extends Closeable {
  readonly connections: HostConnections;
  readonly selected: SelectedHost;
  /** The selected host of the workspace; asks if there is none, and remembers the answer. */
  require(): Promise<HostTarget>;
  commands(
    around: AroundHosts,
  ): ReturnType<typeof hostCommands> &
    ReturnType<typeof doctorCommands> &
    ReturnType<typeof forwardCommands> &
    Pick<CommandHandlers, 'copyDiagnostics' | 'openSshConfig' | 'showHostLog'>;
}

/** Hosts: their connections, the selected one, their view and their log. */
export function createHosts(needs: {
  readonly context: ExtensionContext;
  readonly failures: FailureReporter;
  /** Hosts of known sessions, shown also when they are in no configuration. */
  readonly sessionTargets: () => readonly HostTarget[];
}): Hosts {
  const { context, failures } = needs;
  const onError = (what: string, error: unknown): void => failures.report(what, error);
  const place = windowPlace({
    remoteName: env.remoteName,
    authority: workspace.workspaceFolders?.[0]?.uri.authority,
    isOnWindowsMachine: context.extension.extensionKind === ExtensionKind.Workspace,
  });
  nameLocalHost(place.localName);
  const settings = () => settingsOn(place);
  const channel = window.createOutputChannel('TTT-Discover Hosts', { log: true });
  const logs = new HostLogs(channel, () => new Date());
  const secondLogin = new SecondLogin(context.workspaceState, place.ownAlias);
  const connections = new HostConnections(async (target, signal, progress) => {
    requireTrust(t('Connecting to a host runs programs there.'));
    await secondLogin.confirm(target);
    return connect(target, signal, progress);
  }, onError);
  const connect = async (
    target: HostTarget,
    signal: AbortSignal,
    progress: Progress,
  ): Promise<HostClient> => {
    const log = new ConnectionLog(logs, target, () => performance.now());
    const environment = hostEnvironment({
      extensionUri: context.extensionUri,
      globalStorageUri: context.globalStorageUri,
      settings,
      prompts: log.watch(editorPrompts),
      log: (level, message) => log.write(level, message),
      ...(channel.logLevel === LogLevel.Trace ? { trace: (message) => log.write('trace', message) } : {}),
    });
    try {
      // Loaded at the first connection: the SSH client is the largest part of the extension.
      const { connectHost } = await import('../../remote/connectHost');
      const client = await connectHost(target, environment, signal, {
        progress(message, fraction) {
          log.progress(message);
          progress(message, fraction);
        },
      });
      log.connected(client.description);
      client.onClosed((reason) => log.closed(reason));
      return client;
    } catch (error) {
      throw log.failed(error);
    }
  };
  const selected = new SelectedHost(context.workspaceState, settings, onError);
  const list = () =>
    readHostList({
      sshConfigPath: settings().sshConfigFile,
      others: [...needs.sessionTargets(), ...[selected.get()].filter((target) => target !== undefined)],
    });
  const forwards = new PortForwards(openLocalPort, (message) => channel.info(message), onError);
  const view = new HostsView({
    connections,
    selected,
    place,
    forwards,
    list,
    onTrouble: (folder, error) => channel.warn(`Changes in ${folder} are not noticed: ${messageOf(error)}`),
  });
  const choice: HostChoice = {
    connections,
    selected,
    place,
    listTargets: async () => (await list()).targets,
  };
  const chooseTarget = async (args: readonly unknown[], title: string): Promise<HostTarget> =>
    targetFromArguments(args) ?? (await pickHost(choice, title));
  const reports = new ReportDocuments(place.hasTerminal);
  const settingsChanged = workspace.onDidChangeConfiguration((change) => {
    if (change.affectsConfiguration('tttDiscover.defaultHost')) selected.refresh();
    if (change.affectsConfiguration('tttDiscover.ssh')) view.refresh();
  });
  const choicesOf = (target: HostTarget, { modelKeys }: AroundHosts): Remembered[] => [
    ...(selected.isChosen(hostKeyOf(target))
      ? [{ what: t('that sessions of this workspace run there'), forget: () => selected.clear() }]
      : []),
    ...modelKeys.originsFor(target).map((origin) => ({
      what: t('that the key of {0} may go there', origin),
      forget: () => modelKeys.disallow(origin, target),
    })),
    ...secondLogin.rememberedOf(target),
  ];
  return {
    connections,
    selected,
    async require() {
      const current = selected.get();
      if (current !== undefined) return current;
      const chosen = await pickHost(choice, t('Run the sessions of this workspace on which host?'));
      await selected.set(chosen);
      return chosen;
    },
    commands: (around) => ({
      ...hostCommands({
        ...choice,
        settings,
        knownHostsPath: join(context.globalStorageUri.fsPath, 'known_hosts'),
        pinNameOf: (alias) => pinNameOf(alias, settings()),
        choicesOf: (target) => choicesOf(target, around),
        refreshView: () => view.refresh(),
        detachSessions: (hostKey) => around.sessions.detachHost(hostKey),
        adoptSessions: async (client) =>
          around.sessions.adopt(client.target, await client.list(AbortSignal.timeout(listTimeoutMs))),
      }),
      ...doctorCommands({ connections, reports, settings, chooseTarget }),
      ...forwardCommands({
        connections,
        forwards,
        sessions: around.sessions,
        chooseTarget,
        log: (message) => channel.info(message),
      }),
      ...diagnosticsCommands({
        extension: context.extension,
        logs,
        connections,
        factsOf: (target) => reports.factsOf(target),
        settings,
        usesMachineSettings: place.hasTerminal,
        listTargets: choice.listTargets,
        chooseTarget,
      }),
      openSshConfig: () =>
        openSshConfig(sshConfigPathOf({ sshConfigPath: settings().sshConfigFile }), place.hasTerminal),
      showHostLog: () => channel.show(),
    }),
    dispose() {
      for (const part of [settingsChanged, reports, view, forwards, selected, connections, channel])
        part.dispose();
    },
  };
}

/** Resolves the alias with `ssh -G`, as a connection does. */
async function pinNameOf(alias: string, { sshPath, sshConfigFile }: Settings): Promise<string> {
  return knownHostName(await resolveHost(alias, { sshPath, sshConfigPath: sshConfigFile }));
}

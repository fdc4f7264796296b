import { join } from 'node:path';
import { env, ExtensionKind, workspace, type ExtensionContext, type LogOutputChannel } from 'vscode';
import type { SessionListing } from '../../protocol/hostCommands';
import { knownHostName } from '../../remote/hostKeys/knownHosts';
import { resolveHost } from '../../remote/config/sshConfig';
import { hostKeyOf, type HostTarget } from '../../remote/hostClient';
import { listAliases } from '../../remote/config/sshAliases';
import { currentSettings } from '../base/currentSettings';
import type { Closeable } from '../base/emitter';
import type { FailureReporter } from '../base/failureReporter';
import { requireTrust } from '../base/trust';
import { doctorCommands } from './doctor/doctorCommands';
import { ReportDocuments } from './doctor/reportDocuments';
import { hostCommands, pickHost, targetFromArguments, type HostCommandsContext } from './hostCommands';
import { HostConnections } from './hostConnections';
import { hostEnvironment } from './hostEnvironment';
import { editorPrompts } from './hostPrompts';
import { HostsView } from './hostsView';
import { thisMachine } from './hostTargets';
import { SelectedHost } from './selectedHost';

const listTimeoutMs = 30_000;

export interface Hosts extends Closeable {
  readonly connections: HostConnections;
  readonly selected: SelectedHost;
  /** The selected host of the workspace; asks if there is none, and remembers the answer. */
  require(): Promise<HostTarget>;
  commands(sessions: {
    detachHost(hostKey: string): Promise<void>;
    adopt(target: HostTarget, listings: readonly SessionListing[]): Promise<void>;
  }): ReturnType<typeof hostCommands> & ReturnType<typeof doctorCommands>;
}

/** Hosts: their connections, the selected one, and their view. */
export function createHosts(needs: {
  readonly context: ExtensionContext;
  readonly log: LogOutputChannel;
  readonly failures: FailureReporter;
  /** Hosts of known sessions, shown also when they are in no configuration. */
  readonly sessionTargets: () => readonly HostTarget[];
}): Hosts {
  const { context, log } = needs;
  const onError = (what: string, error: unknown): void => needs.failures.report(what, error);
  const connections = new HostConnections(async (target, signal, progress) => {
    requireTrust('Connecting to a host runs programs there.');
    const environment = hostEnvironment({
      extensionUri: context.extensionUri,
      globalStorageUri: context.globalStorageUri,
      settings: () => currentSettings(),
      prompts: editorPrompts,
      log,
    });
    // Loaded at the first connection: the SSH client is the largest part of the extension.
    const { connectHost } = await import('../../remote/connectHost');
    return connectHost(target, environment, signal, {
      progress(message, fraction) {
        log.info(message);
        progress(message, fraction);
      },
    });
  }, onError);
  const selected = new SelectedHost(context.workspaceState, () => currentSettings(), onError);
  const listTargets = async (): Promise<readonly HostTarget[]> => {
    const configured = await configuredAliases(onError);
    const all = [
      thisMachine,
      ...configured.map((alias): HostTarget => ({ kind: 'ssh', alias })),
      ...needs.sessionTargets(),
      ...[selected.get()].filter((target) => target !== undefined),
    ];
    return [...new Map(all.map((target) => [hostKeyOf(target), target])).values()];
  };
  const view = new HostsView(connections, selected, listTargets);
  const shared: Omit<HostCommandsContext, 'detachSessions' | 'adoptSessions'> = {
    connections,
    selected,
    listTargets,
    knownHostsPath: join(context.globalStorageUri.fsPath, 'known_hosts'),
    pinNameOf,
    refreshView: () => view.refresh(),
  };
  // In a window on another machine the terminals are of that machine, and hosts are reached from this one.
  const hasTerminal =
    env.remoteName === undefined || context.extension.extensionKind === ExtensionKind.Workspace;
  const reports = new ReportDocuments(hasTerminal);
  const settingsChanged = workspace.onDidChangeConfiguration((change) => {
    if (change.affectsConfiguration('tttDiscover.defaultHost')) selected.refresh();
    if (change.affectsConfiguration('tttDiscover.ssh')) view.refresh();
  });
  return {
    connections,
    selected,
    async require() {
      const current = selected.get();
      if (current !== undefined) return current;
      const chosen = await pickHost(shared, 'Run the sessions of this workspace on');
      await selected.set(chosen);
      return chosen;
    },
    commands: (sessions) => ({
      ...hostCommands({
        ...shared,
        detachSessions: (hostKey) => sessions.detachHost(hostKey),
        adoptSessions: async (client) =>
          sessions.adopt(client.target, await client.list(AbortSignal.timeout(listTimeoutMs))),
      }),
      ...doctorCommands({
        connections,
        reports,
        settings: currentSettings,
        chooseTarget: async (args, title) => targetFromArguments(args) ?? pickHost(shared, title),
      }),
    }),
    dispose() {
      for (const part of [settingsChanged, reports, view, selected, connections]) part.dispose();
    },
  };
}

/** Resolves the alias with `ssh -G`, as a connection does. */
async function pinNameOf(alias: string): Promise<string> {
  const { sshPath, sshConfigFile } = currentSettings();
  return knownHostName(await resolveHost(alias, { sshPath, sshConfigPath: sshConfigFile }));
}

/** A configuration that cannot be read must not hide this machine: it is reported, and the list goes on without it. */
async function configuredAliases(onError: (what: string, error: unknown) => void): Promise<string[]> {
  try {
    return await listAliases({ sshConfigPath: currentSettings().sshConfigFile });
  } catch (error) {
    onError('SSH configuration', error);
    return [];
  }
}

import { execFile } from 'node:child_process';
import { hostname, release, type as systemType, userInfo } from 'node:os';
import { basename } from 'node:path';
import { env, ExtensionKind, version, window, workspace, type Extension } from 'vscode';
import { describeHost } from '../../../domain/host/describeHost';
import type { HostFacts } from '../../../domain/host/hostFacts';
import { resolveRoute } from '../../../remote/config/sshConfig';
import { hostKeyOf, type HostTarget } from '../../../remote/hostClient';
import { Cancelled } from '../../base/failures';
import { settingKeys, type Settings } from '../../base/settings';
import type { CommandHandlers } from '../../commandIds';
import type { HostConnections, HostState } from '../hostConnections';
import { t } from '../../base/translate';
import { labelOf } from '../hostTargets';
import { diagnosticsText, type Fact } from './diagnostics';
import type { HostLogs } from './hostLogs';
import { NameMask, type NamesToMask } from './nameMask';

export interface DiagnosticsContext {
  readonly extension: Pick<Extension<unknown>, 'packageJSON' | 'extensionKind'>;
  readonly logs: HostLogs;
  readonly connections: Pick<HostConnections, 'stateOf'>;
  readonly factsOf: (target: HostTarget) => HostFacts | undefined;
  readonly settings: () => Settings;
  /** Whether settings of the scope `machine` are those of the machine that this program runs on; else they are not used. */
  readonly usesMachineSettings: boolean;
  readonly listTargets: () => Promise<readonly HostTarget[]>;
  /** A host key or a row of the Hosts view; else the user is asked. */
  readonly chooseTarget: (args: readonly unknown[], title: string) => Promise<HostTarget>;
}

const sshTimeoutMs = 5_000;

/** Puts what a bug report about a connection needs onto the clipboard. Connects to nothing. */
export function diagnosticsCommands(context: DiagnosticsContext): Pick<CommandHandlers, 'copyDiagnostics'> {
  return {
    async copyDiagnostics(...args) {
      const target = await context.chooseTarget(args, t('Copy the diagnostics of which host?'));
      const isMasked = await askWhetherMasked();
      const mask = isMasked ? new NameMask(await namesOf(context, target)) : undefined;
      const text = diagnosticsText(
        {
          versions: await versions(context),
          host: hostFactsOf(context, target),
          settings: settingsOf(context.usesMachineSettings),
          logLines: context.logs.linesOf(target),
        },
        mask === undefined ? undefined : (value) => mask.mask(value),
      );
      await env.clipboard.writeText(text);
      const show = t('Open as Document');
      void window
        .showInformationMessage(
          t('The diagnostics of {0} are copied. Read them before you share them.', labelOf(target)),
          show,
        )
        .then(async (chosen) => {
          if (chosen !== show) return;
          const document = await workspace.openTextDocument({ content: text, language: 'markdown' });
          await window.showTextDocument(document);
        });
    },
  };
}

async function askWhetherMasked(): Promise<boolean> {
  const items = [
    {
      label: t('Replace the names of hosts and users'),
      description: t('host-1, user-1, address-1 in their place'),
      isMasked: true,
    },
    { label: t('As it is'), description: t('names of hosts, users and folders stay'), isMasked: false },
  ];
  const title = t(
    'Copy diagnostics: versions, settings and the log of the connection. Passwords and keys are in none of them.',
  );
  const chosen = await window.showQuickPick(items, { title });
  if (chosen === undefined) throw new Cancelled();
  return chosen.isMasked;
}

async function versions({ extension, settings }: DiagnosticsContext): Promise<Fact[]> {
  const manifest: unknown = extension.packageJSON;
  const own =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest
      ? String(manifest.version)
      : '';
  const side =
    extension.extensionKind === ExtensionKind.Workspace
      ? "on the window's machine"
      : 'on the machine of the user';
  return [
    ['TTT-Discover', own],
    ['editor', `${env.appName} ${version} (${env.appHost})`],
    ['window', env.remoteName === undefined ? 'on this machine' : `remote: ${env.remoteName}`],
    ['the extension runs', env.remoteName === undefined ? 'on this machine' : side],
    [
      'Node',
      `${process.version}${process.versions['electron'] === undefined ? '' : ` (Electron ${process.versions['electron']})`}`,
    ],
    ['system', `${systemType()} ${release()} ${process.arch}`],
    ['ssh program', await sshVersion(settings().sshPath)],
  ];
}

/** `ssh -V`, which connects to nothing. */
function sshVersion(sshPath: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(sshPath, ['-V'], { timeout: sshTimeoutMs, windowsHide: true }, (error, stdout, stderr) => {
      const said = (stderr.trim() === '' ? stdout : stderr).trim();
      resolve(
        error === null
          ? `${sshPath}: ${said}`
          : `${sshPath}: ${error.code === 'ENOENT' ? 'not found' : error.message}`,
      );
    });
  });
}

const factTitles = ['GPUs', 'Processor and memory', 'Disk', 'Slurm'];

function hostFactsOf({ connections, factsOf }: DiagnosticsContext, target: HostTarget): Fact[] {
  const seen = factsOf(target);
  const basics: Fact[] = [
    ['host', labelOf(target)],
    ['connection', stateText(connections.stateOf(hostKeyOf(target)))],
  ];
  if (seen === undefined)
    return [...basics, ['what it has', 'not known: Check Host… was not run in this window']];
  return [
    ...basics,
    [
      'system',
      [seen.system, seen.distribution?.name, glibcText(seen), seen.shell].filter(Boolean).join(', '),
    ],
    ['Node there', `${seen.node.version} at ${seen.node.path}`],
    ...describeHost(seen)
      .filter(({ title }) => factTitles.includes(title))
      // What stands further to the right are processes, which are nobody's business here.
      .flatMap(({ title, lines }) =>
        lines.filter((line) => !line.startsWith(' ')).map((line): Fact => [title, line]),
      ),
  ];
}

function glibcText({ glibc }: HostFacts): string | undefined {
  return glibc === undefined ? undefined : `glibc ${glibc}`;
}

function stateText(state: HostState): string {
  switch (state.state) {
    case 'connected':
      return `connected: ${state.description}`;
    case 'failed':
      return ['failed:', state.message, state.advice].filter(Boolean).join(' ');
    default:
      return state.state;
  }
}

/** Settings that decide how hosts are reached, with where they come from. */
function settingsOf(isUsed: boolean): Fact[] {
  const configuration = workspace.getConfiguration('tttDiscover', null);
  return settingKeys
    .filter((key) => !key.startsWith('session.'))
    .map((key) => {
      const value = JSON.stringify(configuration.get<unknown>(key));
      const isDefault = configuration.inspect(key)?.globalValue === undefined;
      if (isDefault) return [key, `${value} (default)`];
      return [key, isUsed ? value : `${value} (of the machine of the window, not used)`];
    });
}

async function namesOf(context: DiagnosticsContext, target: HostTarget): Promise<NamesToMask> {
  const { sshPath, sshConfigFile } = context.settings();
  const own = userInfo();
  const aliases = (await context.listTargets()).flatMap((one) => (one.kind === 'ssh' ? [one.alias] : []));
  // Where the configuration cannot be read the log has no names of it either.
  const route =
    target.kind === 'local'
      ? []
      : await resolveRoute(target.alias, { sshPath, sshConfigPath: sshConfigFile }).catch(() => []);
  const seen = context.factsOf(target);
  return {
    hosts: [
      ...(target.kind === 'ssh' ? [target.alias] : []),
      ...route.flatMap(({ alias, hostName, hostKeyAlias }) => [alias, hostName, hostKeyAlias ?? '']),
      hostname(),
      ...(seen === undefined ? [] : [seen.name]),
      ...aliases,
    ],
    users: [...route.map(({ user }) => user), own.username, basename(own.homedir)],
  };
}

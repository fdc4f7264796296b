import { join } from 'node:path';
import * as z from 'zod';
import type { Uri } from 'vscode';
import type { HostEnvironment, HostPrompts } from '../../remote/hostClient';
import type { Settings } from '../base/settings';
import { nodeReleaseFor } from '../../remote/bootstrap/nodeReleases';
import { chooseNodeBinary, platformKeyOf } from './nodeBinary';
import { fetchNode } from './nodeDownload';

/** What connections need from this editor. Settings are read at each connection, so that a change needs no reload. */
export function hostEnvironment(context: {
  readonly extensionUri: Uri;
  readonly globalStorageUri: Uri;
  readonly settings: () => Settings;
  readonly prompts: HostPrompts;
  readonly log: HostEnvironment['log'];
  /** Present where every step is to be logged. */
  readonly trace?: (message: string) => void;
}): HostEnvironment {
  const settings = context.settings();
  return {
    runnerBundlePath: join(context.extensionUri.fsPath, 'dist', 'runner.cjs'),
    localNode: { path: process.execPath, env: isElectron() ? { ELECTRON_RUN_AS_NODE: '1' } : {} },
    nodeBinaryFor: async (platformKey, progress, signal) => {
      const { nodeBinary, nodeDownload } = context.settings();
      const here = chooseNodeBinary({
        platformKey,
        ownPlatformKey: platformKeyOf(process.platform, process.arch, glibcVersion()),
        ownNodePath: isElectron() ? undefined : process.execPath,
        configuredPath: nodeBinary,
      });
      const release = nodeReleaseFor(platformKey);
      if (here !== undefined || release === undefined || nodeDownload === 'never') return here;
      if (nodeDownload === 'host') return release;
      return fetchNode(release, join(context.globalStorageUri.fsPath, 'node'), progress, signal);
    },
    knownHostsPath: join(context.globalStorageUri.fsPath, 'known_hosts'),
    sshPath: settings.sshPath,
    sshConfigPath: settings.sshConfigFile,
    sshTransport: settings.sshTransport ?? 'auto',
    root: settings.remoteRoot,
    prompts: context.prompts,
    log: context.log,
    ...(context.trace === undefined ? {} : { trace: context.trace }),
  };
}

function isElectron(): boolean {
  return process.versions['electron'] !== undefined;
}

const report = z.object({ header: z.object({ glibcVersionRuntime: z.string().optional() }) });

function glibcVersion(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const parsed = report.safeParse(process.report.getReport());
  return parsed.success ? parsed.data.header.glibcVersionRuntime : undefined;
}

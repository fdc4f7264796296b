import { RemoteError, hostKeyOf, type HostTarget } from '../../remote/hostClient';
import { readAliases, sshConfigPathOf, type SshAliases } from '../../remote/config/sshAliases';
import { homeFolder } from '../../remote/config/resolvedHost';
import { messageOf } from '../base/failures';
import { thisMachine } from './hostTargets';

/** Why the list has no SSH hosts; the view says it in a row. `configPath` is for people: `~` stands for the home folder. */
export type HostNotice =
  | { readonly kind: 'no-config' | 'no-hosts'; readonly configPath: string }
  | {
      readonly kind: 'unreadable';
      readonly configPath: string;
      readonly message: string;
      readonly advice: string;
    };

export interface HostList {
  readonly targets: readonly HostTarget[];
  readonly notice?: HostNotice;
  /** Files and patterns that the list was read from. */
  readonly places: readonly string[];
}

/**
 * This machine, the aliases of the SSH configuration, and hosts that are known otherwise, each once. A configuration that cannot be read does
 * not hide this machine: it becomes the notice.
 */
export async function readHostList(options: {
  readonly sshConfigPath: string | undefined;
  readonly sshFolder?: string;
  readonly others: readonly HostTarget[];
}): Promise<HostList> {
  const mainPath = sshConfigPathOf(options);
  const configPath = withTilde(mainPath);
  let found: Pick<SshAliases, 'aliases' | 'places'> = { aliases: [], places: [mainPath] };
  let notice: HostNotice | undefined;
  try {
    const read = await readAliases(options);
    found = read;
    if (read.aliases.length === 0) notice = { kind: read.isThere ? 'no-hosts' : 'no-config', configPath };
  } catch (error) {
    const advice = error instanceof RemoteError ? error.advice : '';
    notice = { kind: 'unreadable', configPath, message: messageOf(error), advice };
  }
  const all = [
    thisMachine,
    ...found.aliases.map((alias): HostTarget => ({ kind: 'ssh', alias })),
    ...options.others,
  ];
  return {
    targets: [...new Map(all.map((target) => [hostKeyOf(target), target])).values()],
    places: found.places,
    ...(notice === undefined ? {} : { notice }),
  };
}

function withTilde(path: string): string {
  const home = homeFolder();
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

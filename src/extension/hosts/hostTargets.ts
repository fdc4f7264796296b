import type { HostTarget } from '../../remote/hostClient';

export const thisMachine: HostTarget = { kind: 'local' };

/** The inverse of `hostKeyOf`. */
export function targetOfKey(hostKey: string): HostTarget | undefined {
  if (hostKey === 'local') return thisMachine;
  const alias = /^ssh:(.+)$/.exec(hostKey)?.[1];
  return alias === undefined ? undefined : { kind: 'ssh', alias };
}

/** What the setting `defaultHost` names: `local`, or an alias. */
export function targetOfSetting(text: string): HostTarget {
  return text === 'local' ? thisMachine : { kind: 'ssh', alias: text };
}

export function labelOf(target: HostTarget): string {
  return target.kind === 'local' ? 'this machine' : target.alias;
}

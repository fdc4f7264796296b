import type { HostTarget } from '../../remote/hostClient';
import { t } from '../base/translate';

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

let localName: string | undefined;

/** A window is on one machine all its life: what that is called is told once, at activation. */
export function nameLocalHost(name: string): void {
  localName = name;
}

/** A host in the middle of a sentence. */
export function labelOf(target: HostTarget): string {
  return target.kind === 'local' ? (localName ?? t('this machine')) : target.alias;
}

import { isIP } from 'node:net';

/** Kinds of names that tell who somebody is or where a machine stands. */
export interface NamesToMask {
  readonly hosts: readonly string[];
  readonly users: readonly string[];
}

/** Names that everybody has. */
const commonNames = new Set([
  'root',
  'admin',
  'user',
  'ubuntu',
  'localhost',
  'local',
  '127.0.0.1',
  '::1',
  '0.0.0.0',
]);

/**
 * Puts `host-1`, `user-1`, `address-1` in the place of names and addresses, the same one each time, so that a text can still be followed. Names
 * are those that are known here; addresses are known by their look.
 */
export class NameMask {
  private readonly masks = new Map<string, string>();
  private readonly counts = { host: 0, user: 0, address: 0 };

  constructor(names: NamesToMask) {
    for (const host of names.hosts) this.add('host', host);
    for (const user of names.users) this.add('user', user);
  }

  mask(text: string): string {
    for (const address of addressesIn(text)) this.add('address', address);
    if (this.masks.size === 0) return text;
    const longestFirst = [...this.masks.keys()].sort((one, other) => other.length - one.length);
    const names = longestFirst.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
    const anyName = new RegExp(`(?<![A-Za-z0-9])(?:${names})(?![A-Za-z0-9])`, 'gi');
    return text.replace(anyName, (name) => this.masks.get(name.toLowerCase()) ?? name);
  }

  private add(kind: keyof NameMask['counts'], name: string): void {
    const key = name.toLowerCase();
    if (key.length < 2 || commonNames.has(key) || this.masks.has(key)) return;
    this.counts[kind] += 1;
    this.masks.set(key, `${kind}-${this.counts[kind]}`);
  }
}

/** Addresses as they stand in a text, without a port. */
function addressesIn(text: string): string[] {
  return [...text.matchAll(/(?<![\w.:])[0-9a-f:.]{2,}(?!\w)/gi)].flatMap(([token]) => {
    const whole = token.replace(/\.+$/, '');
    return [whole, whole.replace(/:\d*$/, '')].filter((part) => isIP(part) !== 0).slice(0, 1);
  });
}

import type { Memento, SecretStorage } from 'vscode';
import * as z from 'zod';
import { hostKeyOf, type HostTarget } from '../../remote/hostClient';

const memoryKey = 'tttDiscover.modelServers';
const hostsByOrigin = z.record(z.string(), z.array(z.string()));

/**
 * Keys of model servers, one an origin (`https://api.openai.com`), in the editor's secret storage; and to which hosts the user has
 * let each go. A key goes to no other host by itself: what runs there can read it.
 */
export class ModelServerKeys {
  constructor(
    private readonly secrets: Pick<SecretStorage, 'get' | 'store' | 'delete'>,
    /** Of this machine's editor. */
    private readonly memory: Pick<Memento, 'get' | 'update'>,
  ) {}

  get(origin: string): Promise<string | undefined> {
    return Promise.resolve(this.secrets.get(secretName(origin)));
  }

  async store(origin: string, key: string): Promise<void> {
    await this.secrets.store(secretName(origin), key);
    await this.remember({ ...this.hosts(), [origin]: this.hosts()[origin] ?? [] });
  }

  async forget(origin: string): Promise<void> {
    await this.secrets.delete(secretName(origin));
    const others = Object.entries(this.hosts()).filter(([other]) => other !== origin);
    await this.remember(Object.fromEntries(others));
  }

  /** Origins that have a key, sorted. */
  origins(): readonly string[] {
    return Object.keys(this.hosts()).sort();
  }

  /** The key lies on this machine already; to another host it goes with the user's word alone. */
  mayGoTo(origin: string, target: HostTarget): boolean {
    return target.kind === 'local' || (this.hosts()[origin] ?? []).includes(hostKeyOf(target));
  }

  /** The user's word that the key may go to a host, now and later. */
  async allow(origin: string, target: HostTarget): Promise<void> {
    if (this.mayGoTo(origin, target)) return;
    const hosts = this.hosts();
    await this.remember({ ...hosts, [origin]: [...(hosts[origin] ?? []), hostKeyOf(target)] });
  }

  /** Origins whose keys may go to a host, sorted. */
  originsFor(target: HostTarget): readonly string[] {
    return this.origins().filter((origin) => (this.hosts()[origin] ?? []).includes(hostKeyOf(target)));
  }

  /** Takes the word back. What a session there holds in memory stays there. */
  async disallow(origin: string, target: HostTarget): Promise<void> {
    const hosts = this.hosts();
    const others = (hosts[origin] ?? []).filter((hostKey) => hostKey !== hostKeyOf(target));
    await this.remember({ ...hosts, [origin]: others });
  }

  private hosts(): Readonly<Record<string, readonly string[]>> {
    return hostsByOrigin.safeParse(this.memory.get(memoryKey)).data ?? {};
  }

  private async remember(hosts: Readonly<Record<string, readonly string[]>>): Promise<void> {
    await this.memory.update(memoryKey, hosts);
  }
}

function secretName(origin: string): string {
  return `tttDiscover.modelServerKey:${origin}`;
}

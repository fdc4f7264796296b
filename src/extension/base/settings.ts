import { withoutAbsent } from '../../domain/withoutAbsent';
import * as z from 'zod';

/** Every setting, without its prefix `tttDiscover.`. A test compares the list with package.json. */
export const settingKeys = [
  'defaultHost',
  'ssh.path',
  'ssh.configFile',
  'remote.transport',
  'remote.root',
  'remote.nodeBinary',
  'remote.nodeDownload',
  'session.maxTimeMinutes',
  'session.concurrency',
  'session.seed',
  'notifications',
  'review.provenanceLenses',
] as const;
export type SettingKey = (typeof settingKeys)[number];

/** Settings as the code uses them: an empty text is absent. */
export interface Settings {
  readonly defaultHost?: string;
  readonly sshPath: string;
  readonly sshConfigFile?: string;
  readonly sshTransport?: 'auto' | 'ssh2' | 'system';
  readonly remoteRoot: string;
  readonly nodeBinary?: string;
  /** Who downloads Node for a host that has none. */
  readonly nodeDownload?: 'editor' | 'host' | 'never';
  readonly maxTimeMs?: number;
  readonly concurrency?: number;
  readonly seed?: number;
  readonly notifications?: NotificationLevel;
  /** Above accepted lines stands where they came from. */
  readonly provenanceLenses?: boolean;
}

/** `important`: what needs the user, and what beats a reference; `all`: the end of a session too. */
export type NotificationLevel = 'all' | 'important' | 'none';

const transport = z.enum(['auto', 'ssh2', 'system']).catch('auto');
const text = z.string().trim().min(1).optional().catch(undefined);
const positive = z.number().positive().optional().catch(undefined);
const nodeDownload = z.enum(['editor', 'host', 'never']).optional().catch(undefined);
const notifications = z.enum(['all', 'important', 'none']).catch('important');
const count = z.int().min(1).optional().catch(undefined);
const seed = z.int().min(0).max(0xffff_ffff).optional().catch(undefined);
const provenanceLenses = z.boolean().catch(true);

/** Reads all settings through `get`; a value of the wrong type counts as absent. */
export function readSettings(get: (key: SettingKey) => unknown): Settings {
  const maxTimeMinutes = positive.parse(get('session.maxTimeMinutes') ?? undefined);
  return withoutAbsent({
    defaultHost: text.parse(get('defaultHost')),
    sshPath: text.parse(get('ssh.path')) ?? 'ssh',
    sshConfigFile: text.parse(get('ssh.configFile')),
    sshTransport: transport.parse(get('remote.transport')),
    remoteRoot: text.parse(get('remote.root')) ?? '~/.ttt-discover',
    nodeBinary: text.parse(get('remote.nodeBinary')),
    nodeDownload: nodeDownload.parse(get('remote.nodeDownload')) ?? 'editor',
    maxTimeMs: maxTimeMinutes === undefined ? undefined : maxTimeMinutes * 60_000,
    concurrency: count.parse(get('session.concurrency') ?? undefined),
    seed: seed.parse(get('session.seed') ?? undefined),
    notifications: notifications.parse(get('notifications')),
    provenanceLenses: provenanceLenses.parse(get('review.provenanceLenses')),
  });
}

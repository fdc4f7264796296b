import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noticeItem } from '../../../src/extension/hosts/hostItems';
import { readHostList } from '../../../src/extension/hosts/hostList';
import { hostKeyOf, type HostTarget } from '../../../src/remote/hostClient';

let sshFolder: string;
let config: string;
const read = (others: readonly HostTarget[] = []) =>
  readHostList({ sshConfigPath: undefined, sshFolder, others });

beforeEach(async () => {
  sshFolder = join(await mkdtemp(join(tmpdir(), 'ttt-hosts-')), '.ssh');
  config = join(sshFolder, 'config');
});
afterEach(() => rm(join(sshFolder, '..'), { recursive: true }));

describe('the list of hosts', () => {
  it('has this machine, the aliases without patterns, and hosts that are known otherwise, each once', async () => {
    await mkdir(sshFolder);
    await writeFile(config, 'Host gpu-1 gpu-* gpu-2\nInclude more\n');
    await writeFile(join(sshFolder, 'more'), 'Host gpu-3\n');
    const list = await read([
      { kind: 'ssh', alias: 'gpu-2' },
      { kind: 'ssh', alias: 'old' },
      { kind: 'local' },
    ]);
    expect(list.targets.map(hostKeyOf)).toEqual(['local', 'ssh:gpu-1', 'ssh:gpu-2', 'ssh:gpu-3', 'ssh:old']);
    expect(list.notice).toBeUndefined();
    expect(list.places).toEqual([config, join(sshFolder, 'more')]);
  });

  it('says what to do where there is no configuration, or none with a host', async () => {
    const none = await read();
    expect(none.targets).toEqual([{ kind: 'local' }]);
    expect(none.notice).toEqual({ kind: 'no-config', configPath: config });
    expect(noticeItem(none.notice!)).toMatchObject({
      label: 'Add an SSH host…',
      description: `there is no ${config}`,
      accessibleLabel: `Add an SSH host, there is no ${config}. Opens the SSH configuration.`,
    });
    await mkdir(sshFolder);
    await writeFile(config, 'Host *\n  User ada\n');
    expect((await read()).notice).toEqual({ kind: 'no-hosts', configPath: config });
  });

  it('goes on without a configuration that cannot be read, and says so', async () => {
    await mkdir(sshFolder);
    await writeFile(config, 'Host gpu-1\n  HostName "open\n');
    const { targets, notice, places } = await read([{ kind: 'ssh', alias: 'old' }]);
    expect(targets.map(hostKeyOf)).toEqual(['local', 'ssh:old']);
    expect(notice).toMatchObject({ kind: 'unreadable', configPath: config });
    expect(noticeItem(notice!).tooltip).toContain('ssh -G');
    // It is noticed when it is mended.
    expect(places).toEqual([config]);
  });
});

import { describe, expect, it } from 'vitest';
import { hostItem } from '../../../src/extension/hosts/hostItems';
import { labelOf, targetOfKey, targetOfSetting } from '../../../src/extension/hosts/hostTargets';
import { chooseNodeBinary, platformKeyOf } from '../../../src/extension/hosts/nodeBinary';
import { SelectedHost } from '../../../src/extension/hosts/selectedHost';
import { windowPlace } from '../../../src/extension/hosts/windowPlace';
import { hostKeyOf, type HostTarget } from '../../../src/remote/hostClient';
import { memoryMemento } from '../support/memento';

const local: HostTarget = { kind: 'local' };
const here = windowPlace({ remoteName: undefined, authority: undefined, isOnWindowsMachine: false });
const farm: HostTarget = { kind: 'ssh', alias: 'farm' };
const fail = (what: string, error: unknown): void => {
  throw new Error(what, { cause: error });
};

describe('a host in the list', () => {
  it('says what it is and how it stands', () => {
    expect(hostItem(local, { state: 'disconnected' }, true, here)).toMatchObject({
      label: 'This machine',
      description: 'not connected · selected',
      accessibleLabel: 'Host this machine, not connected, selected',
    });
    expect(hostItem(farm, { state: 'connected', description: 'Linux, Node 22' }, false, here)).toMatchObject({
      label: 'farm',
      description: 'connected',
      tooltip: 'farm: Linux, Node 22',
    });
  });

  it('shows an error with its advice', () => {
    const item = hostItem(
      farm,
      { state: 'failed', message: 'No route', advice: 'Check the VPN.' },
      false,
      here,
    );
    expect(item.description).toBe('error: No route');
    expect(item.tooltip).toContain('Check the VPN.');
  });

  it('offers what can be done in its state', () => {
    expect(hostItem(farm, { state: 'disconnected' }, false, here).contextValue).toBe(
      'host canConnect canForget',
    );
    expect(hostItem(farm, { state: 'connecting' }, false, here).contextValue).toBe(
      'host canDisconnect canForget',
    );
    expect(hostItem(local, { state: 'connected', description: '' }, false, here).contextValue).toBe(
      'host canDisconnect',
    );
  });
});

describe('the key of a host', () => {
  it('names it in memory and in arguments', () => {
    for (const target of [local, farm]) expect(targetOfKey(hostKeyOf(target))).toEqual(target);
    expect(targetOfKey('ssh:')).toBeUndefined();
    expect(targetOfKey('elsewhere')).toBeUndefined();
  });
});

describe('the selected host', () => {
  const settings = { sshPath: 'ssh', remoteRoot: '~' };

  it('is none at first, then the one that the user chose', async () => {
    const memory = memoryMemento();
    const selected = new SelectedHost(memory, () => settings, fail);
    expect([selected.get(), selected.label()]).toEqual([undefined, 'not selected']);
    let changes = 0;
    selected.onDidChange(() => (changes += 1));
    await selected.set(farm);
    expect([selected.get(), selected.label(), changes]).toEqual([farm, 'farm', 1]);
    expect(new SelectedHost(memory, () => settings, fail).get()).toEqual(farm);
    expect([selected.isChosen('ssh:farm'), selected.isChosen('local')]).toEqual([true, false]);
    await selected.clear();
    expect([selected.get(), changes]).toEqual([undefined, 2]);
  });

  it('is the one of the settings until the user chooses', () => {
    const selected = new SelectedHost(memoryMemento(), () => ({ ...settings, defaultHost: 'local' }), fail);
    expect(selected.get()).toEqual(local);
    expect(labelOf(targetOfSetting('farm'))).toBe('farm');
  });
});

describe('the Node binary for a host without Node', () => {
  const facts = {
    platformKey: 'linux-x64',
    ownPlatformKey: 'linux-x64',
    ownNodePath: '/usr/bin/node',
    configuredPath: undefined,
  };

  it('is the one of this machine where it fits', () => {
    expect(chooseNodeBinary(facts)).toBe('/usr/bin/node');
    expect(chooseNodeBinary({ ...facts, platformKey: 'linux-arm64' })).toBeUndefined();
  });

  it('is never the program of a desktop editor', () => {
    expect(chooseNodeBinary({ ...facts, ownNodePath: undefined })).toBeUndefined();
  });

  it('is the one of the settings first, on Linux', () => {
    expect(chooseNodeBinary({ ...facts, configuredPath: '/opt/node' })).toBe('/opt/node');
    expect(
      chooseNodeBinary({ ...facts, platformKey: 'darwin-arm64', configuredPath: '/opt/node' }),
    ).toBeUndefined();
  });

  it('does not come from a machine whose C library is another', () => {
    expect(platformKeyOf('linux', 'x64', '2.36')).toBe('linux-x64');
    expect(platformKeyOf('linux', 'x64', undefined)).toBeUndefined();
    expect(platformKeyOf('darwin', 'arm64', undefined)).toBe('darwin-arm64');
  });
});

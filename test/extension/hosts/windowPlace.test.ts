import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { hostItem } from '../../../src/extension/hosts/hostItems';
import { labelOf, nameLocalHost } from '../../../src/extension/hosts/hostTargets';
import { windowPlace } from '../../../src/extension/hosts/windowPlace';
import type { HostTarget } from '../../../src/remote/hostClient';

const local: HostTarget = { kind: 'local' };
const closed = { state: 'disconnected' } as const;

const onRemote = (remoteName: string, authority = remoteName) =>
  windowPlace({ remoteName, authority, isOnWindowsMachine: true });
const besideRemote = (remoteName: string, authority: string) =>
  windowPlace({ remoteName, authority, isOnWindowsMachine: false });

afterEach(() => nameLocalHost('this machine'));

describe("a window on the user's own machine", () => {
  it('has this machine, and nothing more to say of it', () => {
    const place = windowPlace({ remoteName: undefined, authority: undefined, isOnWindowsMachine: true });
    expect(place).toMatchObject({ localLabel: 'This machine', hasTerminal: true });
    expect(hostItem(local, closed, false, place).description).toBe('not connected');
  });
});

describe('a window on another machine, with the extension there', () => {
  it("says in row, screen reader and messages that its local host is the window's", () => {
    const place = onRemote('ssh-remote', 'ssh-remote+gpu-1');
    const row = hostItem(local, closed, true, place);
    expect(row.label).toBe("This window's host");
    expect(row.description).toBe('not connected · selected · gpu-1');
    expect(row.tooltip).toContain('no second login');
    nameLocalHost(place.localName);
    expect(labelOf(local)).toBe("this window's host");
    expect(hostItem(local, closed, true, place).accessibleLabel).toBe(
      "Host this window's host, not connected, selected, gpu-1",
    );
    expect(place.hasTerminal).toBe(true);
  });

  it.each([
    ['wsl', 'in WSL'],
    ['dev-container', 'in a container'],
    ['new-kind', 'through new-kind'],
  ])('of the kind %s says %s', (kind, words) => {
    expect(onRemote(kind, `${kind}+x`)).toMatchObject({ localLabel: "This window's host", localNote: words });
  });

  it('offers no alias as its own: the configuration is the one of that machine', () => {
    expect(onRemote('ssh-remote', 'ssh-remote+gpu-1').ownAlias).toBeUndefined();
  });
});

describe('a window in a browser', () => {
  it('is of the machine that serves it', () => {
    for (const name of ['127.0.0.1:8080', 'localhost', 'code.example.com', '[::1]:1']) {
      expect(onRemote(name)).toMatchObject({
        localLabel: 'This machine',
        localNote: "this window's host",
        hasTerminal: true,
      });
    }
  });
});

describe('a window on another machine, with the extension on the user’s', () => {
  it('says which host of the list the window is on, and that a connection is a second login', () => {
    const place = besideRemote('ssh-remote', 'ssh-remote+gpu-1');
    expect(hostItem(local, closed, false, place).description).toBe("not connected · not the window's host");
    const own = hostItem({ kind: 'ssh', alias: 'gpu-1' }, closed, false, place);
    expect(own.description).toBe("not connected · this window's host");
    expect(own.tooltip).toContain('second login');
    expect(hostItem({ kind: 'ssh', alias: 'gpu-2' }, closed, false, place).description).toBe('not connected');
    expect(place.hasTerminal).toBe(false);
  });

  it('knows the host by every way in which its name is written', () => {
    const hex = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('hex');
    const aliasOf = (authority: string) => besideRemote('ssh-remote', authority).ownAlias;
    expect(aliasOf('ssh-remote+\\x47\\x50\\x55-1')).toBe('GPU-1');
    expect(aliasOf(`ssh-remote+${hex({ hostName: 'gpu-1', user: 'ada' })}`)).toBe('gpu-1');
    expect(aliasOf('ssh-remote+7b7b7b')).toBe('7b7b7b');
    expect(aliasOf('ssh-remote+')).toBeUndefined();
    expect(besideRemote('wsl', 'wsl+ubuntu').ownAlias).toBeUndefined();
  });

  it('never fails on an address, whatever it is', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.boolean(), (remoteName, rest, isOnWindowsMachine) => {
        const place = windowPlace({ remoteName, authority: `ssh-remote+${rest}`, isOnWindowsMachine });
        expect(place.localTooltip).not.toBe('');
      }),
    );
  });
});

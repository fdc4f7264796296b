import { describe, expect, it, vi } from 'vitest';
import { settingsOn } from '../../../src/extension/hosts/hostSettings';

/** What the machine of the window would like to have run. */
const ofWindow: Readonly<Record<string, unknown>> = {
  'ssh.path': '/tmp/not-ssh',
  'ssh.configFile': '/tmp/not-config',
  'remote.nodeBinary': '/tmp/not-node',
  'remote.root': '/tmp/not-root',
  defaultHost: 'not-yours',
};
vi.mock('vscode', () => ({
  workspace: { getConfiguration: () => ({ get: (key: string) => ofWindow[key] }) },
}));

describe('settings that name hosts, programs and paths', () => {
  it('are those of the machine that the extension runs on', () => {
    expect(settingsOn({ hasTerminal: true })).toMatchObject({
      sshPath: '/tmp/not-ssh',
      defaultHost: 'not-yours',
    });
  });

  it('are not for the host of the window to say where the extension runs on another machine', () => {
    expect(settingsOn({ hasTerminal: false })).toEqual({
      sshPath: 'ssh',
      sshTransport: 'auto',
      nodeDownload: 'editor',
      remoteRoot: '~/.ttt-discover',
      notifications: 'important',
      provenanceLenses: true,
    });
  });
});

import { createServer } from 'node:net';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verdict } from '../../src/protocol/hostCommands';
import { processGone, verdictWords } from '../../src/protocol/verdictWords';
import { thisMachine, type Machine } from '../../src/runner/host/machine';
import { hasGrown, killCountPaths, killCountsOfThisProcess } from '../../src/runner/host/memoryKills';
import { fateOf, type ProcessRecord } from '../../src/runner/host/processFate';
import { ownIdentity } from '../../src/runner/host/processIdentity';
import { withTemporaryFolder } from './support/temporaryFolder';

const here: Machine = {
  ...thisMachine(),
  hostName: 'node1',
  machineId: 'a'.repeat(32),
  pidNamespace: 'pid:[1]',
};
const record = (changes: Partial<ProcessRecord> = {}): ProcessRecord => ({
  process: ownIdentity(),
  hostName: 'node1',
  machineId: here.machineId,
  pidNamespace: here.pidNamespace,
  ...changes,
});
const noSocket = '/nowhere/at/all.sock';
const anotherStart = { ...ownIdentity(), startTicks: '1' };
const anotherBoot = { ...ownIdentity(), bootId: 'b' };

describe('what became of a process', () => {
  it.each([
    ['that runs', record(), 'alive'],
    ['whose id another one has now', record({ process: anotherStart }), 'gone'],
    ['of another boot, though its id and ticks fit', record({ process: anotherBoot }), 'rebooted'],
    ['of another machine', record({ hostName: 'node2' }), 'elsewhere'],
    [
      'of another machine, before its reboot',
      record({ hostName: 'node2', process: anotherBoot }),
      'elsewhere',
    ],
    [
      'of a machine made from the same image',
      record({ hostName: 'node2', process: anotherStart }),
      'elsewhere',
    ],
    ['of another machine of the same name', record({ machineId: 'c'.repeat(32) }), 'elsewhere'],
    ['of this container before it was restarted', record({ pidNamespace: 'pid:[2]' }), 'rebooted'],
  ] as const)('%s', (_what, from, fate) => {
    expect(fateOf(from, here, noSocket)).toBe(fate);
  });

  it('is told of records that older runners wrote, which name neither machine nor container', () => {
    const { process, hostName } = record();
    expect(fateOf({ process, hostName }, here, noSocket)).toBe('alive');
    expect(fateOf({ process: anotherBoot, hostName }, here, noSocket)).toBe('rebooted');
    expect(fateOf({ process, hostName: 'node2' }, here, noSocket)).toBe('elsewhere');
  });

  it('is not known of one in a sandbox beside this one, as long as somebody answers for it', () =>
    withTemporaryFolder(async (folder) => {
      const socketPath = join(folder, 'runner.sock');
      const server = createServer();
      server.listen(socketPath);
      await once(server, 'listening');
      const sandboxed = record({ pidNamespace: 'pid:[2]' });
      expect(fateOf(sandboxed, here, socketPath)).toBe('elsewhere');
      server.close();
      await once(server, 'close');
      expect(fateOf(sandboxed, here, socketPath)).toBe('rebooted');
    }));
});

describe('the words for what became of a session', () => {
  const verdicts = [
    { state: 'exited', reason: 'host-rebooted' },
    { state: 'exited', reason: 'runner-lost', message: 'what it printed last' },
    { state: 'exited', reason: 'disk-full', message: 'There is no space left in /x.' },
    { state: 'exited', reason: 'out-of-memory' },
    { state: 'exited', reason: 'never-started' },
    {
      state: 'unverifiable',
      hostName: 'node7',
      message: 'It was last run on node7.',
      advice: 'Connect there.',
    },
  ] as const;

  it.each(verdicts)('say what happened and what to do: $reason$state', (given) => {
    const words = processGone(verdict.parse(given));
    expect(words?.what).toMatch(/^[A-Z]/);
    expect(words?.advice).toMatch(given.state === 'exited' ? /[Rr]esume it/ : /Connect/);
    if ('message' in given) expect(words?.what).toContain(given.message);
  });

  it('are none where nothing is to be done', () => {
    expect(processGone({ state: 'live', pid: 7 })).toBeUndefined();
    expect(processGone({ state: 'exited', reason: 'finished' })).toBeUndefined();
  });

  it('of a reason that a newer runner found are those of a loss, with its message', () => {
    const newer = verdict.parse({ state: 'exited', reason: 'struck-by-lightning', message: 'a bolt.' });
    expect(verdictWords(newer)).toMatchObject({
      what: 'Its process on the host ended unexpectedly: a bolt.',
      advice: 'Resume it: it goes on from its journal.',
    });
  });
});

describe('the counts of the memory group', () => {
  it('stand where version 2 of control groups has them, and those above', () => {
    const mounts = '29 22 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n';
    expect(killCountPaths('0::/user.slice/user-7.slice/session-3.scope\n', mounts)).toEqual([
      '/sys/fs/cgroup/user.slice/user-7.slice/session-3.scope/memory.events.local',
      '/sys/fs/cgroup/user.slice/user-7.slice/session-3.scope/memory.events',
      '/sys/fs/cgroup/user.slice/user-7.slice/memory.events',
      '/sys/fs/cgroup/user.slice/memory.events',
      '/sys/fs/cgroup/memory.events',
    ]);
  });

  it('stand at the root of what a container sees', () => {
    const mounts = '1 2 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n';
    expect(killCountPaths('0::/docker/abc\n', mounts)).toEqual([
      '/sys/fs/cgroup/memory.events.local',
      '/sys/fs/cgroup/memory.events',
    ]);
  });

  it('stand in the memory controller of version 1', () => {
    const mounts = '35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n';
    expect(killCountPaths('8:pids:/x\n4:memory:/job/1\n0::/\n', mounts)).toEqual([
      '/sys/fs/cgroup/memory/job/1/memory.oom_control',
    ]);
  });

  it('prove nothing where they cannot be read', () => {
    expect(killCountPaths('', '')).toEqual([]);
    expect(hasGrown([])).toBe(false);
    expect(hasGrown([{ path: '/nowhere/memory.events', kills: 0 }])).toBe(false);
    expect(hasGrown(killCountsOfThisProcess())).toBe(false);
  });

  it('are those of the nearest group that is still there', () =>
    withTemporaryFolder((folder) => {
      const above = join(folder, 'memory.events');
      writeFileSync(above, 'low 0\nhigh 0\nmax 4\noom 1\noom_kill 1\n');
      const gone = { path: join(folder, 'scope/memory.events'), kills: 0 };
      expect(hasGrown([gone, { path: above, kills: 1 }])).toBe(false);
      expect(hasGrown([gone, { path: above, kills: 0 }])).toBe(true);
      return Promise.resolve();
    }));
});

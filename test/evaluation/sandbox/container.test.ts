import { describe, expect, it } from 'vitest';
import { containerRefusal } from '../../../src/evaluation/sandbox/containerBundle';
import { containerConfig, foldersOf, linksOf } from '../../../src/evaluation/sandbox/containerConfig';
import { leftOpen } from '../../../src/evaluation/sandbox/probeContainer';
import { sandboxPlan } from '../../../src/evaluation/sandbox/sandboxPlan';

const plan = sandboxPlan(
  {
    files: { writable: ['/work/one'], readable: ['/work'], hidden: ['/opt/keys'] },
    cwd: '/work/one',
    memoryBytes: 1000,
    locks: ['/tmp/absent.lock'],
  },
  { links: [['/bin', 'usr/bin']], system: ['/opt'], tools: [], devices: ['/dev/nvidia0'] },
);
const options = {
  command: ['/bin/true'],
  env: { HOME: '/work/one', EMPTY: '' },
  inside: { user: 0, group: 0 },
  outside: { user: 5, group: 6 },
  refused: ['ptrace'],
  hasCgroupNamespace: false,
  lookAt: (path: string) =>
    path.endsWith('.lock') ? undefined : { realPath: `/real${path}`, isFolder: !path.startsWith('/dev/') },
};

describe('the configuration of a container', () => {
  const config = containerConfig(plan, options);
  const optionsAt = (path: string): readonly string[] | undefined =>
    config.mounts.find(({ destination }) => destination === path)?.options;

  it('shows the plan in its order, and leaves out what is not there', () => {
    const shown = config.mounts.filter(({ destination }) => /^\/(opt|work)|lock$/.test(destination));
    expect(shown.map(({ destination, source }) => [destination, source])).toEqual([
      ['/opt', '/real/opt'],
      ['/opt/keys', 'tmpfs'],
      ['/work', '/real/work'],
      ['/work/one', '/real/work/one'],
    ]);
    expect(linksOf(plan)).toContainEqual(['/bin', 'usr/bin']);
    expect(foldersOf(plan)).toEqual(['/run']);
  });

  it('lets nothing be written but its own, with all that is mounted below', () => {
    expect(optionsAt('/opt')).toEqual(['rbind', 'rnosuid', 'rnodev', 'rro']);
    expect(optionsAt('/work/one')).toEqual(['rbind', 'rnosuid', 'rnodev']);
    expect(optionsAt('/dev/nvidia0')).toEqual(['bind', 'nosuid']);
    expect(optionsAt('/opt/keys')).toContain('ro');
    expect(optionsAt('/tmp')).toEqual(['nosuid', 'mode=0755', 'nodev', 'size=250']);
    expect(config.root.readonly).toBe(true);
    expect(config.linux.readonlyPaths).toContain('/proc/sys');
  });

  it('gives neither rights nor a network, and a user that is nobody else on the host', () => {
    expect(Object.values(config.process.capabilities).flat()).toEqual([]);
    expect(config.process).toMatchObject({ noNewPrivileges: true, env: ['HOME=/work/one', 'EMPTY='] });
    expect(config.linux.namespaces.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['user', 'pid', 'network', 'ipc', 'uts', 'mount']) as string[],
    );
    expect(config.linux.uidMappings).toEqual([{ containerID: 0, hostID: 5, size: 1 }]);
    expect(config.linux.gidMappings).toEqual([{ containerID: 0, hostID: 6, size: 1 }]);
    expect(config.linux.seccomp.syscalls[0]?.names).toEqual(['ptrace']);
  });

  it('is not made where something is missing that the command needs', () => {
    expect(() => containerConfig(plan, { ...options, lookAt: () => undefined })).toThrow(
      'There is no /work/one.',
    );
  });
});

describe('the trial of a runtime', () => {
  const status = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].map(
    (name) => `${name}:\t0000000000000000`,
  );
  const said = (changes: { first?: string; status?: readonly string[]; usr?: string } = {}): string =>
    [
      changes.first ?? '1 1',
      ...(changes.status ?? [...status, 'NoNewPrivs:\t1', 'Seccomp:\t2']),
      '',
      '1 0 254:0 /root / ro,relatime - ext4 /dev/vda rw',
      `2 1 254:0 /usr /usr ${changes.usr ?? 'ro,nosuid'} - ext4 /dev/vda rw`,
      '3 1 0:40 / /proc rw,nosuid - proc proc rw',
      '4 1 0:41 / /tmp rw,nosuid - tmpfs tmpfs rw',
    ].join('\n');

  it('is content where the runtime did all that it was asked for', () => {
    expect(leftOpen(said())).toBeUndefined();
  });

  it.each([
    ['a process namespace', { first: '7 7' }, 'process namespace'],
    ['what it says of its mounts', { usr: 'rw,nosuid' }, 'leaves /usr open'],
    ['its rights', { status: ['CapEff:\t00000000a80425fb'] }, 'rights'],
    ['rights that it may get', { status: [...status, 'NoNewPrivs:\t0', 'Seccomp:\t2'] }, 'new rights'],
    ['the filter', { status: [...status, 'NoNewPrivs:\t1', 'Seccomp:\t0'] }, 'filter'],
  ])('sees to %s', (_, changes, words) => {
    expect(leftOpen(said(changes))).toContain(words);
  });
});

describe('what a runtime says', () => {
  it('is why the container could not start, by either of them', () => {
    const words = [
      '{"level":"warning","msg":"cgroups are odd","time":"2026"}',
      '{"level":"error","msg":"runc run failed: no \\"usr\\"","time":"2026"}',
      '{"msg":"error stat\'ing file `/nope`","level":"error","time":"2026"}',
      'sh: 1: not found',
    ];
    expect(containerRefusal(words.join('\n'))).toBe(
      'runc run failed: no "usr"\nerror stat\'ing file `/nope`',
    );
    expect(containerRefusal('sh: 1: {"level": not found')).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { featuresOf } from '../../../src/domain/host/features';
import { installFix, pathFix } from '../../../src/domain/host/fixes';
import type { HostFacts } from '../../../src/domain/host/hostFacts';
import { hostFacts } from '../../../src/domain/host/hostFacts';
import { hostFeature, type HostFeature, type Need } from '../../../src/domain/host/hostReport';
import { isLoginNode, slurmOffer } from '../../../src/domain/host/loginNode';
import { problemsOf, renderReport, reportOf } from '../../../src/domain/host/reportText';
import { fullHost, h100, program, programs } from './hosts';

const hostWith = (changes: Partial<HostFacts>): HostFacts => ({ ...fullHost, ...changes });
const featureOf = (facts: HostFacts, id: HostFeature['id']): HostFeature =>
  featuresOf(facts).find((feature) => feature.id === id)!;
const needOf = (facts: HostFacts, id: HostFeature['id'], title: string): Need =>
  featureOf(facts, id).needs.find((need) => need.title.startsWith(title))!;
const without = (...names: (keyof HostFacts['programs'])[]): HostFacts =>
  hostWith({
    programs: {
      ...fullHost.programs,
      ...Object.fromEntries(names.map((name) => [name, { state: 'absent' }])),
    },
  });
const cluster: HostFacts['slurm'] = {
  state: 'found',
  value: {
    version: '23.11.4',
    partitions: [
      { name: 'cpu', isDefault: true, isUp: true, nodes: 9, usableNodes: 9, gpus: [] },
      {
        name: 'gpu',
        isDefault: false,
        isUp: true,
        nodes: 8,
        usableNodes: 7,
        timeLimit: '2-00:00:00',
        gpus: [{ type: 'a100', count: 4 }],
      },
    ],
  },
};
const noGpu: HostFacts['gpus'] = { state: 'absent' };

describe('what works on a host', () => {
  it('is everything where everything is there, and nothing is asked for', () => {
    const features = featuresOf(hostFacts.parse(fullHost));
    expect(features.map(({ id, state }) => [id, state])).toEqual(features.map(({ id }) => [id, 'ready']));
    expect(problemsOf(features)).toEqual([]);
  });

  it('names each missing thing with its cause and a command', () => {
    expect(needOf(without('g++'), 'c', 'C++ compiler')).toEqual({
      title: 'C++ compiler',
      state: 'missing',
      detail: 'no g++, no clang++ in PATH',
      fix: {
        text: 'Install C++ compiler; where you may not, ask the administrator of the host.',
        command: 'sudo apt-get install -y g++',
      },
    });
    expect(featureOf(without('g++'), 'c').state).toBe('missing');
    expect(featureOf(without('g++'), 'python').state).toBe('ready');
  });

  it('takes the second of two compilers', () => {
    const facts = hostWith({
      programs: programs({
        'clang++': program('/usr/bin/clang++', '18.1'),
        clang: program('/usr/bin/clang', '18.1'),
      }),
    });
    expect(featureOf(facts, 'c').state).toBe('ready');
  });

  it('says where a program lies that sessions do not find', () => {
    const nvcc = { path: '/usr/local/cuda/bin/nvcc', version: '13.0', isOnPath: false };
    const facts = hostWith({ programs: { ...fullHost.programs, nvcc: { state: 'found', value: nvcc } } });
    const need = needOf(facts, 'cuda', 'CUDA compiler');
    expect(need.detail).toBe('nvcc is at /usr/local/cuda/bin/nvcc, where sessions do not look');
    expect(need.fix?.command).toContain('/usr/local/cuda/bin');
  });

  it('is not known where a program hangs, and says for how long it was waited', () => {
    const facts = hostWith({ gpus: { state: 'late', limitMs: 7000, isStuck: false } });
    expect(featureOf(facts, 'skyrl-fsdp').state).toBe('unknown');
    expect(needOf(facts, 'cuda', 'NVIDIA GPU')).toMatchObject({
      state: 'unknown',
      detail: 'nvidia-smi did not answer within 7 s and was ended',
      fix: { command: 'sudo nvidia-smi -pm 1' },
    });
    const stuck = hostWith({ gpus: { state: 'late', limitMs: 7000, isStuck: true } });
    expect(needOf(stuck, 'cuda', 'NVIDIA GPU').detail).toContain('hangs in the kernel');
  });

  it('tells a machine without GPUs from one without a driver', () => {
    expect(needOf(hostWith({ gpus: noGpu, nvidiaDevices: 0 }), 'cuda', 'NVIDIA GPU').detail).toBe(
      'there is none in this machine',
    );
    const driverless = needOf(hostWith({ gpus: noGpu, nvidiaDevices: 2 }), 'cuda', 'NVIDIA GPU');
    expect(driverless.detail).toContain('there is no driver');
    expect(driverless.fix?.command).toBe('sudo ubuntu-drivers install');
  });

  it('knows what a driver means that fails', () => {
    const reason = 'Failed to initialize NVML: Driver/library version mismatch';
    expect(needOf(hostWith({ gpus: { state: 'failed', reason } }), 'triton', 'NVIDIA GPU')).toMatchObject({
      state: 'missing',
      detail: reason,
      fix: { command: 'sudo reboot' },
    });
  });

  it('asks for a new driver for SkyRL alone', () => {
    const facts = hostWith({
      gpus: { state: 'found', value: { driver: '535.183.01', cuda: '12.2', gpus: [h100] } },
    });
    expect(featureOf(facts, 'skyrl-fsdp').state).toBe('missing');
    expect(featureOf(facts, 'skyrl-jax').state).toBe('ready');
    expect(featureOf(facts, 'triton').state).toBe('ready');
    // The toolkit is of CUDA 13, which this driver cannot run.
    expect(needOf(facts, 'cuda', 'CUDA version').state).toBe('missing');
  });

  it('warns of GPUs that others use, that are too hot, broken or split', () => {
    const gpu = {
      ...h100,
      index: 1,
      usedBytes: 70 * 1024 ** 3,
      throttling: ['power cap' as const, 'thermal slowdown' as const],
      uncorrectableEccErrors: 2,
      isSplit: true,
      processes: [{ pid: 42, name: 'python', isGraphics: false }],
    };
    const facts = hostWith({
      gpus: { state: 'found', value: { driver: '580.1', cuda: '13.0', gpus: [h100, gpu] } },
    });
    expect(featureOf(facts, 'cuda').state).toBe('limited');
    const warnings = featureOf(facts, 'cuda').needs.filter(({ state }) => state === 'warning');
    expect(warnings.map(({ title, detail }) => [title, detail])).toEqual([
      ['free GPU memory', 'GPU 1 has 70 GiB of 80 GiB in use by process 42'],
      ['GPU clocks', 'GPU 1 is slowed down by thermal slowdown'],
      ['GPU memory', 'GPU 1 has 2 uncorrectable errors since the driver was loaded'],
      ['whole GPUs', 'GPU 1 is split into parts (MIG)'],
    ]);
  });

  it('does not warn of a GPU that works at its power limit', () => {
    const gpu = { ...h100, throttling: ['power cap' as const] };
    const facts = hostWith({
      gpus: { state: 'found', value: { driver: '580.1', cuda: '13.0', gpus: [gpu] } },
    });
    expect(featureOf(facts, 'cuda').state).toBe('ready');
  });

  it('lets uv bring Python, and asks for venv where there is no uv', () => {
    expect(featureOf(hostWith({ pythons: [] }), 'python').state).toBe('ready');
    const look = {
      state: 'found',
      value: { path: '/usr/bin/python3', version: [3, 11, 2], hasVenv: false },
    } as const;
    const facts = {
      ...without('uv'),
      pythons: [
        {
          name: 'python3',
          look: { ...look, value: { ...look.value, version: [3, 11, 2] as [number, number, number] } },
        },
      ],
    };
    expect(featureOf(facts, 'python').state).toBe('limited');
    expect(needOf(facts, 'python', 'Python').fix?.command).toBe('sudo apt-get install -y python3-venv');
  });

  it('never counts the internet as missing', () => {
    const connections = fullHost.connections.map((one) => ({ ...one, state: 'late' as const }));
    const facts = hostWith({ connections });
    for (const { state } of featuresOf(facts)) expect(['ready', 'limited']).toContain(state);
    expect(needOf(facts, 'skyrl-jax', 'Hugging Face Hub').fix?.text).toContain('HF_ENDPOINT');
  });

  it('refuses sessions on a disk from which nothing can be run, and counts inodes', () => {
    const value = {
      folder: '/scratch',
      canWrite: true,
      canExecute: false,
      freeBytes: 10 * 1024 ** 3,
      freeInodes: 500,
    };
    const facts = hostWith({ disk: { state: 'found', value } });
    expect(
      featureOf(facts, 'sessions')
        .needs.filter(({ state }) => state === 'missing')
        .map(({ title }) => title),
    ).toEqual(['running programs', 'inodes']);
    // 40 GiB for its packages.
    expect(needOf(facts, 'skyrl-fsdp', 'disk space')).toMatchObject({ state: 'missing' });
  });

  it('warns of accounts whose processes are ended', () => {
    const need = needOf(hostWith({ limits: { cpuTimeSeconds: 1800 } }), 'sessions', 'processor time');
    expect(need.detail).toBe('each process is ended after 30 minutes of processor time');
  });

  it('names the setting of the kernel that forbids namespaces', () => {
    const refused = {
      state: 'failed',
      reason: 'unshare: write failed /proc/self/uid_map: Operation not permitted',
    } as const;
    const isolation: HostFacts['isolation'] = {
      processNamespace: refused,
      userNamespace: refused,
      bubblewrap: refused,
      ownSandbox: refused,
      obstacles: ['apparmor'],
    };
    expect(featureOf(hostWith({ isolation }), 'isolation').state).toBe('limited');
    expect(needOf(hostWith({ isolation }), 'isolation', 'user namespaces').fix?.command).toBe(
      'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
    );
    expect(needOf(hostWith({ isolation }), 'isolation', 'sandbox')).toMatchObject({
      state: 'warning',
      detail: expect.stringMatching(/agree that programs run with all rights/) as string,
    });
  });

  describe('where AppArmor keeps namespaces from all but programs that it knows', () => {
    const refused = { state: 'failed', reason: 'Permission denied' } as const;
    const isolation: HostFacts['isolation'] = {
      ...fullHost.isolation,
      bubblewrap: refused,
      ownSandbox: refused,
      obstacles: ['apparmor'],
    };

    it('names the container that isolates, and what differs in it', () => {
      const container = { state: 'found', value: { runtime: 'runc' } } as const;
      expect(
        needOf(hostWith({ isolation: { ...isolation, container } }), 'isolation', 'sandbox'),
      ).toMatchObject({
        state: 'ok',
        detail: expect.stringMatching(
          /containers of runc, .* as root, without rights; they always start cold/,
        ) as string,
      });
    });

    it('offers the runtime that it knows, where that is not installed', () => {
      const container = { state: 'absent', reason: 'crun is not installed.' } as const;
      const { fix } = needOf(hostWith({ isolation: { ...isolation, container } }), 'isolation', 'sandbox');
      expect(fix?.command).toBe('sudo apt-get install -y crun');
    });

    it('offers to allow namespaces to all where that does not work either', () => {
      const { detail, fix } = needOf(
        hostWith({ isolation: { ...isolation, container: refused } }),
        'isolation',
        'sandbox',
      );
      expect(detail).toContain('the trial of a container');
      expect(fix?.command).toBe('sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0');
    });
  });

  it('does not offer to install bubblewrap where nobody may make namespaces', () => {
    const programs = { ...fullHost.programs, bwrap: { state: 'absent' } as const };
    const isolation: HostFacts['isolation'] = {
      ...fullHost.isolation,
      bubblewrap: { state: 'absent' },
      ownSandbox: { state: 'failed', reason: 'No space left on device' },
      obstacles: ['no-user-namespaces'],
    };
    expect(needOf(hostWith({ isolation, programs }), 'isolation', 'sandbox').fix?.command).toBe(
      'sudo sysctl -w user.max_user_namespaces=15000',
    );
  });

  it('without bubblewrap says what isolates instead, and why not that', () => {
    const programs = { ...fullHost.programs, bwrap: { state: 'absent' } as const };
    const isolation: HostFacts['isolation'] = {
      ...fullHost.isolation,
      bubblewrap: { state: 'absent' },
      ownSandbox: { state: 'found', value: { language: 'python', hasUserNamespace: false } },
    };
    expect(needOf(hostWith({ isolation, programs }), 'isolation', 'sandbox')).toEqual({
      title: 'sandbox',
      state: 'ok',
      detail:
        'no bwrap: evaluations are isolated by the same namespaces, made with python, without a user namespace, as root without rights',
    });
    expect(needOf(fullHost, 'isolation', 'sandbox').detail).toMatch(/^bubblewrap works/);
  });
});

describe('the fix of what is missing', () => {
  it.each([
    ['rocky', ['rocky', 'rhel', 'fedora'], 'sudo dnf install -y gcc-c++'],
    ['openSUSE', ['opensuse-leap', 'suse', 'opensuse'], 'sudo zypper install -y gcc-c++'],
    ['Arch', ['arch'], 'sudo pacman -S --noconfirm gcc'],
    ['Alpine', ['alpine'], 'sudo apk add g++'],
    ['an unknown system', ['constructor'], undefined],
  ])('is of %s', (name, families, command) => {
    expect(installFix(hostWith({ distribution: { name, families } }), 'g++', 'g++').command).toBe(command);
  });

  it('needs no sudo for root', () => {
    expect(installFix(hostWith({ isRoot: true }), 'git', 'git').command).toBe('apt-get install -y git');
  });

  it('puts no path into a command that a shell would read otherwise', () => {
    expect(pathFix(fullHost, "/opt/a'; rm -rf ~; '/bin/nvcc").command).toBeUndefined();
    expect(pathFix({ shell: 'tcsh' }, '/opt/cuda/bin/nvcc').command).toBeUndefined();
  });
});

describe('a login node', () => {
  it('has no GPU while the cluster has some', () => {
    expect(isLoginNode({ slurm: cluster, gpus: noGpu })).toBe(true);
    expect(isLoginNode({ slurm: cluster, gpus: { state: 'failed', reason: 'No devices were found' } })).toBe(
      true,
    );
    expect(isLoginNode({ slurm: cluster, gpus: fullHost.gpus })).toBe(false);
    expect(isLoginNode({ slurm: { state: 'absent' }, gpus: noGpu })).toBe(false);
    expect(isLoginNode({ slurm: cluster, slurmJob: '123', gpus: noGpu })).toBe(false);
  });

  it('is not what a machine is whose nvidia-smi hangs', () => {
    expect(isLoginNode({ slurm: cluster, gpus: { state: 'late', limitMs: 7000, isStuck: false } })).toBe(
      false,
    );
  });

  it('is told what there is, and how to use it', () => {
    const offer = slurmOffer(hostWith({ slurm: cluster, gpus: noGpu }));
    expect(offer?.title).toContain('login node');
    expect(offer?.text).toContain('gpu: 7 of 8 nodes, with 4 × a100, up to 2-00:00:00');
    expect(offer?.text).toContain('executor: slurm');
  });

  it('is told that its own isolation is not that of the nodes', () => {
    const { detail } = needOf(hostWith({ slurm: cluster }), 'isolation', 'sandbox');
    expect(detail).toMatch(
      /^bubblewrap works: .*That is this host: with executor: slurm each job looks at its own node/,
    );
    expect(needOf(fullHost, 'isolation', 'sandbox').detail).not.toContain('slurm');
  });

  it('is not a node inside a job', () => {
    expect(slurmOffer(hostWith({ slurm: cluster, slurmJob: '4711' }))?.title).toContain('job 4711');
    expect(slurmOffer(fullHost)).toBeUndefined();
  });
});

describe('the report', () => {
  const bare = hostWith({
    gpus: noGpu,
    nvidiaDevices: 0,
    programs: programs({}),
    pythons: [],
    slurm: cluster,
  });

  it('says each missing thing once, with all that want it, the worst first', () => {
    const problems = problemsOf(featuresOf(bare));
    const titles = problems.map(({ need }) => need.title);
    expect(new Set(titles).size).toBe(titles.length);
    expect(problems.find(({ need }) => need.title === 'NVIDIA GPU')?.features.length).toBe(4);
    const order = problems.map(({ need }) => ['missing', 'unknown', 'warning'].indexOf(need.state));
    expect(order).toEqual([...order].sort());
  });

  it('names the line of every fix', () => {
    const { text, fixes } = renderReport(reportOf(bare), 'Host gpu-1');
    const lines = text.split('\n');
    expect(fixes.length).toBeGreaterThan(5);
    for (const { line, title, fix } of fixes) {
      expect(lines[line]).toContain(`### ${title}`);
      if (fix.command !== undefined) expect(lines.slice(line)).toContain(fix.command);
    }
  });

  it('reads well as it is', () => {
    const busy = {
      ...h100,
      usedBytes: 60 * 1024 ** 3,
      smClockMhz: 1200,
      maxSmClockMhz: 1980,
      throttling: ['power cap' as const],
      uncorrectableEccErrors: 1,
      processes: [{ pid: 42, name: 'python', memoryBytes: 59 * 1024 ** 3, isGraphics: false }],
    };
    const gpus: HostFacts['gpus'] = {
      state: 'found',
      value: { driver: '580.65.06', cuda: '13.0', gpus: [busy] },
    };
    const { text } = renderReport(reportOf(hostWith({ gpus })), 'Host gpu-1');
    expect(text.split('\n').slice(0, 8)).toEqual([
      '# Host gpu-1',
      '',
      'gpu-1 · Linux 6.8.0 x64 · Ubuntu 24.04.3 LTS · looked at in 1.2 s',
      '',
      '## What works here',
      '',
      '| feature                                   | here      | what is missing or limited',
      '| ----------------------------------------- | --------- | ---',
    ]);
    expect(text).toContain(
      '- GPU 0, NVIDIA H100 80GB HBM3: 60 GiB of 80 GiB in use, 1200 of 1980 MHz, SLOWED DOWN by power cap, 1 UNCORRECTABLE MEMORY ERRORS\n  - process 42 python holds 59 GiB',
    );
    for (const line of text.split('\n')) if (!line.startsWith('|')) expect(line.length).toBeLessThan(160);
  });

  it('always keeps to its schema', () => {
    for (const facts of [fullHost, bare]) {
      for (const feature of featuresOf(facts)) hostFeature.parse(feature);
    }
  });
});

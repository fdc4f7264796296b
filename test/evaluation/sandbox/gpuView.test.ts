import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bubblewrapArguments } from '../../../src/evaluation/sandbox/bubblewrap';
import { hostFiles } from '../../../src/evaluation/sandbox/hostFiles';
import { lookAtHost } from '../../../src/evaluation/sandbox/hostView';
import { sandboxPlan } from '../../../src/evaluation/sandbox/sandboxPlan';
import { sandboxCalls } from '../../../src/evaluation/sandbox/systemCalls';

/** A container's host with two GPUs, whose driver lies beside the system. */
let host = '';
beforeEach(() => {
  host = realpathSync(mkdtempSync(join(tmpdir(), 'gpu-host-')));
  for (const name of ['nvidia0', 'nvidia1', 'nvidiactl', 'nvidia-uvm', 'nvidia-uvm-tools', 'null', 'sda'])
    place('dev', name);
  place('dev/nvidia-caps', 'nvidia-cap1');
  place('dev/dri', 'renderD128');
  gpu('0000:18:00.0', 'GPU-11111111-2222-3333-4444-555555555555', 1);
  gpu('0000:3b:00.0', 'GPU-aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee', 0);
  place('usr/lib/x86_64-linux-gnu', 'libc.so.6');
  place('driver/lib', 'libcuda.so.580');
  symlinkSync('../../../driver/lib/libcuda.so.580', join(host, 'usr/lib/x86_64-linux-gnu/libcuda.so.1'));
  place('cuda-13/bin', 'nvcc');
  place('sys/devices/system/cpu', 'online');
  symlinkSync('usr/bin', join(host, 'bin'));
  symlinkSync('/usr/lib', join(host, 'lib'));
});
afterEach(() => rmSync(host, { recursive: true, force: true }));

function place(...path: string[]): void {
  const file = join(host, ...path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '');
}

function gpu(bus: string, uuid: string, minor: number): void {
  const folder = join(host, 'proc/driver/nvidia/gpus', bus);
  mkdirSync(folder, { recursive: true });
  const text = `Model: \t\t NVIDIA H100\nGPU UUID: \t ${uuid}\nDevice Minor: \t ${minor}\n`;
  writeFileSync(join(folder, 'information'), text);
}

const look = (env: Readonly<Record<string, string>>, hasGpus = true): ReturnType<typeof lookAtHost> =>
  lookAtHost(env, hasGpus, hostFiles(host));
const devicesOf = (env: Readonly<Record<string, string>>): readonly string[] =>
  [...look(env).devices].map((path) => path.slice('/dev/'.length)).sort();
const always = ['nvidia-caps', 'nvidia-uvm', 'nvidia-uvm-tools', 'nvidiactl'];

describe('what a sandbox shows of GPUs', () => {
  it('is nothing where none is asked for', () => {
    const { devices, system, tools } = look({ CUDA_HOME: '/cuda-13' }, false);
    expect(devices).toEqual([]);
    expect(system).not.toContain('/sys');
    expect(tools).toEqual([]);
  });

  it('is every device of a driver, the driver wherever its links lead, and CUDA', () => {
    expect(devicesOf({})).toEqual(['dri', ...always, 'nvidia0', 'nvidia1'].sort());
    const { system, tools } = look({ CUDA_HOME: '/cuda-13' });
    expect(system).toContain('/sys');
    expect([...tools].sort()).toEqual(['/cuda-13', '/driver/lib']);
  });

  it('leaves links relative, so that they lead to the same place under another root', () => {
    expect(look({}).links).toEqual([
      ['/bin', 'usr/bin'],
      ['/lib', 'usr/lib'],
    ]);
  });

  it.each([
    ['GPU-11111111-2222-3333-4444-555555555555', ['nvidia1']],
    ['GPU-AAAAAAAA', ['nvidia0']],
    ['GPU-11111111,GPU-aaaaaaaa', ['nvidia0', 'nvidia1']],
  ])('is the GPU that %s names alone', (uuids, expected) => {
    expect(devicesOf({ CUDA_VISIBLE_DEVICES: uuids })).toEqual([...always, ...expected].sort());
    expect(devicesOf({ NVIDIA_VISIBLE_DEVICES: uuids })).toEqual([...always, ...expected].sort());
  });

  it('is what both variables name where both do', () => {
    const env = { NVIDIA_VISIBLE_DEVICES: 'GPU-11111111', CUDA_VISIBLE_DEVICES: 'GPU-11111111,GPU-aaaaaaaa' };
    expect(devicesOf(env)).toEqual([...always, 'nvidia1'].sort());
  });

  it.each(['1', 'all', '', 'GPU-99999999', 'MIG-11111111-2222-3333-4444-555555555555', 'GPU-11111111,1'])(
    'is all where "%s" does not tell which',
    (value) => {
      expect(devicesOf({ CUDA_VISIBLE_DEVICES: value })).toContain('nvidia0');
      expect(devicesOf({ CUDA_VISIBLE_DEVICES: value })).toContain('nvidia1');
    },
  );

  it('is the same for both makers of sandboxes: open devices, in a folder that is closed then', () => {
    const files = hostFiles(host);
    const needs = {
      files: { writable: [], readable: [], hidden: [] },
      cwd: '/',
      memoryBytes: 1000,
      locks: [],
    };
    const plan = sandboxPlan(needs, look({ CUDA_VISIBLE_DEVICES: 'GPU-11111111' }));
    const bubblewrap = bubblewrapArguments({ path: 'bwrap', limitsSizes: true }, plan, undefined).join(' ');
    expect(bubblewrap).toMatch(/--dev-bind-try \/dev\/nvidia1 .*--remount-ro \/dev /);
    expect(bubblewrap).not.toContain('/dev/nvidia0');
    const calls = sandboxCalls(plan, {
      account: undefined,
      filter: undefined,
      lookAt: (path) => {
        const realPath = files.realPath(path);
        return realPath === undefined ? undefined : { realPath, isFolder: files.isFolder(path) };
      },
    });
    const sources = calls.flatMap((call) =>
      call.kind === 'call' && call.name === 'mount' ? [call.args[0]] : [],
    );
    expect(sources).toEqual(
      expect.arrayContaining(['/oldroot/dev/nvidia1', '/oldroot/dev/nvidia-caps', '/oldroot/driver/lib']),
    );
    expect(sources).not.toContain('/oldroot/dev/nvidia0');
  });
});

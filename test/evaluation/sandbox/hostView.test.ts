import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lookAtHost } from '../../../src/evaluation/sandbox/hostView';

let folder = '';
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'host-view-')));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function place(...path: string[]): string {
  const file = join(folder, ...path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '');
  return file;
}

function toolsOf(env: Readonly<Record<string, string>>): readonly string[] {
  return lookAtHost(env, false).tools.filter((path) => path.startsWith(folder));
}

describe('what a sandbox shows of the host', () => {
  it('is the system, and of /etc neither passwords nor keys', () => {
    const { system } = lookAtHost({}, false);
    expect(system).toContain('/usr');
    expect(system).not.toContain('/etc');
    expect(system.filter((path) => /shadow|ssh\b|private/.test(path))).toEqual([]);
  });

  it('is a folder of the search path, and not what lies beside it', () => {
    place('.local', 'bin', 'tool');
    place('.local', 'share', 'keyrings', 'login');
    expect(toolsOf({ PATH: join(folder, '.local/bin') })).toEqual([join(folder, '.local/bin')]);
  });

  it('is the installation to which the links of a Python environment lead', () => {
    place('pythons', 'cpython-3.12', 'bin', 'python3.12');
    place('pythons', 'cpython-3.12', 'lib', 'python3.12', 'os.py');
    place('pythons', 'cpython-3.12', 'include', 'Python.h');
    place('environment', 'pyvenv.cfg');
    mkdirSync(join(folder, 'environment/bin'));
    symlinkSync(join(folder, 'pythons/cpython-3.12/bin/python3.12'), join(folder, 'environment/bin/python3'));
    expect([...toolsOf({ PATH: join(folder, 'environment/bin') })].sort()).toEqual([
      join(folder, 'environment'),
      join(folder, 'pythons/cpython-3.12'),
    ]);
  });

  it('is Cargo without its passwords', () => {
    for (const name of ['bin/cargo', 'registry/index', 'config.toml', 'credentials.toml'])
      place('cargo', name);
    const cargo = join(folder, 'cargo');
    expect([...toolsOf({ PATH: join(cargo, 'bin'), CARGO_HOME: cargo })].sort()).toEqual(
      ['bin', 'config.toml', 'registry'].map((name) => join(cargo, name)),
    );
  });

  it('is never a home folder, nor what holds one', () => {
    const home = homedir();
    const env = { PATH: [home, dirname(home), '/'].join(':'), LD_LIBRARY_PATH: home, CARGO_HOME: '/' };
    const { tools } = lookAtHost(env, true);
    expect(tools).not.toContain(home);
    expect(tools).not.toContain(dirname(home));
    expect(tools).not.toContain('/');
  });
});

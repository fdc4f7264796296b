import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Environment } from '../../src/domain/problem/problem';
import { EnvironmentError } from '../../src/evaluation/evaluator';
import { makePythonEnvironment } from '../../src/evaluation/pythonEnvironment';
import type { PythonEnvironment } from '../../src/evaluation/pythonEnvironment';

/** A busy machine takes its time to start processes. */
const patiently = { timeout: 30_000, interval: 10 };

const base = mkdtempSync(join(tmpdir(), 'environment-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const never = new AbortController().signal;
let root = '';
let bin = '';
let progress: string[] = [];

beforeEach(() => {
  root = mkdtempSync(join(base, 'root-'));
  bin = join(root, 'bin');
  mkdirSync(bin);
  progress = [];
});

/** A program that we put on a search path of our own. */
function program(name: string, script: string): void {
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, name), 0o755);
}

/** Answers like an interpreter, and makes "environments" whose Python does the same. */
function fakePython(
  name: string,
  version: string,
  options: { hasVenv?: boolean; install?: string } = {},
): void {
  const answer = {
    path: join(bin, name),
    version: version.split('.').map(Number),
    hasVenv: options.hasVenv ?? true,
  };
  program(
    name,
    `case "$*" in
  *sys.executable*) echo '${JSON.stringify(answer)}' ;;
  "-m venv "*) for last in "$@"; do :; done
    /bin/mkdir -p "$last/bin"; /bin/cp "$0" "$last/bin/python"; echo made >>"${root}/made" ;;
  *"pip install"*) ${options.install ?? 'echo installed'} ;;
esac`,
  );
}

function make(
  environment: Environment,
  options: { env?: NodeJS.ProcessEnv; signal?: AbortSignal } = {},
): Promise<PythonEnvironment | undefined> {
  return makePythonEnvironment(environment, {
    root,
    hostEnv: options.env ?? { PATH: bin, HOME: root },
    onProgress: (message) => void progress.push(message),
    signal: options.signal ?? never,
  });
}

async function errorOf(environment: Environment): Promise<EnvironmentError> {
  try {
    await make(environment);
  } catch (error) {
    if (error instanceof EnvironmentError) return error;
    throw error;
  }
  throw new Error('The environment was made.');
}

function environments(): string[] {
  return readdirSync(join(root, 'environments'));
}

describe('a Python environment', () => {
  it('is none where the problem asks for none', async () => {
    expect(await make({ packages: [] }, { env: {} })).toBeUndefined();
    expect(readdirSync(root)).toEqual(['bin']);
  });

  it('is made with the first interpreter that meets the requirement, once', async () => {
    fakePython('python3', '3.8.1');
    program('python3.13', 'echo "pyenv: python3.13: command not found" >&2; exit 127');
    fakePython('python3.12', '3.12.4');
    fakePython('python3.10', '3.10.1');
    const environment = { python: '>=3.10, <3.14', packages: ['b', 'a'] };
    const first = await make(environment);
    expect(progress).toEqual([
      'Making a Python environment…',
      'Installing b, a…',
      'Checking the environment…',
    ]);
    expect(execFileSync(join(first!.binFolder, 'python'), ['sys.executable']).toString()).toContain(
      '[3,12,4]',
    );
    const second = await make({ ...environment, packages: ['a', 'b'] });
    expect(second).toEqual(first);
    expect(progress).toHaveLength(3);
    const other = await make({ ...environment, packages: ['a'] });
    expect(other?.folder).not.toBe(first?.folder);
  });

  it('is made anew where its interpreter no longer runs', async () => {
    fakePython('python3', '3.12.4');
    const first = await make({ python: '>=3.9', packages: [] });
    rmSync(join(first!.binFolder, 'python'));
    const second = await make({ python: '>=3.9', packages: [] });
    expect(second?.folder).not.toBe(first?.folder);
  });

  it('is made by one of two that ask at once', async () => {
    fakePython('python3', '3.12.4', { install: '/bin/sleep 0.3' });
    const environment = { packages: ['a'] };
    const [first, second] = await Promise.all([make(environment), make(environment)]);
    expect(first).toEqual(second);
    expect(progress.filter((message) => message.startsWith('Installing'))).toHaveLength(1);
    expect(progress).toContain('Waiting for another session that makes the same environment…');
    expect(environments().filter((name) => name.endsWith('.lock'))).toEqual([]);
  });

  it('is made though a maker died with the lock and half an environment', async () => {
    fakePython('python3', '3.12.4');
    const made = await make({ packages: ['a'] });
    const key = environments()
      .find((name) => name.endsWith('.ready'))!
      .replace('.ready', '');
    rmSync(made!.folder, { recursive: true });
    // No process has this start time.
    symlinkSync(`${hostname()}:${process.pid}:1`, join(root, 'environments', `${key}.lock`));
    mkdirSync(join(root, 'environments', `${key}-${hostname()}+${process.pid}+1+00000000`));
    expect(await make({ packages: ['a'] })).toBeDefined();
    expect(environments()).toHaveLength(2);
  });

  it('leaves nothing when it is cancelled', async () => {
    fakePython('python3', '3.12.4', { install: '/bin/sleep 1000' });
    const cancel = new AbortController();
    const making = make({ packages: ['a'] }, { signal: cancel.signal });
    const rejected = expect(making).rejects.toThrow('not now');
    await vi.waitFor(() => expect(progress).toContain('Installing a…'), patiently);
    cancel.abort(new Error('not now'));
    await rejected;
    expect(environments()).toEqual([]);
  });

  it('gives the tools the configuration of the user, and nothing that leads packages astray', async () => {
    fakePython('python3', '3.12.4', { install: '/usr/bin/env >"$HOME/seen"' });
    await make(
      { packages: ['a'] },
      {
        env: {
          PATH: bin,
          HOME: root,
          PIP_INDEX_URL: 'http://index.test',
          https_proxy: 'http://proxy.test',
          PIP_TARGET: '/elsewhere',
          SECRET: 'x',
        },
      },
    );
    const seen = execFileSync('cat', [join(root, 'seen')]).toString();
    expect(seen).toContain('PIP_INDEX_URL=http://index.test');
    expect(seen).toContain('https_proxy=http://proxy.test');
    expect(seen).not.toContain('/elsewhere');
    expect(seen).not.toContain('SECRET');
  });
});

describe('an environment that cannot be made says why and what to do:', () => {
  it('no Python', async () => {
    const error = await errorOf({ packages: ['a'] });
    expect(error.message).toBe('There is no Python 3 on the host.');
    expect(error.advice).toContain('Install');
  });

  it('a Python that is too old', async () => {
    fakePython('python3', '3.6.15');
    const error = await errorOf({ python: '>=3.11', packages: [] });
    expect(error.message).toBe('The problem needs Python >=3.11; the host has 3.6.15.');
  });

  it('a requirement that cannot be read', async () => {
    expect((await errorOf({ python: 'three', packages: [] })).message).toContain('"three" cannot be read');
  });

  it('no venv module', async () => {
    fakePython('python3', '3.12.4', { hasVenv: false });
    const error = await errorOf({ packages: ['a'] });
    expect(error.message).toContain('venv module is missing');
    expect(error.advice).toContain('python3-venv');
  });

  it.each([
    ['ERROR: No matching distribution found for a==99', 'does not exist in the wanted version', 'packages:'],
    [
      'Failed to establish a new connection\nERROR: No matching distribution found for a',
      'the package index cannot be reached',
      'HTTPS_PROXY',
    ],
    ['OSError: [Errno 28] No space left on device', 'there is no space left', 'Free space'],
    ['error: subprocess-exited-with-error http://me:word@index/', 'http://****@index/', 'end of its output'],
  ])('pip that ends with %j', async (output, message, advice) => {
    fakePython('python3', '3.12.4', { install: `echo '${output}'; exit 1` });
    const error = await errorOf({ packages: ['a'] });
    expect(error.message).toContain(message);
    expect(error.advice).toContain(advice);
    expect(environments()).toEqual([]);
  });
});

describe('a real environment', () => {
  it('holds the package, and the next call is instant', { timeout: 180_000 }, async () => {
    // A package of our own on disk: no index is asked for it.
    const source = join(root, 'tiny');
    mkdirSync(source);
    const wheel = join(source, 'discover_tiny-1.0-py3-none-any.whl');
    execFileSync('python3', ['-c', tinyWheel, wheel]);
    const env = {
      ...process.env,
      PIP_FIND_LINKS: source,
      PIP_NO_INDEX: '1',
      UV_FIND_LINKS: source,
      UV_NO_INDEX: '1',
    };
    const environment = { python: '>=3.9', packages: ['discover-tiny==1.0'] };
    const made = await make(environment, { env });
    const python = join(made!.binFolder, 'python');
    expect(execFileSync(python, ['-c', 'import discover_tiny; print(discover_tiny.word)']).toString()).toBe(
      'hello\n',
    );
    progress = [];
    expect(await make(environment, { env })).toEqual(made);
    expect(progress).toEqual([]);
  });
});

const tinyWheel = `
import sys, zipfile
info = "discover_tiny-1.0.dist-info/"
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    wheel.writestr("discover_tiny.py", "word = 'hello'")
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: discover-tiny\\nVersion: 1.0\\n")
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(info + "RECORD", "")
`;

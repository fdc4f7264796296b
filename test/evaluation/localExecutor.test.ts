import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { defaultLimits } from '../../src/domain/problem/problem';
import type { Limits } from '../../src/domain/problem/problem';
import { probeContainment } from '../../src/evaluation/containment';
import type { ExecutionReport } from '../../src/evaluation/executor';
import { createLocalExecutor } from '../../src/evaluation/localExecutor';
import { allProcesses, hasEnvironmentEntry } from '../../src/evaluation/processTable';
import { findIsolator } from '../../src/evaluation/sandbox/findIsolator';
import { IsolationMissingError } from '../../src/evaluation/sandbox/isolation';
import { livingProcesses } from './livingProcesses';
import { isolatorsHere } from './sandbox/isolatorsHere';

/** A busy machine takes its time to start processes. */
const patiently = { timeout: 30_000, interval: 10 };

const folder = mkdtempSync(join(tmpdir(), 'executor-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const env = { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8' };
const mebibyte = 1024 ** 2;
let count = 0;
let id = '';

const isolators = await isolatorsHere();
const runtimes = isolators.filter((kind) => kind !== 'bubblewrap' && kind !== 'unshare');
const ways = {
  ...Object.fromEntries(runtimes.map((kind) => [`in a container of ${kind}`, { isolators: [kind] }])),
  'in a sandbox of bubblewrap': { isolators: ['bubblewrap'] },
  'in a sandbox of our own': { isolators: ['unshare'] },
  // A host without namespaces runs this block by the sweep as well.
  'not isolated, in a namespace': { isolation: 'none' },
  'not isolated, swept': { containment: 'sweep' },
} satisfies Record<string, Parameters<typeof createLocalExecutor>[0]>;

describe.each(Object.entries(ways))('a local executor, %s', (containment, options) => {
  const executor = createLocalExecutor(options);

  function execute(
    argv: readonly [string, ...string[]],
    limits: Partial<Limits> = {},
    signal: AbortSignal = new AbortController().signal,
  ): Promise<ExecutionReport> {
    id = `test-${process.pid}-${containment.replaceAll(/\W+/g, '-')}-${(count += 1)}`;
    const request = { id, argv, cwd: folder, env, limits: { ...defaultLimits, timeMs: 20_000, ...limits } };
    return executor.execute(request, signal);
  }
  const sh = (script: string, limits?: Partial<Limits>, signal?: AbortSignal): Promise<ExecutionReport> =>
    execute(['/bin/sh', '-c', script], limits, signal);
  const python = (script: string, limits?: Partial<Limits>): Promise<ExecutionReport> =>
    execute(['python3', '-c', script], limits);

  afterEach(async () => {
    expect(livingProcesses(id)).toEqual([]);
    const next = await sh('echo fine');
    expect(next).toMatchObject({ end: { kind: 'exited', code: 0 }, output: 'fine\n' });
  });

  it('reports the exit code, and both outputs in the order in which they came', async () => {
    const report = await sh('echo one; echo two >&2; echo three; exit 3');
    expect(report).toMatchObject({ end: { kind: 'exited', code: 3 }, output: 'one\ntwo\nthree\n' });
  });

  it('hears on descriptor 3, as it comes, what the command does not print', async () => {
    id = `test-${process.pid}-${containment.replaceAll(/\W+/g, '-')}-${(count += 1)}`;
    const chunks: string[] = [];
    const report = await executor.execute(
      {
        id,
        argv: ['/bin/sh', '-c', 'echo told >&3; echo printed; cat </proc/$$/fd/3 || echo closed to others'],
        cwd: folder,
        env,
        limits: { ...defaultLimits, timeMs: 20_000 },
        onDescriptor3: (chunk) => chunks.push(chunk.toString()),
      },
      new AbortController().signal,
    );
    expect(chunks.join('')).toBe('told\n');
    expect(report).toMatchObject({ end: { kind: 'exited', code: 0 } });
    expect(report.output).toMatch(/^printed\n.*closed to others\n$/s);
    expect((await sh('echo told >&3')).end).not.toEqual({ kind: 'exited', code: 0 });
  });

  it('counts what comes on descriptor 3 as output', async () => {
    id = `test-${process.pid}-${containment.replaceAll(/\W+/g, '-')}-${(count += 1)}`;
    const report = await executor.execute(
      {
        id,
        argv: ['/bin/sh', '-c', 'while :; do echo told; done >&3'],
        cwd: folder,
        env,
        limits: { ...defaultLimits, timeMs: 20_000, outputBytes: 10_000 },
        onDescriptor3: () => undefined,
      },
      new AbortController().signal,
    );
    expect(report.end).toEqual({ kind: 'limit', limit: 'output' });
  });

  it.each([
    [
      'reads it',
      'wc -c; cat /proc/$$/fd/0 2>/dev/null || echo closed to others',
      '3000000\nclosed to others\n',
    ],
    ['does not read it', 'echo done', 'done\n'],
  ])('gives its input to a command that %s, and nothing to one without', async (_what, script, output) => {
    id = `test-${process.pid}-${containment.replaceAll(/\W+/g, '-')}-${(count += 1)}`;
    const request = { id, cwd: folder, env, limits: { ...defaultLimits, timeMs: 20_000 } };
    const argv = ['/bin/sh', '-c', script] as const;
    const input = Buffer.alloc(3_000_000, 'x');
    const signal = new AbortController().signal;
    expect(await executor.execute({ ...request, argv, input }, signal)).toMatchObject({
      end: { kind: 'exited', code: 0 },
      output,
    });
    expect(await sh('wc -c')).toMatchObject({ output: '0\n' });
  });

  it('gives the command the environment of the request and nothing else', async () => {
    const { output } = await execute(['env']);
    const names = output
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0]);
    expect(names.filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name ?? '')).sort()).toEqual([
      'DISCOVER_EVALUATION_ID',
      'LANG',
      'PATH',
    ]);
  });

  it('gives the command an empty standard input', async () => {
    expect(await execute(['cat'])).toMatchObject({ end: { kind: 'exited', code: 0 }, output: '' });
  });

  it('passes arguments as they are', async () => {
    const { output } = await execute(['printf', '%s|', 'a b', '$HOME', '', '*']);
    expect(output).toBe('a b|$HOME||*|');
  });

  it('says that a program does not exist', async () => {
    const { end } = await execute(['no-such-program']);
    expect(end).toEqual({ kind: 'could-not-start', message: 'There is no program `no-such-program`.' });
  });

  it('names the signal that killed the command', async () => {
    const { end } = await python('import os, signal; os.kill(os.getpid(), signal.SIGSEGV)');
    expect(end).toEqual({ kind: 'signalled', signal: 'SIGSEGV' });
  });

  it('stops a command that ignores SIGTERM when its time is over', async () => {
    const { end, durationMs } = await python(
      'import signal, time\nfor s in (15, 2, 1): signal.signal(s, signal.SIG_IGN)\nwhile True: time.sleep(100)',
      { timeMs: 400 },
    );
    expect(end).toEqual({ kind: 'limit', limit: 'time' });
    expect(durationMs).toBeGreaterThanOrEqual(400);
  });

  it('stops a command that stopped itself when its time is over', async () => {
    expect((await sh('kill -STOP $$; echo never', { timeMs: 300 })).end).toEqual({
      kind: 'limit',
      limit: 'time',
    });
  });

  it('ends daemons that left the group, the session and their parent', async () => {
    const { end, output } = await python(`
import os, time
read, write = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        null = os.open('/dev/null', os.O_RDWR)
        for descriptor in (0, 1, 2): os.dup2(null, descriptor)
        os.write(write, b'x')
        while True: time.sleep(100)
    os._exit(0)
os.read(read, 1)
print('the daemon lives')
`);
    expect({ end, output }).toEqual({ end: { kind: 'exited', code: 0 }, output: 'the daemon lives\n' });
  });

  it('resolves though a daemon keeps the output open', async () => {
    const report = await sh('setsid sleep 1000 & echo started');
    expect(report).toMatchObject({ end: { kind: 'exited', code: 0 }, output: 'started\n' });
  });

  it('goes on after the command has closed its output', async () => {
    expect((await sh('exec >&- 2>&-; sleep 0.1; exit 5')).end).toEqual({ kind: 'exited', code: 5 });
  });

  it('contains a fork bomb', async () => {
    // Bounded, should containment fail: 2^8 processes that end by themselves.
    const { end } = await python(
      `
import os, time
for _ in range(8):
    if os.fork() == 0: os.setsid()
time.sleep(30)
`,
      { processes: 40 },
    );
    expect(end).toEqual({ kind: 'limit', limit: 'processes' });
  });

  it('stops 100 MB of output, keeps both ends and says how much is left out', async () => {
    const before = process.memoryUsage().rss;
    const { end, output } = await python(
      'import sys\nprint("begin")\nfor _ in range(100): sys.stdout.write("0123456789" * 100_000)',
      { outputBytes: 100_000 },
    );
    expect(end).toEqual({ kind: 'limit', limit: 'output' });
    expect(output).toMatch(/^begin\n0123[^]*bytes left out/);
    expect(output.length).toBeLessThan(100_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(60 * mebibyte);
  });

  it('stops a command that prints for ever as soon as it is too much', async () => {
    const { end, durationMs } = await execute(['yes'], { outputBytes: 100_000 });
    expect(end).toEqual({ kind: 'limit', limit: 'output' });
    expect(durationMs).toBeLessThan(10_000);
  });

  it('notices too much output of a command that has ended already', async () => {
    const { end } = await sh('head -c 30000 /dev/zero', { outputBytes: 20_000 });
    expect(end).toEqual({ kind: 'limit', limit: 'output' });
  });

  it('stops a command whose memory grows beyond the limit', async () => {
    const { end } = await python(
      'import time\nkept = []\nfor _ in range(120): kept.append(bytearray(b"x" * 5 * 1024 ** 2)); time.sleep(0.005)\ntime.sleep(30)',
      { memoryBytes: 256 * mebibyte },
    );
    expect(end).toEqual({ kind: 'limit', limit: 'memory' });
  });

  it('sums memory over all processes of the command', async () => {
    const { end } = await sh(
      'for i in 1 2 3 4; do python3 -c "import time; kept = b\'x\' * 80 * 1024 ** 2; time.sleep(30)" & done; wait',
      { memoryBytes: 256 * mebibyte },
    );
    expect(end).toEqual({ kind: 'limit', limit: 'memory' });
  });

  it('counts memory that forked processes share once', async () => {
    const { end } = await python(
      `
import os, time
kept = b'x' * 120 * 1024 ** 2
children = []
for _ in range(4):
    child = os.fork()
    if child == 0:
        time.sleep(0.6)
        os._exit(0)
    children.append(child)
for child in children: os.waitpid(child, 0)
`,
      { memoryBytes: 300 * mebibyte },
    );
    expect(end).toEqual({ kind: 'exited', code: 0 });
  });

  it('stops a command that writes a larger file than it may', async () => {
    const { end } = await sh('exec head -c 40000000 /dev/zero >large', { memoryBytes: 32 * mebibyte });
    expect(end).toEqual({ kind: 'limit', limit: 'file-size' });
  });

  it('ends everything when it is cancelled, then rejects with the reason', async () => {
    const cancel = new AbortController();
    const running = sh('setsid sleep 1000 & sleep 1000', {}, cancel.signal);
    await vi.waitFor(() => expect(livingProcesses(id).length).toBeGreaterThanOrEqual(3), patiently);
    cancel.abort(new Error('the user stopped it'));
    await expect(running).rejects.toThrow('the user stopped it');
  });

  it('starts nothing when it is cancelled already', async () => {
    await expect(sh('echo', {}, AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
  });
});

describe('a sandbox', () => {
  it.each(isolators)(
    'of %s ends with the runner where that is killed, and all that is in it',
    async (kind) => {
      const search = await findIsolator([kind]);
      if (search.kind === 'fails') throw new Error(search.why);
      const files = { writable: [folder], readable: [], hidden: [] };
      const sandbox = { files, cwd: folder, env, memoryBytes: 64 * mebibyte, hasGpus: false, locks: [] };
      const { around, input, release } = search.isolator.wrap(sandbox, 3);
      await endsWithRunner(
        (environment) => around(['/bin/sh', '-c', 'setsid sleep 1000; exit 0'], environment),
        `sandboxed-${kind}`,
        input,
      );
      await release?.();
    },
  );

  it('is there, and where not, the refusal says what to do', async () => {
    expect(await createLocalExecutor().isolation()).toBe('bubblewrap');
    expect(await createLocalExecutor({ isolation: 'none' }).isolation()).toBe('none');
    expect(new IsolationMissingError('bwrap is not installed.')).toMatchObject({
      advice: expect.stringMatching(/Install bubblewrap.*--isolation none/s) as string,
    });
  });
});

/** A process that runs `argv`, killed as soon as that has begun. */
async function endsWithRunner(
  around: (env: Readonly<Record<string, string>>) => readonly string[],
  name: string,
  input?: Buffer,
): Promise<void> {
  const id = `${name}-${process.pid}.`;
  const environment = { PATH: '/usr/bin:/bin', DISCOVER_EVALUATION_ID: id };
  const runner = spawn(process.execPath, [
    '-e',
    `const [program, ...rest] = ${JSON.stringify(around(environment))};
     const env = ${JSON.stringify(environment)};
     const input = ${JSON.stringify(input?.toString('base64'))};
     const stdio = ['ignore', 'ignore', 'ignore', ...(input === undefined ? [] : ['pipe'])];
     const child = require('node:child_process').spawn(program, rest, { detached: true, stdio, env });
     if (input !== undefined) child.stdio[3].end(Buffer.from(input, 'base64'));
     setInterval(() => {}, 1000);`,
  ]);
  const mark = `DISCOVER_EVALUATION_ID=${id}`;
  const living = (): number => allProcesses().filter(({ pid }) => hasEnvironmentEntry(pid, mark)).length;
  await vi.waitFor(() => expect(living()).toBeGreaterThanOrEqual(3), patiently);
  runner.kill('SIGKILL');
  await vi.waitFor(() => expect(living()).toBe(0), patiently);
}

describe('containment', () => {
  it('ends the command with the runner where that is killed', async () => {
    const containment = await probeContainment();
    if (containment.kind === 'sweep') return;
    const argv = ['/bin/sh', '-c', 'setsid sleep 1000; exit 0'];
    await endsWithRunner((environment) => containment.around(argv, environment), 'orphan');
  });

  it('is a namespace in which the command does not see the processes of the host', async () => {
    if ((await probeContainment()).kind === 'sweep') return;
    const request = { id: 'view', argv: ['/bin/sh', '-c', 'ls /proc'] as const, cwd: folder, env };
    const { output } = await createLocalExecutor({ isolation: 'none' }).execute(
      { ...request, limits: defaultLimits },
      new AbortController().signal,
    );
    const seen = output.split('\n').filter((name) => /^\d+$/.test(name));
    expect(seen.length).toBeLessThan(5);
    expect(allProcesses().length).toBeGreaterThanOrEqual(5);
  });
});

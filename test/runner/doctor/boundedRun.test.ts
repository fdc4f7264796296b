import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runBounded } from '../../../src/runner/doctor/boundedRun';
import { FakeHost } from './fakeHost';

let host: FakeHost;
beforeEach(() => {
  host = new FakeHost();
});
afterEach(() => host.remove());

const never = new AbortController().signal;
const plenty = 60_000;

describe('a look by a shell script', () => {
  it('gives both outputs and the exit code', async () => {
    const report = await runBounded(
      { script: 'echo "$1"; echo bad >&2; exit 3', arguments: ['a b'], env: host.env(), limitMs: plenty },
      never,
    );
    expect(report).toEqual({ end: { kind: 'exited', code: 3 }, stdout: 'a b\n', stderr: 'bad\n' });
  });

  it('is ended at its limit with all that it started, and keeps what it said', async () => {
    const script = 'trap "" TERM HUP; echo begun; (sleep 600 & sleep 600) & sleep 600';
    const report = await runBounded({ script, env: host.env(), limitMs: 5_000 }, never);
    expect(report.end).toEqual({ kind: 'late', isStuck: false });
    expect(report.stdout).toBe('begun\n');
    await expect.poll(() => host.processes()).toEqual([]);
  });

  it('ends what a program leaves behind that ended itself', async () => {
    const report = await runBounded(
      { script: 'sleep 600 & echo done', env: host.env(), limitMs: plenty },
      never,
    );
    expect(report.end).toEqual({ kind: 'exited', code: 0 });
    await expect.poll(() => host.processes()).toEqual([]);
  });

  it('is ended when it prints without end', async () => {
    const report = await runBounded(
      { script: 'exec cat /dev/zero', env: host.env(), limitMs: plenty },
      never,
    );
    expect(report.end.kind).toBe('late');
    expect(report.stdout.length).toBeLessThan(5 * 1024 ** 2);
  });

  it('rejects when it is cancelled, after its processes are gone', async () => {
    const controller = new AbortController();
    const running = runBounded({ script: 'sleep 600', env: host.env(), limitMs: plenty }, controller.signal);
    await expect.poll(() => host.processes().length).toBeGreaterThan(0);
    controller.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    await expect.poll(() => host.processes()).toEqual([]);
  });
});

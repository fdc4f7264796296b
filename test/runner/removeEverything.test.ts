import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { homedir, hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ourProcesses } from '../../src/runner/host/ourProcesses';
import { identityOf } from '../../src/runner/host/processIdentity';
import { JobsUnknownError, removeEverything, SharedRootError } from '../../src/runner/host/removeEverything';
import { sessionFolder } from '../../src/runner/host/sessionFolder';
import { tidyHost } from '../../src/runner/host/tidyHost';
import { BuiltRunner, untilGone } from './support/builtRunner';

let runner: BuiltRunner | undefined;
afterEach(async () => {
  await runner?.dispose();
  runner = undefined;
});

/** Ids of living processes that work in a folder. */
function workingIn(folder: string): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/cwd`).startsWith(folder);
    } catch {
      return false;
    }
  });
}

/** A session whose evaluations wait until they are killed. */
async function heldSession(built: BuiltRunner): Promise<{ sessionId: string; pid: number }> {
  const spec = built.specOf(built.makeProblem('held', { hold: true }));
  await built.start(spec);
  await built.until(spec.sessionId, ({ event }) => event.type === 'session.created');
  const pid = await built.livePid(spec.sessionId);
  await expect.poll(() => workingIn(built.root).length).toBeGreaterThan(1);
  return { sessionId: spec.sessionId, pid };
}

describe('removing everything', () => {
  it('ends the sessions and leaves nothing of them, and takes a word that it is meant', async () => {
    runner = await BuiltRunner.build();
    const first = await heldSession(runner);
    const sockets = dirname(sessionFolder(runner.root, 'any').socketPath);
    expect(existsSync(sockets)).toBe(true);
    expect((await runner.command(['remove-everything'])).code).toBe(2);
    expect(await runner.pidOf(first.sessionId)).toBe(first.pid);
    expect(await runner.reply(['remove-everything', '--yes'])).toEqual({
      kind: 'removed',
      root: runner.root,
      cancelledJobs: 0,
      left: [],
    });
    await untilGone(first.pid);
    expect(ourProcesses(runner.root)).toEqual([]);
    expect(workingIn(runner.root)).toEqual([]);
    expect(existsSync(runner.root)).toBe(false);
    expect(existsSync(sockets)).toBe(false);
  });

  it('ends what a killed session has left behind', async () => {
    runner = await BuiltRunner.build();
    const { pid } = await heldSession(runner);
    process.kill(pid, 'SIGKILL');
    await untilGone(pid);
    expect(await runner.reply(['remove-everything', '--yes'])).toMatchObject({ left: [] });
    expect(workingIn(runner.root)).toEqual([]);
    expect(existsSync(runner.root)).toBe(false);
  });

  it('ends marked evaluations and other runners of the root, and nothing that only looks like one', async () => {
    runner = await BuiltRunner.build();
    const { root } = runner;
    const work = join(root, 'sessions', '01HZZZZZZZZZZZZZZZZZZZZZZZ', 'work');
    const bundle = join(root, 'runner', 'a'.repeat(64), 'runner.cjs');
    const elsewhere = join(runner.problemFolder, 'runner.cjs');
    for (const folder of [work, dirname(bundle)]) mkdirSync(folder, { recursive: true });
    for (const path of [bundle, elsewhere]) writeFileSync(path, 'setInterval(() => undefined, 1000);');
    const mark = { DISCOVER_EVALUATION_ID: 'r1-c1.x' };
    const start = (program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv) => {
      const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: 'ignore' });
      const ended = once(child, 'exit').then(() => true);
      return { child, ended };
    };
    const ours = [
      start('sleep', ['600'], work, mark),
      start(process.execPath, [bundle, 'attach'], '/', {}),
      start(process.execPath, [elsewhere, 'supervise', 'x', '--root', root], '/', {}),
    ];
    const others = [
      start('sleep', ['600'], work, {}),
      start('sleep', ['600'], '/', mark),
      start(process.execPath, [elsewhere, 'attach'], '/', {}),
    ];
    try {
      await expect.poll(() => ourProcesses(root).length).toBe(ours.length);
      expect(await runner.reply(['remove-everything', '--yes'])).toMatchObject({ left: [] });
      expect(await Promise.all(ours.map(({ ended }) => ended))).toEqual([true, true, true]);
      expect(others.map(({ child }) => child.exitCode ?? child.signalCode)).toEqual([null, null, null]);
    } finally {
      for (const { child } of [...ours, ...others]) child.kill('SIGKILL');
    }
  });

  it('signals the owner of a session only if it is proven to be that process', async () => {
    runner = await BuiltRunner.build();
    const owners = ['01HZZZZZZZZZZZZZZZZZZZZZZ1', '01HZZZZZZZZZZZZZZZZZZZZZZ2'].map((id) => {
      const folder = sessionFolder(runner!.root, id);
      mkdirSync(folder.ownersPath, { recursive: true });
      return { child: spawn('sleep', ['600'], { cwd: '/', stdio: 'ignore' }), folder };
    });
    const [proven, other] = owners;
    const ended = once(proven!.child, 'exit');
    try {
      for (const { child, folder } of owners) {
        const identity = identityOf(child.pid!)!;
        const record = {
          process: child === proven!.child ? identity : { ...identity, startTicks: '1' },
          run: 1,
          hostName: hostname(),
          runnerVersion: '0',
          bundlePath: runner.bundlePath,
        };
        writeFileSync(join(folder.ownersPath, '000001.json'), JSON.stringify(record));
      }
      expect(await runner.reply(['remove-everything', '--yes'])).toMatchObject({ left: [] });
      await ended;
      expect(other!.child.exitCode ?? other!.child.signalCode).toBeNull();
    } finally {
      for (const { child } of owners) child.kill('SIGKILL');
    }
  });

  it("ends no process of the user's, and keeps files that are not ours", async () => {
    runner = await BuiltRunner.build();
    await heldSession(runner);
    mkdirSync(join(runner.root, 'runner', 'mine'), { recursive: true });
    writeFileSync(join(runner.root, 'notes.txt'), 'mine');
    const sessions = join(runner.root, 'sessions');
    const shell = spawn('sleep', ['600'], {
      cwd: sessions,
      env: { ...process.env, TTT_DISCOVER_ROOT: runner.root },
    });
    await once(shell, 'spawn');
    try {
      expect(await runner.reply(['remove-everything', '--yes'])).toMatchObject({
        left: expect.arrayContaining(['notes.txt', 'runner']) as unknown,
      });
      expect(shell.exitCode ?? shell.signalCode).toBeNull();
      expect(readdirSync(join(runner.root, 'runner'))).toEqual(['mine']);
      expect(existsSync(sessions)).toBe(false);
    } finally {
      shell.kill();
    }
  });

  it('removes nothing while jobs of a session may be in a cluster that cannot be asked', async () => {
    const root = mkdtempSync(join(tmpdir(), 'jobs-'));
    const jobs = join(root, 'sessions', '01HZZZZZZZZZZZZZZZZZZZZZZZ', 'slurm');
    mkdirSync(jobs, { recursive: true });
    vi.stubEnv('PATH', '/nowhere');
    try {
      const removing = removeEverything(root, 'runner.cjs');
      await expect(removing).rejects.toBeInstanceOf(JobsUnknownError);
      await expect(removing).rejects.toMatchObject({
        advice: expect.stringContaining(`rm -r ${jobs}`) as string,
      });
      expect(existsSync(jobs)).toBe(true);
      rmSync(jobs, { recursive: true });
      expect(await removeEverything(root, 'runner.cjs')).toEqual({ left: [], cancelledJobs: 0 });
    } finally {
      vi.unstubAllEnvs();
      rmSync(root, { recursive: true, force: true });
    }
  });

  it('does not take a home folder for a root', async () => {
    for (const root of [homedir(), '/'])
      await expect(removeEverything(root, 'runner.cjs')).rejects.toBeInstanceOf(SharedRootError);
  });
});

describe('tidying', () => {
  const dayMs = 24 * 60 * 60_000;
  const name = (index: number) => index.toString(16).padStart(64, '0');

  /** Folders of versions, the first the newest, each a month older than the one before. */
  function versions(folder: string, prefix: string, count: number, now: number): string[] {
    return Array.from({ length: count }, (_, index) => {
      const path = join(folder, `${prefix}${name(index)}`);
      mkdirSync(join(path, 'bin'), { recursive: true });
      const seconds = (now - index * 30 * dayMs) / 1000;
      utimesSync(path, seconds, seconds);
      return path;
    });
  }

  it('keeps the newest, those in use here or elsewhere, and runs once a day', async () => {
    runner = await BuiltRunner.build();
    const { root } = runner;
    const now = Date.now();
    const bundles = versions(join(root, 'runner'), '', 10, now);
    const nodes = versions(join(root, 'runtime'), 'node-', 8, now);
    // A living process runs a program out of one, and a session elsewhere a bundle of another.
    writeFileSync(join(nodes[6]!, 'script.cjs'), 'setInterval(() => undefined, 1000);');
    utimesSync(nodes[6]!, 1, 1);
    const used = spawn(process.execPath, [join(nodes[6]!, 'script.cjs')], { argv0: 'node', stdio: 'ignore' });
    await once(used, 'spawn');
    const folder = sessionFolder(root, '01HZZZZZZZZZZZZZZZZZZZZZZZ');
    mkdirSync(folder.ownersPath, { recursive: true });
    const owner = {
      process: { pid: 1, startTicks: '1', bootId: 'elsewhere' },
      run: 1,
      hostName: `not-${hostname()}`,
      runnerVersion: '0',
      bundlePath: join(bundles[8]!, 'runner.cjs'),
    };
    writeFileSync(join(folder.ownersPath, '000001.json'), JSON.stringify(owner));
    try {
      // Which Node the session elsewhere runs is not known, so none is removed.
      expect([...tidyHost(root, now)].sort()).toEqual([...bundles.slice(5, 8), bundles[9]!].sort());
      expect(tidyHost(root, now + dayMs / 2)).toEqual([]);
      writeFileSync(
        folder.exitPath,
        JSON.stringify({ version: 1, atMs: 1, event: { type: 'session.finished', reason: 'stopped' } }),
      );
      expect([...tidyHost(root, now + 2 * dayMs)].sort()).toEqual([bundles[8]!, nodes[5]!, nodes[7]!].sort());
      expect(existsSync(nodes[6]!)).toBe(true);
    } finally {
      used.kill();
    }
  });
});

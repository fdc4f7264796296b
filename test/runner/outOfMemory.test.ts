import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { BuiltRunner, untilGone } from './support/builtRunner';

const limitBytes = 400 * 1024 * 1024;
const name = `ttt-discover-test-${process.pid}`;

interface MemoryGroup {
  readonly path: string;
  remove(): void;
}

/** A memory group with a limit of its own; `undefined` where this account may not make one. */
function makeMemoryGroup(): MemoryGroup | undefined {
  for (const [root, limit] of [
    ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes'],
    ['/sys/fs/cgroup', 'memory.max'],
  ] as const) {
    const path = join(root, name);
    try {
      mkdirSync(path);
    } catch {
      continue;
    }
    if (existsSync(join(path, limit))) {
      writeFileSync(join(path, limit), `${limitBytes}`);
      return { path, remove: () => rmdirSync(path) };
    }
    rmdirSync(path);
  }
  return undefined;
}

const group = makeMemoryGroup();
if (group === undefined)
  process.stderr.write('No memory group can be made here: the kernel ends no process.\n');
let runner: BuiltRunner;
beforeAll(async () => {
  runner = await BuiltRunner.build();
}, 60_000);
afterAll(async () => {
  await runner.dispose();
  const members =
    group === undefined ? [] : readFileSync(join(group.path, 'cgroup.procs'), 'utf8').split('\n');
  for (const pid of members.filter((line) => line !== '').map(Number)) {
    process.kill(pid, 'SIGKILL');
    await untilGone(pid);
  }
  group?.remove();
});

/** Starts a session whose process is in the group, and waits until it is at work. Returns its id and its process. */
async function sessionInGroup({
  path,
}: MemoryGroup): Promise<{ readonly sessionId: string; readonly pid: number }> {
  const spec = runner.specOf(runner.makeProblem('held', { hold: true }));
  const child = spawn(
    'sh',
    [
      '-c',
      'echo $$ > "$1/cgroup.procs" && shift && exec "$@"',
      'sh',
      path,
      process.execPath,
      runner.bundlePath,
      'start',
      '--spec',
      '-',
    ],
    { env: { ...process.env, TTT_DISCOVER_ROOT: runner.root }, stdio: ['pipe', 'ignore', 'inherit'] },
  );
  child.stdin.end(gzipSync(JSON.stringify(spec)));
  await new Promise((resolve) => child.once('close', resolve));
  await runner.until(spec.sessionId, ({ event }) => event.type === 'candidate.proposed');
  return { sessionId: spec.sessionId, pid: await runner.livePid(spec.sessionId) };
}

/** Takes more memory than the group may have; the kernel ends the process with the highest score, then the next. */
async function exhaust({ path }: MemoryGroup): Promise<void> {
  const script =
    'const kept = []; for (let i = 0; i < 100; i += 1) kept.push(Buffer.alloc(10 * 1024 * 1024, 1));';
  const hog = spawn(
    'sh',
    ['-c', 'echo $$ > "$1/cgroup.procs" && exec "$2" -e "$3"', 'sh', path, process.execPath, script],
    { stdio: 'ignore' },
  );
  await new Promise((resolve) => hog.once('close', resolve));
}

describe.runIf(group)('a session in a memory group that is full', () => {
  it('is out of memory when the kernel ended its process, and goes on when it is resumed', async () => {
    if (group === undefined) return;
    const { sessionId, pid } = await sessionInGroup(group);
    writeFileSync(`/proc/${pid}/oom_score_adj`, '1000');
    await exhaust(group);
    await untilGone(pid);
    expect(await runner.reply(['status', sessionId])).toMatchObject({
      session: { verdict: { state: 'exited', reason: 'out-of-memory' } },
    });
    const { stdout } = await runner.command(['status', sessionId]);
    expect(stdout).toContain('for want of memory');
    expect(stdout).toContain('then resume it');
    expect(await runner.reply(['resume', sessionId])).toMatchObject({
      session: { verdict: { state: 'live' } },
    });
  });

  it('is only lost when it was killed otherwise, whatever was killed for want of memory while it lived', async () => {
    if (group === undefined) return;
    const { sessionId, pid } = await sessionInGroup(group);
    const memoryPath = join(runner.root, 'sessions', sessionId, 'owners', '000001.memory.json');
    const before = readFileSync(memoryPath, 'utf8');
    await exhaust(group);
    expect(process.kill(pid, 0)).toBe(true);
    await vi.waitFor(() => expect(readFileSync(memoryPath, 'utf8')).not.toBe(before), { timeout: 20_000 });
    process.kill(pid, 'SIGKILL');
    await untilGone(pid);
    expect(await runner.reply(['status', sessionId])).toMatchObject({
      session: { verdict: { state: 'exited', reason: 'runner-lost' } },
    });
  });
});

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const patienceMs = 10_000;

/**
 * Ends the runners of every session below a host's root: they are detached on purpose, so a test that failed would
 * leave them running.
 */
export async function endSessions(root: string): Promise<void> {
  const sessions = join(root, 'sessions');
  for (const id of await namesIn(sessions)) {
    const pid = await runnerOf(join(sessions, id));
    // The process with that number may be another one by now; the runner has the session's id in its command line.
    const isRunner = async (): Promise<boolean> =>
      pid !== undefined && (await commandLineOf(pid)).includes(id);
    if (pid === undefined || !(await isRunner())) continue;
    process.kill(pid, 'SIGTERM');
    const deadlineMs = Date.now() + patienceMs;
    while (await isRunner()) {
      if (Date.now() > deadlineMs) process.kill(pid, 'SIGKILL');
      await sleep(50);
    }
  }
}

async function runnerOf(sessionFolder: string): Promise<number | undefined> {
  const text = await orNothing(() => readFile(join(sessionFolder, 'owner.json'), 'utf8'));
  const owner = text === undefined ? undefined : (JSON.parse(text) as { process: { pid: number } });
  return owner?.process.pid;
}

async function commandLineOf(pid: number): Promise<string> {
  return (await orNothing(() => readFile(`/proc/${pid}/cmdline`, 'utf8'))) ?? '';
}

async function namesIn(folder: string): Promise<string[]> {
  return (await orNothing(() => readdir(folder))) ?? [];
}

async function orNothing<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return undefined;
    throw error;
  }
}

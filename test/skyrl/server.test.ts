import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureSkyrl } from '../../scripts/skyrl/environment.mjs';
import { startSkyrl } from './support/skyrlServer';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'skyrl-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('a SkyRL server for tests', () => {
  it('says why it did not start, with the end of its log', async () => {
    const starting = startSkyrl({ model: 'qwen3', dir, backendConfig: { no_such_setting: 1 } });
    await expect(starting).rejects.toThrow(/did not start[^]*no_such_setting/);
  });

  it('is killed with the program that started it, even when that is killed', async () => {
    const { python, uvFolder } = await ensureSkyrl();
    const program = `
      const { spawn } = require('node:child_process');
      const server = spawn(${JSON.stringify(join(uvFolder, 'uv'))}, ['run', '-m', 'http.server', '0', '--bind', '127.0.0.1'], {
        detached: true, stdio: ['pipe', 'ignore', 'ignore'], env: { ...process.env, SKYRL_LIFELINE: '1' },
      });
      console.log(server.pid);
      setInterval(() => {}, 1000);`;
    const starter = spawn(process.execPath, ['-e', program], {
      env: { ...process.env, SKYRL_PYTHON: python },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(starter.stdout, 'data')) as [Buffer];
    const group = Number(line.toString());
    await expect.poll(() => isRunning(group)).toBe(true);
    starter.kill('SIGKILL');
    await expect.poll(() => isRunning(group)).toBe(false);
  });
});

/** Whether a process of the group is left. */
function isRunning(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}

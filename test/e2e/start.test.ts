import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repositoryFolder } from './support/editor';

const run = promisify(execFile);

describe('npm start', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ttt-discover-start-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const start = async (): Promise<string> => {
    const args = ['scripts/start.mjs', '--check', '--port', '0', '--workspace', join(folder, 'problems')];
    return (await run(process.execPath, args, { cwd: repositoryFolder })).stdout;
  };

  it('brings up VS Code on loopback with a copy of the sample problems, and keeps what I changed in it', async () => {
    const address = /VS Code is at {2}(http:\/\/127\.0\.0\.1:\d+\/\?folder=\S+)/;
    expect(await start()).toMatch(address);
    const problem = join(folder, 'problems/erdos-min-overlap');
    expect(await readFile(join(problem, 'evaluate.py'))).toEqual(
      await readFile(join(repositoryFolder, 'problems/erdos-min-overlap/evaluate.py')),
    );

    await writeFile(join(problem, 'initial.py'), '# mine\n');
    await rm(join(problem, 'evaluate.py'));
    const output = await start();
    expect(output).toMatch(address);
    expect(output).toContain('erdos-min-overlap/initial.py');
    expect(await readFile(join(problem, 'initial.py'), 'utf8')).toBe('# mine\n');
    expect(await readFile(join(problem, 'evaluate.py'), 'utf8')).not.toBe('');
  });
});

import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bundleProgram } from '../../support/bundledProgram';
import { runtimeNames } from '../../../src/evaluation/sandbox/containerBundle';
import { isolatorsHere } from './isolatorsHere';

const base = mkdtempSync(join(tmpdir(), 'left-containers-'));
const program = join(base, 'containerRunner.mjs');
const children = new Set<ChildProcess>();
const here = await isolatorsHere();

beforeAll(async () => {
  await bundleProgram(join(import.meta.dirname, 'containerRunner.ts'), program);
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(base, { recursive: true, force: true });
});

describe.each(runtimeNames)('containers of %s whose runner was killed', (runtime) => {
  it.skipIf(!here.includes(runtime))(
    'leave a folder that the next runner removes, which leaves alone that of one that lives',
    async () => {
      const shared = join(base, runtime);
      mkdirSync(shared);
      const env = { ...process.env, TMPDIR: shared };
      const folders = (): string[] =>
        readdirSync(shared).filter((name) => name.startsWith('ttt-discover-container-'));
      const runner = async (name: string) => {
        const cwd = join(shared, name);
        mkdirSync(cwd);
        const child = spawn(process.execPath, [program, runtime, cwd], {
          env,
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        children.add(child);
        let output = '';
        child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
        await vi.waitFor(() => expect(existsSync(join(cwd, 'begun'))).toBe(true), { timeout: 30_000 });
        return { child, cwd, output: () => output };
      };
      const living = await runner('living');
      const ofLiving = folders();
      expect(ofLiving).toHaveLength(1);
      const killed = await runner('killed');
      expect(folders()).toHaveLength(2);
      killed.child.kill('SIGKILL');
      await once(killed.child, 'exit');
      expect(folders()).toHaveLength(2);

      expect(execFileSync(process.execPath, [program, runtime], { env, encoding: 'utf8' })).toBe(
        `${runtime}\n`,
      );
      expect(folders()).toEqual(ofLiving);
      writeFileSync(join(living.cwd, 'goOn'), '');
      await once(living.child, 'close');
      expect(living.output()).toBe(`${runtime}\n/usr/bin/env\n`);
      expect(folders()).toEqual([]);
    },
  );
});

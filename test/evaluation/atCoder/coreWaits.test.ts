import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { commandOnOwnCore } from '../../../src/evaluation/atCoder/runOnCore';
import type { MethodCommand } from '../../../src/evaluation/evaluationMethod';
import { holding, lockOf, waitsForCore } from './coreHolders';

/** No machine of a test has it, so no program is kept from a core that is one. */
const core = 70_000 + (process.pid % 10_000);
const host = { cores: [{ core, processor: core }], isolation: [], counting: [] };
afterAll(() => {
  rmSync(lockOf(core), { force: true });
});

/** As an executor runs it. */
async function run(command: MethodCommand, mark: string): Promise<{ output: string; code: number | null }> {
  const [program, ...args] = command.argv;
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    env: { ...process.env, MARK: mark },
  });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stdio[3]?.on('data', (chunk: Buffer) => command.onDescriptor3?.(chunk));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { output, code };
}

const says = (script: string): Pick<MethodCommand, 'argv'> => ({ argv: ['/bin/sh', '-c', script] });

describe('a command on a core of its own', () => {
  it('tells how long it waited for the core, before all that it tells itself', async () => {
    const told: string[] = [];
    const command = commandOnOwnCore(host, 0, {
      ...says('echo done >&3'),
      onDescriptor3: (chunk) => told.push(chunk.toString()),
    });
    const mark = randomUUID();
    const giveBack = await holding([core]);
    const ended = run(command, mark);
    await expect.poll(() => waitsForCore(mark), { timeout: 30_000 }).toBe(true);
    const seenMs = Date.now();
    await expect.poll(() => Date.now() - seenMs).toBeGreaterThan(20);
    const releasedMs = Date.now();
    await giveBack();
    expect((await ended).code).toBe(0);
    expect(command.waitedMs?.()).toBeGreaterThanOrEqual(releasedMs - seenMs - 1);
    expect(told.join('')).toBe('done\n');
  });

  it('waited for nothing where the core is free, and tells what it has to tell', async () => {
    const told: string[] = [];
    const command = commandOnOwnCore(host, 0, {
      ...says('echo wait >&3; echo ed >&3'),
      onDescriptor3: (chunk) => told.push(chunk.toString()),
    });
    await run(command, randomUUID());
    expect(command.waitedMs?.()).toBe(0);
    expect(told.join('')).toBe('wait\ned\n');
  });

  it('cannot say itself that it waited', async () => {
    const command = commandOnOwnCore(host, 0, says('echo "waited 0 9000000000" >&3; echo still here'));
    const { output } = await run(command, randomUUID());
    expect(command.waitedMs?.()).toBe(0);
    expect(output).toBe('still here\n');
  });
});

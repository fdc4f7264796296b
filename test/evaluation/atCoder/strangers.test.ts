import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandOnOwnCore } from '../../../src/evaluation/atCoder/runOnCore';
import { physicalCores, readTopology } from '../../../src/evaluation/leases/physicalCores';
import { base, failureOf, prepared, valueOf, type Contest } from './contest';
import { lockOf } from './coreHolders';
import { strangersOn } from './strangers';
import { unseenChildren } from './unseenChildren';

/** It computes for so many seconds, and its answer is right. */
const computing = (seconds: number, before = ''): string => `
import os, signal, time
${before}
while time.process_time() < ${seconds}: pass
count, numbers = input(), input()
print(sum(map(int, numbers.split())))
`;

const processors = physicalCores(readTopology()).map(({ processor }) => processor);
let contest: Contest;
beforeAll(async () => {
  contest = await prepared('batch', { candidate: 'main.py', evaluator: { caseTimeMs: 10_000, cases: 2 } });
});
afterAll(async () => {
  await contest.evaluator.dispose();
  rmSync(base, { recursive: true, force: true });
});

async function besideStrangers<T>(use: () => Promise<T>): Promise<T> {
  const end = strangersOn(processors, 2);
  try {
    return await use();
  } finally {
    end();
  }
}

describe('a program beside strangers on every core', () => {
  it('is run again, and it is told how much they had of its core', async () => {
    const { report } = await besideStrangers(() => contest.evaluate(computing(0.3)));
    expect(valueOf(report)).toBe(1000);
    expect(report.outcome).toMatchObject({ metrics: { repeated_cases: 2, disturbed_cases: 2 } });
    expect(report.outcome).toMatchObject({
      feedback: expect.stringMatching(
        /2 seeds were run again.*\n.*more than 2 % of the core in 2 of 2 seeds/,
      ) as unknown,
    });
    for (const { message } of report.cases ?? []) {
      expect(message).toMatch(
        / s \(run [23] times; in the run that was disturbed least others had \d+ % of its core\)$/,
      );
    }
  });

  it('is run once when it starts processes, whose work could pass for that of strangers', async () => {
    const text = computing(0.3, 'if os.fork() == 0: os._exit(0)');
    const { report } = await besideStrangers(() => contest.evaluate(text));
    expect(report.outcome).toMatchObject({ metrics: { repeated_cases: 0, disturbed_cases: 0 } });
  });
});

describe('a program that computes in processes of which no account has the time', () => {
  it('is TLE', async () => {
    const short = await prepared('batch', {
      candidate: 'main.py',
      evaluator: { caseTimeMs: 1000, cases: 1 },
    });
    try {
      const { report } = await short.evaluate(computing(0.01, unseenChildren));
      expect(failureOf(report).message).toMatch(/is TLE.*It took more than 1 s: it computed for 0\.\d\d s/);
    } finally {
      await short.evaluator.dispose();
    }
  });
});

describe('a core that is to be quiet', () => {
  it('is another than the one on which a stranger computes', async () => {
    const [processor = 0] = processors;
    // No machine of a test has them, so no program is kept from a core that is one. Of a processor that is not there nothing is known.
    const busy = 80_000 + (process.pid % 10_000);
    const free = busy + 10_000;
    const host = {
      cores: [
        { core: busy, processor },
        { core: free, processor: free },
      ],
      isolation: [],
      counting: [],
    };
    const whichLock = { argv: ['/bin/sh', '-c', 'readlink /proc/self/fd/9'] as [string, ...string[]] };
    const lockOn = async (quietWithinMs: number): Promise<string> => {
      const [program, ...args] = commandOnOwnCore(host, 0, whichLock, quietWithinMs).argv;
      const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit', 'ignore'] });
      let output = '';
      child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
      await new Promise((resolve) => child.once('close', resolve));
      return output.trim();
    };
    const end = strangersOn([processor], 1);
    try {
      expect(await lockOn(0)).toBe(lockOf(busy));
      expect(await lockOn(60_000)).toBe(lockOf(free));
    } finally {
      end();
      for (const core of [busy, free]) rmSync(lockOf(core), { force: true });
    }
  });
});

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { physicalCores, readTopology } from '../../../src/evaluation/leases/physicalCores';
import { base, coreIsLocked, failureOf, initialText, prepared, valueOf, type Contest } from './contest';
import { holding, waitsForCore } from './coreHolders';

/** A right answer is the sum; the score is 1000 less the distance to it. */
const near = (off: number): string => `
count, numbers = input(), input()
print(sum(map(int, numbers.split())) + ${off})
`;

let contest: Contest;
const others: Contest[] = [];

async function other(...args: Parameters<typeof prepared>): Promise<Contest> {
  const made = await prepared(...args);
  others.push(made);
  return made;
}

beforeAll(async () => {
  contest = await prepared('batch', { candidate: 'main.py', evaluator: { caseTimeMs: 1000 } });
});
afterEach(async () => {
  for (const made of others.splice(0)) await made.evaluator.dispose();
});
afterAll(async () => {
  await contest.evaluator.dispose();
  rmSync(base, { recursive: true, force: true });
});

function contentOf(folder: string): string {
  const hash = createHash('sha256');
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    hash.update(path);
    if (entry.isFile()) hash.update(readFileSync(path));
  }
  return hash.digest('hex');
}

describe('a program of a batch contest', () => {
  it('has the mean of the official scores, a case for each seed, and its times', async () => {
    const before = contentOf(contest.folder);
    const { report, live } = await contest.evaluate(near(5));
    expect(valueOf(report)).toBe(995);
    expect(report.outcome).toMatchObject({
      kind: 'valid',
      metrics: {
        mean_score: 995,
        total_score: 2985,
        cases: 3,
        cases_run: 3,
        standard_error: 0,
        lowest_score: 995,
      },
    });
    expect(report.cases).toHaveLength(3);
    for (const one of report.cases ?? []) {
      expect(one).toMatchObject({ verdict: 'passed', value: 995, unit: 'points' });
      expect(one.name).toMatch(/^seed \d+$/);
      expect(one.durationMs).toBeGreaterThan(0);
    }
    expect([...live].sort((a, b) => a.name.localeCompare(b.name))).toEqual(
      [...(report.cases ?? [])].sort((a, b) => a.name.localeCompare(b.name)),
    );
    expect(contentOf(contest.folder)).toBe(before);
  });

  it('gets the same seeds for the same seed of a step, and others for another', async () => {
    const names = async (seed: number): Promise<string[]> =>
      (await contest.evaluate(near(0), { seed })).report.cases?.map(({ name }) => name) ?? [];
    const first = await names(1);
    expect(await names(1)).toEqual(first);
    expect(new Set([...first, ...(await names(2))]).size).toBe(6);
  });

  it.each([
    ['WA', 'prints what the tool cannot read', 'print("abc")', 'invalid', /is WA.*Parse error: abc\./],
    ['WA', 'prints what the tool refuses', 'print(-1)', 'invalid', /is WA.*The answer is negative\./],
    [
      'WA',
      'prints nothing, which the official tool gives a point',
      'print()',
      'invalid',
      /is WA.*It printed nothing\./,
    ],
    ['WA', 'makes the official tool panic', 'print("panic")', 'invalid', /is WA.*index out of bounds/],
    ['RE', 'ends with an exit code', 'print(1)\nexit(3)', 'crashed', /is RE.*exit code 3\./],
    [
      'RE',
      'is ended by a signal',
      'import os\nprint(1, flush=True)\nos.abort()',
      'crashed',
      /is RE.*SIGABRT\./,
    ],
    ['TLE', 'computes for too long', 'while True: pass', 'timeout', /is TLE.*more than 1 s: it computed/],
    [
      'TLE',
      'waits for too long',
      'import time\ntime.sleep(60)',
      'timeout',
      /is TLE.*computed for 0\.\d\d s in \d+\.\d\d s/,
    ],
    [
      'TLE',
      'computes for too long in processes of its own',
      'import os\nfor _ in range(3):\n  if os.fork() == 0:\n    import time\n    while time.process_time() < 0.4: pass\n    os._exit(0)\nfor _ in range(3): os.wait()\nprint(1)',
      'timeout',
      /is TLE/,
    ],
    ['OLE', 'prints too much', 'print("1" * 3_000_000)', 'output-limit', /is OLE.*more than 1 MiB/],
  ])('is %s when it %s', async (_verdict, _what, text, reason, message) => {
    const { report } = await contest.evaluate(text);
    expect(failureOf(report)).toMatchObject({ reason, message: expect.stringMatching(message) as unknown });
    expect(report.cases?.some(({ verdict }) => verdict === 'failed')).toBe(true);
  });

  it('is not TLE when others compute on its core', async () => {
    // A host that is busy by itself needs no more: a program that gets next to nothing of a core is ended in the end.
    const [busy = 0] = loadavg();
    const load = Array.from({ length: Math.max(0, 8 - Math.round(busy)) }, () =>
      spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' }),
    );
    try {
      const text = `import time\nwhile time.process_time() < 0.3: pass${near(0)}`;
      expect(valueOf((await contest.evaluate(text)).report)).toBe(1000);
    } finally {
      for (const child of load) child.kill('SIGKILL');
    }
  });

  it('has a core of its own, which nobody else times on', async () => {
    expect(valueOf((await contest.evaluate(`${coreIsLocked}${near(0)}`)).report)).toBe(1000);
  });

  it('does not count its waiting for a core as evaluating', async () => {
    const giveBack = await holding(physicalCores(readTopology()).map(({ core }) => core));
    const beganMs = performance.now();
    const evaluation = contest.evaluate(near(0));
    await expect.poll(() => waitsForCore(base), { timeout: 60_000 }).toBe(true);
    const seenMs = performance.now();
    await expect.poll(() => performance.now() - seenMs).toBeGreaterThan(20);
    const releasedMs = performance.now();
    await giveBack();
    const { durationMs, queuedMs = 0 } = (await evaluation).report;
    expect(queuedMs).toBeGreaterThanOrEqual(releasedMs - seenMs - 1);
    // Its cases run side by side, and a moment counts once.
    expect(durationMs + queuedMs).toBeLessThanOrEqual(performance.now() - beganMs + 1);
    expect(durationMs).toBeGreaterThan(0);
  });

  it('is MLE when it takes more memory than a case may', async () => {
    const small = await other('batch', { candidate: 'main.py', limits: { memoryBytes: 128 * 1024 ** 2 } });
    const { report } = await small.evaluate(
      'x = bytearray(400_000_000)\nx[::4096] = x[::4096]\nimport time\ntime.sleep(9)',
    );
    expect(failureOf(report)).toMatchObject({
      reason: 'memory-limit',
      message: expect.stringMatching(/is MLE.*more than 128 MiB/) as unknown,
    });
  });

  it('says what it wrote to standard error last, and on how many seeds it ran', async () => {
    const { report } = await contest.evaluate('import sys\nsys.exit("the last words")');
    const failure = failureOf(report);
    expect(failure.outputTail).toBe('the last words');
    expect(failure.message).toMatch(/of 3 seeds were run\.$/);
  });

  it('fails when it fails on one seed alone, and the others are kept', async () => {
    const once = `${near(0)}\nimport os\nif int(numbers.split()[0]) % 2: exit(1)`;
    const reports = await Promise.all(
      [1, 2, 3, 4].map((seed) => contest.evaluate(once, { id: `once-${seed}`, seed })),
    );
    const mixed = reports.filter(
      ({ report }) => new Set(report.cases?.map(({ verdict }) => verdict)).size === 2,
    );
    expect(mixed.length).toBeGreaterThan(0);
    for (const { report } of mixed) expect(failureOf(report).reason).toBe('crashed');
  });
});

describe('a program that cheats', () => {
  it('gains nothing by printing a score', async () => {
    const text = `${near(400)}\nimport sys\nprint("Score = 999999", file=sys.stderr)`;
    expect(valueOf((await contest.evaluate(text)).report)).toBe(600);
  });

  it('cannot write where its time is told', async () => {
    const text = `${near(0)}\nimport os\nos.write(3, b"0 0 1000\\n0m0.0s 0m0.0s\\n0m0.0s 0m0.0s\\n")`;
    expect(failureOf((await contest.evaluate(text)).report).reason).toBe('crashed');
  });

  it('cannot end who measures it', async () => {
    const text = `import os, signal
for pid in range(1, 40000):
  if pid != os.getpid():
    try: os.kill(pid, signal.SIGKILL)
    except OSError: pass
while True: pass`;
    expect(failureOf((await contest.evaluate(text)).report).reason).toMatch(/timeout|crashed/);
  });

  it('is refused when it changes its input', async () => {
    const text = `
count, numbers = input(), input()
import os
with open(os.readlink("/proc/self/fd/0"), "w") as file: file.write("1\\n7\\n")
print(7)`;
    const failure = failureOf((await contest.evaluate(text)).report);
    expect(failure).toMatchObject({
      reason: 'invalid',
      message: expect.stringContaining('input of the case was changed') as unknown,
    });
  });

  it('does not see what the evaluator is told', async () => {
    const text = `${near(0)}\nimport os\nif any(name.startswith("DISCOVER_") and name != "DISCOVER_EVALUATION_ID" for name in os.environ): exit(1)`;
    expect(valueOf((await contest.evaluate(text)).report)).toBe(1000);
  });

  it('ends the session when the official tools were exchanged', async () => {
    const root = join(base, 'exchanged');
    const own = await other('batch', { candidate: 'main.py', root });
    const [built] = readdirSync(join(root, 'built'));
    rmSync(join(root, 'built', built ?? '', 'vis'));
    writeFileSync(join(root, 'built', built ?? '', 'vis'), '#!/bin/sh\necho Score = 9999', { mode: 0o755 });
    await expect(own.evaluate(near(0))).rejects.toThrow("The contest's tools were changed");
  });
});

describe('the official tools', () => {
  it('are built once for each content', async () => {
    const again = await other('batch', { candidate: 'main.py' });
    expect(again.progress).toEqual([]);
    const changed = await other('batch', {
      candidate: 'main.py',
      change: (folder) => appendFileSync(join(folder, 'tools/src/lib.rs'), '\n// Another text.\n'),
    });
    expect(changed.progress).toEqual(["Building the contest's tools with cargo…"]);
  });

  it('that cannot be built are told with the end of what cargo said', async () => {
    const broken = prepared('batch', {
      candidate: 'main.py',
      change: (folder) => appendFileSync(join(folder, 'tools/src/lib.rs'), '\nthis is no Rust\n'),
    });
    await expect(broken).rejects.toMatchObject({
      message: "The contest's tools in tools cannot be built.",
      advice: expect.stringMatching(/this is no Rust/) as unknown,
    });
  });
});

describe('an evaluation', () => {
  it('is over when its time is over, with the cases that were done', async () => {
    // Half of the seeds take as long as they may. On a busy host the others need more time, too.
    const text = `import time\n${near(0)}\nif int(numbers.split()[0]) % 2: time.sleep(600)`;
    for (const seconds of [3, 12, 48]) {
      const short = await other('batch', {
        candidate: 'main.py',
        limits: { timeMs: 1000 * seconds },
        evaluator: { cases: 40, caseTimeMs: 600_000 },
      });
      const { report } = await short.evaluate(text);
      expect(failureOf(report).reason).toBe('timeout');
      if (report.cases === undefined || report.cases.length === 0) continue;
      expect(failureOf(report).message).toBe(
        `Ran longer than ${seconds} s and was stopped; ${report.cases.length} of 40 seeds were done.`,
      );
      return;
    }
    throw new Error('No seed was done in 48 s.');
  });

  it('reads the initial program of the folder as its language is', async () => {
    const cpp = await other('batch', { candidate: 'main.cpp' });
    expect(valueOf((await cpp.evaluate(initialText('batch', 'main.cpp'))).report)).toBe(995);
    const { reason, message } = failureOf((await cpp.evaluate('int main() { return x; }')).report);
    expect(reason).toBe('invalid');
    expect(message).toMatch(/^The program does not compile:\n[\s\S]*was not declared/);
    expect(message).not.toContain(base);
  });
});

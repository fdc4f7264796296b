import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { physicalCores, readTopology } from '../../../src/evaluation/leases/physicalCores';
import { base, coreIsLocked, failureOf, initialText, prepared, valueOf, type Contest } from './contest';
import { strangersOn } from './strangers';
import { unseenChildren } from './unseenChildren';

const search = initialText('reactive', 'main.py');
/** Most of its time it computes itself, which takes longer than it has where others are on its core. */
const slowSearch = `import time\nwhile time.process_time() < 0.85: pass\n${search}`;
const hiddenWork = `import os, signal, time${unseenChildren}${search}`;
let contest: Contest;

beforeAll(async () => {
  contest = await prepared('reactive', { candidate: 'main.py', evaluator: { caseTimeMs: 1000 } });
});
afterAll(async () => {
  await contest.evaluator.dispose();
  rmSync(base, { recursive: true, force: true });
});

async function besideStrangers<T>(use: () => Promise<T>): Promise<T> {
  const processors = physicalCores(readTopology()).map(({ processor }) => processor);
  const end = strangersOn(processors, 2);
  try {
    return await use();
  } finally {
    end();
  }
}

/** Undefined where a program without rights can make one within a sandbox. */
function whyNoNamespaceInAnother(): string | undefined {
  const bwrap = [
    '--unshare-all',
    '--cap-drop',
    'ALL',
    '--bind',
    '/',
    '/',
    '--proc',
    '/proc',
    '--dev',
    '/dev',
  ];
  const unshare = ['unshare', '--user', '--map-current-user', '--pid', '--fork', '--'];
  const trial = spawnSync('bwrap', [...bwrap, ...unshare, ...unshare, 'true'], { encoding: 'utf8' });
  if (trial.status === 0) return undefined;
  const why = `Skipped: no process namespace within another one: ${trial.error?.message ?? trial.stderr.trim()}`;
  process.stderr.write(`${why}\n`);
  return why;
}

describe('a program of an interactive contest', () => {
  it('talks with the official tester, which scores it', async () => {
    const { report } = await contest.evaluate(search);
    // Ten questions at most, of a hundred points.
    expect(valueOf(report)).toBeGreaterThanOrEqual(90);
    expect(report.cases?.map(({ verdict }) => verdict)).toEqual(['passed', 'passed', 'passed']);
  });

  it.each([
    [
      'gives a wrong answer',
      'input()\nprint("!", -1, flush=True)',
      'invalid',
      /is WA.*The number is another\./,
    ],
    [
      'says what is not agreed',
      'input()\nprint("hello", flush=True)',
      'invalid',
      /is WA.*Not a question: hello\./,
    ],
    [
      'ends too early',
      'input()\nexit(4)',
      'crashed',
      /is RE.*exit code 4\.|is RE.*could not be measured|terminated unexpectedly/,
    ],
    ['ends too early without a complaint', 'input()', 'invalid', /is WA.*terminated unexpectedly/],
    ['never answers', 'import time\ntime.sleep(60)', 'timeout', /is TLE/],
    ['answers well and computes on', `${search}\nwhile True: pass`, 'timeout', /is TLE/],
    ['answers well and crashes then', `${search}\nexit(5)`, 'crashed', /is RE.*exit code 5\./],
  ])('fails when it %s', async (_what, text, reason, message) => {
    const failure = failureOf((await contest.evaluate(text)).report);
    expect(failure.message).toMatch(message);
    expect([reason, 'invalid']).toContain(failure.reason);
  });

  it('has a core of its own, which nobody else times on', async () => {
    const { report } = await contest.evaluate(`${coreIsLocked}${search}`);
    expect(valueOf(report)).toBeGreaterThanOrEqual(90);
  });

  it('gains nothing by printing a score of its own', async () => {
    const honest = valueOf((await contest.evaluate(search)).report);
    const text = `import sys\nprint("Score = 99999", file=sys.stderr, flush=True)\n${search}\nprint("Score = 99999", file=sys.stderr)`;
    expect(valueOf((await contest.evaluate(text)).report)).toBe(honest);
  });

  it('gains no time by ending who measures it', async () => {
    const end =
      'import os, signal\nfor pid in {os.getppid(), *range(2, os.getpid())}:\n  try: os.kill(pid, signal.SIGKILL)\n  except OSError: pass';
    const text = `${end}\nimport time\nwhile time.process_time() < 1.5: pass\n${search}`;
    expect(failureOf((await contest.evaluate(text)).report).reason).toMatch(/timeout|crashed|invalid/);
  });

  it('gains no time in processes of which no account has the time', async () => {
    expect(failureOf((await contest.evaluate(hiddenWork)).report).message).toMatch(
      /is TLE.*It took more than 1 s: it computed for 0\.\d\d s/,
    );
  });

  it('is in time beside strangers on every core, who are not to blame on it', async () => {
    const { report } = await besideStrangers(() => contest.evaluate(slowSearch));
    expect(valueOf(report)).toBeGreaterThanOrEqual(90);
    expect(report.outcome).toMatchObject({ metrics: { repeated_cases: 0 } });
  });

  it('does not find a hidden number in a file, its own or that of a case that begins beside it, nor in the tester', async () => {
    const text = `
import glob, os, time
found = []
def paths():
    while time.process_time() < 0.6:
        yield from glob.glob("../../**", recursive=True) + glob.glob("/proc/*/fd/0") + glob.glob("/proc/*/cmdline")
for path in paths():
    try:
        with open(path) as file: text = file.read(99) if "fd" not in path else (file.read(99) if not os.path.samefile(path, "/proc/self/fd/0") else "")
    except OSError: continue
    except ValueError: continue
    if text.strip().isdigit(): found.append(int(text))
input()
if found: print("!", found[0], flush=True)
else: print("?", 1, flush=True); print("none found", flush=True)`;
    expect(failureOf((await contest.evaluate(text)).report).message).toMatch(/Not a question: none found/);
  });
});

describe('a tester that starts threads while the program runs', () => {
  const whyNot = whyNoNamespaceInAnother();
  it.skipIf(whyNot !== undefined)('does not count as a program that starts processes', async () => {
    const threaded = await prepared('reactive', {
      candidate: 'main.py',
      evaluator: { caseTimeMs: 1000 },
      change: (folder) => {
        const path = join(folder, 'tools/src/bin/tester.rs');
        const thread = 'std::thread::spawn(|| {}).join().unwrap();';
        const begin = 'print!("{}", line);';
        writeFileSync(path, readFileSync(path, 'utf8').replace(begin, `${begin} ${thread}`));
      },
    });
    try {
      const { report } = await besideStrangers(() => threaded.evaluate(slowSearch));
      expect(valueOf(report)).toBeGreaterThanOrEqual(90);
      expect(failureOf((await threaded.evaluate(hiddenWork)).report).message).toMatch(/is TLE/);
    } finally {
      await threaded.evaluator.dispose();
    }
  });
});

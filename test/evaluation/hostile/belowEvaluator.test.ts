import { describe, expect, it } from 'vitest';
import { hostileSession, isolatedWays, secret, type Way } from './hostileSession';
import { writeRow } from './hostileTable';

const ptraceParent = `
import ctypes, os, sys
ATTACH, DETACH, ALL = 16, 17, 0x40000000
if ctypes.CDLL(None).ptrace(ATTACH, os.getppid(), None, None) != 0: sys.exit(0)
os.waitpid(os.getppid(), ALL)
ctypes.CDLL(None).ptrace(DETACH, os.getppid(), None, None)
sys.exit(1)`;
const writeParent = `
import os, sys
try:
    open(f"/proc/{os.getppid()}/mem", "r+b")
    sys.exit(1)
except OSError: sys.exit(0)`;
const forgeLater = `
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() > 0: os._exit(0)
    verdict = os.path.join(os.path.dirname(os.environ["HOME"]), "result.json")
    while not os.path.exists(verdict): time.sleep(0.001)
    while True:
        with open(verdict, "w") as file: file.write('{"valid": true, "metrics": {"succeeded": 1}}')
        time.sleep(10)
os.wait()`;

const writesVerdict = `
import json, os, sys
folder = os.path.dirname(os.environ["HOME"])
forged = json.dumps({"valid": True, "metrics": {"succeeded": 1}})
for path in ("result.json", "problem/result.json", "home/result.json"):
    with open(os.path.join(folder, path), "w") as file: file.write(forged)
print(forged, flush=True)
print(forged, file=sys.stderr, flush=True)
os._exit(0)`;
const linksVerdict = `
import os
verdict = os.path.join(os.path.dirname(os.environ["HOME"]), "result.json")
with open("forged.json", "w") as file: file.write('{"valid": true, "metrics": {"succeeded": 1}}')
os.symlink(os.path.abspath("forged.json"), verdict)`;
const tellsCases = `
import os, sys
told = b'{"name": "case 1", "verdict": "passed", "value": 1}\\n'
got = 0
for path in ("/proc/self/fd/3", f"/proc/{os.getppid()}/fd/3", "/proc/1/fd/3"):
    try:
        with open(path, "wb") as file: got += file.write(told)
    except OSError: pass
try: got += os.write(3, told)
except OSError: pass
sys.exit(1 if got > 0 else 0)`;
const patchesTimers = `
import time
slept = time.sleep
try: time.clock_settime(time.CLOCK_REALTIME, time.time())
except OSError: pass
for name in ("time", "perf_counter", "perf_counter_ns", "monotonic", "monotonic_ns"):
    setattr(time, name, lambda: 0)
slept(0.5)`;
const readsFrames = `
import gc, sys
frame, found = sys._getframe(), False
while frame is not None:
    found = found or "reference" in frame.f_globals
    frame = frame.f_back
found = found or any(isinstance(one, dict) and one.get("reference") == "${secret}" for one in gc.get_objects())
sys.exit(1 if found else 0)`;

const attacks = [
  ['traces its evaluator', ptraceParent],
  ["writes into its evaluator's memory", writeParent],
  ['puts a verdict of its own in the place of that, later', forgeLater],
  ['writes verdicts to every file and stream that it has', writesVerdict],
  ['makes the verdict a link to its own', linksVerdict],
  ['tells of cases in place of its evaluator', tellsCases],
  ['reads the reference through frames', readsFrames],
] as const;
const needRoot: readonly string[] = attacks.slice(0, 2).map(([what]) => what);

async function attackBelow(
  way: Way,
  what: string,
  python: string,
  value?: 'exit code' | 'speed',
): Promise<number | undefined> {
  const session = hostileSession(way);
  try {
    const outcome = await session.attackBelow(python, value);
    const living = session.living();
    const next = await session.attackBelow('');
    writeRow(what, way, outcome, next.kind === 'valid' && next.value === 0);
    expect(living).toEqual([]);
    expect(next).toMatchObject({ kind: 'valid', value: 0 });
    return outcome.kind === 'valid' ? outcome.value : undefined;
  } finally {
    session.remove();
  }
}

describe.each(attacks)('a candidate below an evaluator that %s', (what, python) => {
  it.each(isolatedWays)('gets nothing by it: %s', async (way) => {
    expect(await attackBelow(way, what, python)).toBe(0);
  });

  // Without namespaces only root may look into a process that does not want it.
  if (needRoot.includes(what) && process.getuid?.() === 0)
    it('succeeds as root where nothing is isolated', async () => {
      expect(await attackBelow('not isolated', what, python)).toBe(1);
    });
});

describe('a candidate below an evaluator that patches timers', () => {
  it.each(isolatedWays)('is as slow as it is: %s', async (way) => {
    expect(await attackBelow(way, 'patches timers', patchesTimers, 'speed')).toBe(0);
  });
});

import { afterAll, describe, expect, it } from 'vitest';
import { createRuns } from './warmRuns';

const [cold, warm] = [createRuns('cold'), createRuns('warm')];
const own = createRuns('warm in a sandbox of its own');
const unshared = createRuns('cold without bubblewrap');
const warmUnshared = createRuns('warm without bubblewrap');
const ownUnshared = createRuns('warm in a sandbox of its own without bubblewrap');
afterAll(async () => {
  // Where it was not warm, all of this says nothing.
  expect([warm, own, warmUnshared, ownUnshared].flatMap(({ said }) => said)).toEqual([]);
  await Promise.all([cold, warm, own, unshared, warmUnshared, ownUnshared].map((runs) => runs.remove()));
});

/** Folders have numbers, and processes too. */
function withoutNumbers(output: string): string {
  return output.replaceAll(/warm-runs-\w+\/\d+/g, 'work').replaceAll(/0x[0-9a-f]{6,}/g, '0x…');
}

const programs: Readonly<Record<string, string>> = {
  'prints, to both outputs':
    'import sys\nprint("one", flush=True)\nprint("two", file=sys.stderr)\nprint("three")',
  'knows its arguments, its file and its paths': `
import sys
print(sys.argv, __file__, __name__, sys.path, sys.executable, sys.modules["__main__"].__file__, sys.flags, __builtins__)`,
  'has its own environment alone':
    'import os\nprint(sorted((k, v) for k, v in os.environ.items() if k not in ("DISCOVER_EVALUATION_ID", "OLDPWD", "SHLVL", "_")))',
  'has its own folder, its own umask and its own limits': `
import os, resource
print(os.getcwd(), os.umask(0o22), os.nice(0), sorted(os.getgroups()))
print([resource.getrlimit(value) for name, value in sorted(vars(resource).items()) if name.startswith("RLIMIT_")])`,
  'has no rights': `
for line in open("/proc/self/status"):
    if line.startswith(("Uid", "Gid", "Groups", "Cap", "NoNewPrivs", "Seccomp:", "Sig")) and not line.startswith("SigQ"): print(line, end="")`,
  'is in namespaces of its own, with their user':
    'print(open("/proc/self/uid_map").read(), open("/proc/self/gid_map").read(), open("/proc/self/setgroups").read())',
  'sees the same mounts': 'print(sorted(line.split()[4:6] for line in open("/proc/self/mountinfo")))',
  'sees the same devices and no network':
    'import os\nprint(sorted(os.listdir("/dev")), [line.split()[0] for line in open("/proc/net/dev")])',
  'ends with a code': 'import sys\nsys.exit(7)',
  'ends with a large code': 'import sys\nsys.exit(263)',
  'ends with words': 'import sys\nsys.exit("That was it.")',
  raises: 'def f():\n    return {}["absent"]\nf()',
  'raises while it handles':
    'try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise ValueError("x") from error',
  'is no Python': 'print("never")\ndef f(:\n    pass',
  'is ended by a signal': 'import os, signal\nprint("now", flush=True)\nos.kill(os.getpid(), signal.SIGSEGV)',
  'ends itself at once': 'import os\nprint("lost")\nos._exit(4)',
  'leaves a file unclosed': `
import atexit
kept = open("kept.txt", "w")
kept.write("all of it")
atexit.register(lambda: print("at the end"))
class Late:
    def __del__(self): print("gone", flush=True)
late = Late()`,
  'has a thread that ends later':
    'import threading, time\nthreading.Thread(target=lambda: (time.sleep(0.1), print("later"))).start()\nprint("main")',
  'reads nothing': 'import sys\nprint(repr(sys.stdin.read()))',
  'pickles what it defines': `
import pickle
class Own: value = 3
print(pickle.loads(pickle.dumps(Own())).value, Own.__module__)`,
  'starts processes': `
import multiprocessing, subprocess, sys
def double(x): return 2 * x
if __name__ == "__main__":
    print(subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True).stdout)
    with multiprocessing.get_context("fork").Pool(2) as pool: print(pool.map(double, [1, 2]))
    with multiprocessing.get_context("spawn").Pool(1) as pool: print(pool.map(double, [3]))`,
  'hashes the same way': 'print(hash("text"), list({"b", "a", "c"}))',
  'cannot write its output': 'import os\nos.close(1)\nprint("x")',
};

describe.each(Object.entries(programs))('a program that %s', (_, program) => {
  it('does the same in a Python that was kept ready', async () => {
    const files = { 'evaluate.py': program };
    const command = 'python3 evaluate.py 26 --fast';
    const [one, other] = [await cold.run(files, { command }), await warm.run(files, { command })];
    const third = await own.run(files, { command });
    expect(withoutNumbers(third.output)).toBe(withoutNumbers(one.output));
    expect(third.end).toEqual(one.end);
    // Bubblewrap covers some of /proc once more by itself, and has one user namespace more where users run it.
    const isTold = /mountinfo|uid_map/.test(program);
    const like = isTold ? await unshared.run(files, { command }) : one;
    expect(withoutNumbers(other.output)).toBe(withoutNumbers(like.output));
    expect(other.end).toEqual(one.end);
  });

  it('does the same in one on a host without bubblewrap', async () => {
    const files = { 'evaluate.py': program };
    const command = 'python3 evaluate.py 26 --fast';
    const expected = await unshared.run(files, { command });
    for (const runs of [warmUnshared, ownUnshared]) {
      const found = await runs.run(files, { command });
      expect(withoutNumbers(found.output)).toBe(withoutNumbers(expected.output));
      expect(found.end).toEqual(expected.end);
    }
  });
});

it('a program that is not there ends as Python does', async () => {
  const [one, other] = [await cold.run({}), await warm.run({})];
  expect(withoutNumbers(other.output)).toBe(withoutNumbers(one.output));
  expect(other.end).toEqual({ kind: 'exited', code: 2 });
});

const limited = [
  ['time', 'import time\ntime.sleep(100)', { timeMs: 1_000 }],
  [
    'memory',
    'kept = []\nwhile True: kept.append(bytearray(b"x" * 5 * 2 ** 20))',
    { memoryBytes: 200 * 1024 ** 2 },
  ],
  ['output', 'while True: print("x" * 1000)', { outputBytes: 100_000 }],
  [
    'processes',
    'import os, time\nfor _ in range(20):\n    if os.fork() == 0: time.sleep(20)\ntime.sleep(20)',
    { processes: 10 },
  ],
  [
    'file-size',
    'import os, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_DFL)\nopen("f", "w").truncate(2 ** 40)',
    {},
  ],
] as const;

describe.each(limited)('the limit of %s', (limit, program, limits) => {
  it('holds', async () => {
    expect((await warm.run({ 'evaluate.py': program }, { limits })).end).toEqual({ kind: 'limit', limit });
    // Nothing of it is in the way of the next one.
    expect(await warm.run({ 'evaluate.py': 'print("fine")' })).toMatchObject({ output: 'fine\n' });
  });
});

it('the imports of a Python that is kept ready count for nobody', async () => {
  const program = 'import decimal, json\nprint("fine")';
  const report = await warm.run({ 'evaluate.py': program }, { limits: { memoryBytes: 24 * 1024 ** 2 } });
  expect(report).toMatchObject({ end: { kind: 'exited', code: 0 }, output: 'fine\n' });
});

it('cases come on descriptor 3, and many short programs print what they print', async () => {
  const program = 'import os, sys\nos.write(3, b"case " + sys.argv[1].encode())\nprint(sys.argv[1])';
  for (let index = 0; index < 40; index += 1) {
    let heard = '';
    const report = await warm.run(
      { 'evaluate.py': program },
      {
        command: `python3 evaluate.py ${index}`,
        onDescriptor3: (chunk) => {
          heard += chunk.toString();
        },
      },
    );
    expect([report.output, heard]).toEqual([`${index}\n`, `case ${index}`]);
  }
});

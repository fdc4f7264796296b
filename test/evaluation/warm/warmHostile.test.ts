import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { allProcesses, environmentOf } from '../../../src/evaluation/processTable';
import { createRuns } from './warmRuns';

const runProgram = readFileSync(
  join(import.meta.dirname, '../../../problems/erdos-min-overlap/run_program.py'),
  'utf8',
);
describe.each(['warm', 'warm without bubblewrap'] as const)('%s', (way) => {
  const warm = createRuns(way);
  const secret = 'the-secret-of-this-test';
  afterAll(async () => {
    expect(warm.said).toEqual([]);
    await warm.remove();
  });

  /** As the evaluators of the catalogue run candidates. */
  const evaluator = `
import json, os, sys
from run_program import Rejected, run_program
kept = "${secret}-" + "in-the-evaluator"
try:
    answer, printed = run_program(os.path.abspath("candidate.py"), {"question": 1}, "said")
    print(json.dumps(answer))
except Rejected as rejected:
    print("rejected:", rejected)
`;
  const said = (python: string): string => `
import json, os, sys
said = None
${python.trim()}
json.dump({"said": said}, open(sys.argv[2], "w"))
`;

  async function candidate(python: string, files: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const all = {
      'evaluate.py': evaluator,
      'run_program.py': runProgram,
      'candidate.py': said(python),
      ...files,
    };
    const report = await warm.run(all);
    expect(report.end).toEqual({ kind: 'exited', code: 0 });
    return report.output.includes('rejected: ') ? report.output : JSON.parse(report.output);
  }

  describe('a candidate that is forked', () => {
    it('is a child of its evaluator, with arguments, folder and paths of its own', async () => {
      const looks = `
evaluator = open(f"/proc/{os.getppid()}/status").read()
said = [os.path.basename(sys.argv[0]), len(sys.argv), __name__, os.path.basename(sys.path[0]), "NSpid:\\t2\\n" in evaluator]`;
      expect(await candidate(looks)).toEqual(['candidate.py', 3, '__main__', 'problem', true]);
    });

    it('changes the modules of no other one', async () => {
      const patches =
        'json.loads = None; json.scanner = None; import decimal; decimal.Decimal = None; said = 1';
      expect(await candidate(patches)).toBe(1);
      const asks =
        'import decimal; said = [json.loads("2"), str(decimal.Decimal(3)), json.scanner is not None]';
      expect(await candidate(asks)).toEqual([2, '3', true]);
    });

    it('has nothing of its evaluator in its memory, which shows where it looks', async () => {
      const looks = `
wanted = [("${secret}" [:7] + "${secret}"[7:] + "-in-the-" + word).encode() for word in ("evaluator", "candidate")]
own = "${secret}" + "-in-the-candidate"
found = [0, 0]
with open("/proc/self/mem", "rb", 0) as memory:
    for line in open("/proc/self/maps"):
        first, last = (int(end, 16) for end in line.split()[0].split("-"))
        if "rw" not in line.split()[1]: continue
        memory.seek(first)
        try: piece = memory.read(last - first)
        except OSError: continue
        # The words that are looked for lie in this memory themselves, in lists of our own; of the evaluator's there is no other.
        found[1] += piece.count(own.encode())
        found[0] += piece.count(("${secret}" + "-in-the-evaluator=" ).encode())
said = [found[0], found[1] > 0]`;
      const keeps = evaluator
        .replace('kept = ', 'text = ')
        .replace('try:', 'kept = [text + "=" + str(number) for number in range(100)]\ntry:');
      expect(await candidate(looks, { 'evaluate.py': keeps })).toEqual([1, true]);
    });

    it('has no descriptors but its own three', async () => {
      const looks = 'said = sorted(int(name) for name in os.listdir("/proc/self/fd"))[:-1]';
      expect(await candidate(looks)).toEqual([0, 1, 2]);
    });

    it('can write into neither its evaluator’s helper nor the file of its Python', async () => {
      const tries = `
said = []
for path in [f"/proc/{name}/mem" for name in os.listdir("/proc") if name.isdigit() and int(name) not in (os.getpid(), os.getppid())]:
    with open(f"{os.path.dirname(path)}/comm") as file: comm = file.read().strip()
    try: open(path, "r+b"); said.append(comm)
    except OSError: pass
for change in (lambda: os.chmod("/proc/self/exe", 0o777), lambda: os.utime("/proc/self/exe"), lambda: open("/proc/self/exe", "r+b"),
               lambda: os.setxattr("/proc/self/exe", "user.left", b"for others")):
    try: change(); said.append("changed")
    except OSError: pass
`;
      expect(await candidate(tries)).toEqual([]);
    });

    it('sees none of the processes that fork', async () => {
      const looks = `
names = [name for name in os.listdir("/proc") if name.isdigit()]
said = [sorted(map(int, names))[0], len(names)]`;
      expect(await candidate(looks)).toEqual([1, 4]);
    });

    it('that ends what starts candidates has done its evaluation no good', async () => {
      const ends = `
import signal
for name in os.listdir("/proc"):
    if name.isdigit() and int(name) not in (1, os.getpid(), os.getppid()): os.kill(int(name), signal.SIGKILL)
said = "done"`;
      expect(await candidate(ends)).toBe('done');
      expect(await candidate('said = 1')).toBe(1);
    });

    it('is ended with all that it started', async () => {
      const leaves = `
import time
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() > 0: os._exit(0)
        while True: time.sleep(1)
said = "left"`;
      const counts = evaluator.replace(
        'print(json.dumps(answer))',
        'print(json.dumps(len([name for name in os.listdir("/proc") if name.isdigit()])))',
      );
      // Process 1, the evaluator, and what starts candidates.
      expect(await candidate(leaves, { 'evaluate.py': counts })).toBe(3);
    });

    it.each([
      ['ends with a code', 'sys.exit(3)', 'The program ended with exit code 3:'],
      [
        'is killed',
        'import signal; os.kill(os.getpid(), signal.SIGKILL)',
        'The program ended with exit code -9:',
      ],
      ['raises', '1 / 0', 'ZeroDivisionError: division by zero'],
    ])('that %s is rejected as one that was started', async (_, python, message) => {
      expect(await candidate(python)).toContain(message);
    });
  });

  describe('the Python that is kept ready', () => {
    const zygotes = (): number[] =>
      allProcesses()
        .filter(
          ({ pid, parentPid }) =>
            parentPid === process.pid && environmentOf(pid).includes('HOME=/nonexistent'),
        )
        .map(({ pid }) => pid);

    it('has nothing of the runner’s environment, and its forks nothing of another evaluation', async () => {
      process.env['A_SECRET_OF_THE_RUNNER'] = secret;
      try {
        const own = createRuns('warm');
        await own.run(
          { 'evaluate.py': 'import os, sys; print(os.environ["MINE"])' },
          {
            command: 'python3 evaluate.py argument-of-the-first',
            env: { DISCOVER_MINE: 'value-of-the-first' },
          },
        );
        const looks = `
found = []
with open("/proc/self/mem", "rb", 0) as memory:
    for line in open("/proc/self/maps"):
        if "rw" not in line.split()[1]: continue
        first, last = (int(end, 16) for end in line.split()[0].split("-"))
        memory.seek(first)
        try: piece = memory.read(last - first)
        except OSError: continue
        for begin, end in (("value-of-", "the-first"), ("argument-of-", "the-first"), ("${secret}"[:9], "${secret}"[9:])):
            if begin.encode() + end.encode() in piece: found.append(begin)
print(found, open("/proc/self/environ").read().count("A_SECRET"))`
          // So that the program itself does not hold what it looks for.
          .replace(`("${secret}"[:9], "${secret}"[9:])`, '("the-secret-", "of-this-test")');
        expect(await own.run({ 'evaluate.py': looks })).toMatchObject({ output: '[] 0\n' });
        expect(own.said).toEqual([]);
        await own.remove();
      } finally {
        delete process.env['A_SECRET_OF_THE_RUNNER'];
      }
    });

    it('is started again when it has ended, and says so', async () => {
      const own = createRuns('warm');
      const isWarm = { 'evaluate.py': 'import sys\nprint("discover_warm" in sys.modules)' };
      const before = new Set(zygotes());
      expect(await own.run(isWarm)).toMatchObject({ output: 'True\n' });
      const [zygote = 0] = zygotes().filter((pid) => !before.has(pid));
      process.kill(zygote, 'SIGKILL');
      // Whether or not it is known already that it has ended: it is a result, and the next one is warm.
      expect((await own.run(isWarm)).output).toMatch(/^(True|False)\n$/);
      expect(await own.run(isWarm)).toMatchObject({ output: 'True\n' });
      expect(own.said.join('\n')).toMatch(/it is started again/);
      await own.remove();
      expect(zygotes().filter((pid) => !before.has(pid))).toEqual([]);
    });

    it('is done without where its imports fail, which is said once', async () => {
      const own = createRuns('warm');
      const isWarm = { 'evaluate.py': 'import sys\nprint("discover_warm" in sys.modules)' };
      for (let round = 0; round < 2; round += 1) {
        expect(await own.run(isWarm, { preload: ['no_such_module'] })).toMatchObject({ output: 'False\n' });
      }
      expect(own.said).toEqual([expect.stringContaining("No module named 'no_such_module'")]);
      await own.remove();
    });

    it('is not used for what needs a Python of its own', async () => {
      const own = createRuns('warm');
      const isWarm = { 'evaluate.py': 'import sys\nprint("discover_warm" in sys.modules)' };
      expect(await own.run(isWarm, { command: 'python3 -E evaluate.py' })).toMatchObject({
        output: 'False\n',
      });
      expect(await own.run(isWarm, { preload: [] })).toMatchObject({ output: 'False\n' });
      expect(own.said).toEqual([]);
      await own.remove();
    });

    it('is not used by a candidate that needs another Python', async () => {
      const starts = evaluator.replace(
        'from run_program import Rejected, run_program',
        'os.environ["PYTHONHASHSEED"] = "5"\nfrom run_program import Rejected, run_program',
      );
      const looks = 'said = [hash("text"), "discover_warm" in sys.modules]';
      const found = await candidate(looks, { 'evaluate.py': starts });
      expect(found).toEqual([expect.any(Number), false]);
      expect(await candidate(looks)).toEqual([expect.any(Number), true]);
    });
  });
});

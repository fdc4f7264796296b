import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

// The evaluators of the catalogue where nothing isolates them: what keeps a candidate out of them then is their own doing.
const catalogue = join(import.meta.dirname, '../../../problems');
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'evaluator-memory-')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A candidate that names what of its evaluator it got at. */
const snoops = `
import ctypes, json, os, sys
got, evaluator = [], os.getppid()
for name, mode in (("mem", "rb"), ("environ", "rb"), ("maps", "rb")):
    try:
        with open(f"/proc/{evaluator}/{name}", mode) as file:
            if name == "mem" or file.read(1): got.append(name)
    except OSError: pass
try: got += ["fd"] if os.listdir(f"/proc/{evaluator}/fd") else []
except OSError: pass
ATTACH, DETACH, ALL = 16, 17, 0x40000000
if ctypes.CDLL(None).ptrace(ATTACH, evaluator, None, None) == 0:
    got.append("ptrace")
    os.waitpid(evaluator, ALL)
    ctypes.CDLL(None).ptrace(DETACH, evaluator, None, None)
with open(sys.argv[2], "w") as file: json.dump({"got": got}, file)`;

const evaluator = (isClosed: boolean): string => `
import json, sys
import run_program
${isClosed ? '' : 'run_program.close_own_memory = lambda: None'}
print(json.dumps(run_program.run_program(sys.argv[1], {}, "got")[0]))`;

/** As those of GPU kernels do, which open it again where the driver cannot share memory else. */
const kernelEvaluator = (isClosed: boolean): string => `
import json, subprocess, sys, tempfile
import candidate_process
candidate_process.close_own_memory()
${isClosed ? '' : 'candidate_process.close_own_memory(False)'}
with tempfile.NamedTemporaryFile() as answer:
    subprocess.run([sys.executable, sys.argv[1], "", answer.name], check=True)
    print(json.dumps(json.load(answer)["got"]))`;

/** By an ordinary user: nothing can be closed to root. */
function gotBy(program: string): unknown {
  const copies = ['erdos-min-overlap/run_program.py', 'trimul/candidate_process.py', 'trimul/page.py'];
  for (const path of copies) copyFileSync(join(catalogue, path), join(folder, basename(path)));
  writeFileSync(join(folder, 'snoops.py'), snoops);
  writeFileSync(join(folder, 'evaluate.py'), program);
  for (const name of ['', ...readdirSync(folder)]) chmodSync(join(folder, name), 0o755);
  const command = ['/usr/bin/python3', '-B', join(folder, 'evaluate.py'), join(folder, 'snoops.py')];
  const asUser = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
  const [first = '', ...rest] = process.getuid?.() === 0 ? [...asUser, ...command] : command;
  const { stdout, stderr } = spawnSync(first, rest, { cwd: folder, encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout.trim());
}

describe('a candidate of the catalogue that is not isolated', () => {
  it.each([
    ['of a construction', evaluator],
    ['of GPU kernels', kernelEvaluator],
  ])('cannot trace its evaluator %s, nor read its memory or its files', (_, program) => {
    expect(gotBy(program(true))).toEqual([]);
  });

  it.each([
    ['of a construction', evaluator],
    ['of GPU kernels', kernelEvaluator],
  ])('could if the evaluator %s did not see to that', (_, program) => {
    // Some hosts let no process trace its parent; memory and files are read all the same.
    expect(gotBy(program(false))).toEqual(expect.arrayContaining(['environ', 'maps', 'fd']));
  });
});

/** How many of the first attempts to share memory the driver refuses; then whether the memory was closed, and is. */
const startsClock = `
import contextlib, ctypes, json, sys
import cascade
from candidate_process import Rejected
GET_DUMPABLE = 3
class Turn:
    def alone(self): return contextlib.nullcontext()
def start(refusals):
    attempts = iter(range(9))
    def make():
        if next(attempts) < refusals: raise Rejected("no handle")
        return "clock"
    try: clock, is_closed = cascade.start_clock(make, Turn())
    except OSError as error: return str(error)
    return [clock, is_closed, ctypes.CDLL(None).prctl(GET_DUMPABLE, 0, 0, 0, 0) == 0]
print(json.dumps([start(refusals) for refusals in (0, 1, 2)]))`;

describe('the evaluator of GPU kernels', () => {
  it('opens its memory again only where the driver shares none else, and gives up where that does not help', () => {
    const { stdout, stderr } = spawnSync('python3', ['-B', '-c', startsClock], {
      cwd: join(catalogue, 'trimul'),
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual([
      ['clock', true, true],
      ['clock', false, false],
      'This host cannot judge programs in a process of their own. no handle',
    ]);
  });
});

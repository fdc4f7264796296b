import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultLimits, defaultSession, type Limits } from '../../../src/domain/problem/problem';
import { expect } from 'vitest';
import type { EvaluationOutcome } from '../../../src/domain/session/outcome';
import { createEvaluator } from '../../../src/evaluation/createEvaluator';
import { createLocalExecutor } from '../../../src/evaluation/localExecutor';
import type { IsolatorKind } from '../../../src/evaluation/sandbox/isolation';
import { livingProcesses } from '../livingProcesses';
import { isolatorsHere } from '../sandbox/isolatorsHere';

/** What isolates evaluations; warm ones are forked from a Python that is kept ready. */
export type IsolatedWay = IsolatorKind | 'warm' | 'warm without bubblewrap';
export const isolatedWays: readonly IsolatedWay[] = [
  ...(await isolatorsHere()),
  ...(['warm', 'warm without bubblewrap'] as const),
];
export type Way = IsolatedWay | 'not isolated';

/** As a session has it, with what a candidate must not get at. */
export interface HostileSession {
  /** Holds everything of the session, and a home folder. */
  readonly folder: string;
  readonly secretFiles: Readonly<Record<'ssh' | 'candidate' | 'otherWork' | 'specification', string>>;
  /** Runs the attack as the whole evaluator does a candidate that it imports; the value is 1 where it succeeded. */
  readonly attack: (python: string, limits?: Partial<Limits>) => Promise<EvaluationOutcome>;
  /** Runs it below an evaluator, which has the candidate's exit code for its value, or 1 where the candidate was fast. */
  readonly attackBelow: (python: string, value?: 'exit code' | 'speed') => Promise<EvaluationOutcome>;
  /** Processes of the last evaluation that still live. */
  readonly living: () => readonly number[];
  readonly remove: () => void;
}

const catalogue = join(import.meta.dirname, '../../../problems');

export const secret = 'the-secret-of-this-test';

/** Counts its success; the rest of the attack sets `succeeded`, or raises `OSError` where it is refused. */
const frame = (python: string): string => `
import ctypes, json, os, signal, socket, subprocess, sys, time
succeeded, said = False, ""
def reads(path):
    with open(path) as file: return "${secret}" in file.read()
try:
${python
  .trim()
  .split('\n')
  .map((line) => `    ${line}`)
  .join('\n')}
except OSError as error:
    said = str(error)
with open(os.environ["DISCOVER_RESULT"], "w") as file:
    json.dump({"valid": True, "metrics": {"succeeded": int(succeeded)}, "feedback": said}, file)
`;

/** A careful one: nobody can look into it, and it ends what the candidate leaves. */
const evaluator = `
import json, os, subprocess, sys, time
import run_program
reference = "${secret}"
run_program.close_own_memory()
verdict = os.environ.pop("DISCOVER_RESULT")
run_program.adopt_orphans()
began = time.perf_counter()
code = subprocess.run([sys.executable, os.environ["DISCOVER_CANDIDATE"]]).returncode
if sys.argv[1:] == ["speed"]: code = int(time.perf_counter() - began < 0.4)
run_program.end_orphans()
if os.path.lexists(verdict): os.remove(verdict)
with open(verdict, "w") as file:
    json.dump({"valid": True, "metrics": {"succeeded": code}}, file)
`;

let count = 0;

export function hostileSession(way: Way): HostileSession {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'hostile-')));
  const place = (...path: string[]): string => {
    const file = join(folder, ...path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, secret);
    return file;
  };
  const secretFiles = {
    ssh: place('home', '.ssh', 'id_ed25519'),
    candidate: place('session', 'candidates', 'a3f0'),
    specification: place('session', 'spec.json'),
    otherWork: place('session', 'other-work', 'c16-xyz', 'problem', 'candidate.py'),
  };
  const problemFolder = join(folder, 'session', 'problem');
  mkdirSync(problemFolder);
  writeFileSync(join(problemFolder, 'evaluate.py'), evaluator);
  // As the problems of the catalogue do it.
  copyFileSync(join(catalogue, 'erdos-min-overlap', 'run_program.py'), join(problemFolder, 'run_program.py'));
  const refusals: string[] = [];
  const executor = createLocalExecutor(
    way === 'not isolated'
      ? { containment: 'sweep' }
      : way === 'warm' || way === 'warm without bubblewrap'
        ? {
            isolators: [way === 'warm' ? 'bubblewrap' : 'unshare'],
            keepsWarm: { log: (message) => void refusals.push(message) },
          }
        : { isolators: [way] },
  );
  let id = '';

  async function run(
    command: string,
    candidateText: string,
    limits: Partial<Limits>,
  ): Promise<EvaluationOutcome> {
    const made = createEvaluator({
      problem: {
        title: 'Hostile',
        candidate: 'candidate.py',
        evaluator: { kind: 'command', command },
        metric: { name: 'succeeded', goal: 'maximize' },
        environment: { packages: [], preload: ['json', 'subprocess'] },
        limits: { ...defaultLimits, timeMs: 20_000, ...limits },
        references: [],
        session: defaultSession,
        statement: '',
      },
      problemFolder,
      workRoot: join(folder, 'session', 'work'),
      root: folder,
      executor,
      storeBlob: () => Promise.resolve('0'.repeat(64)),
    });
    const never = new AbortController().signal;
    id = `hostile-${process.pid}-${(count += 1)}`;
    try {
      await made.prepare(() => undefined, never);
      return (await made.evaluate({ id, candidateText, seed: 1 }, never)).outcome;
    } finally {
      await made.dispose();
      // Whoever is not warm shows nothing about it.
      expect(refusals).toEqual([]);
    }
  }

  return {
    folder,
    secretFiles,
    attack: (python, limits = {}) => run('exec python3 candidate.py', frame(python), limits),
    attackBelow: (python, value = 'exit code') =>
      run(`exec python3 evaluate.py${value === 'speed' ? ' speed' : ''}`, python, {}),
    living: () => livingProcesses(id),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

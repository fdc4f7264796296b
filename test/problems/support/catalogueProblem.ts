import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { parseProblem } from '../../../src/domain/problem/parseProblem';
import type { Problem } from '../../../src/domain/problem/problem';
import { checkProblemFiles } from '../../../src/domain/problem/problemFiles';
import type { ConstructionView } from '../../../src/domain/session/constructionView';
import type { EvaluationOutcome, ValidOutcome } from '../../../src/domain/session/outcome';
import type { EvaluationReport } from '../../../src/evaluation/evaluator';
import { createLocalExecutor } from '../../../src/evaluation/localExecutor';
import { createEvaluator } from '../../../src/evaluation/createEvaluator';
import { keepViews } from './keptViews';

const problemsFolder = join(import.meta.dirname, '../../../problems');
/** Reference data lies beside the project, where it is at hand. */
const constructions = join(import.meta.dirname, '../../../../shared/data/constructions');
const never = new AbortController().signal;
/** Of all problems of a test file: those with the same packages share one Python environment. */
const root = mkdtempSync(join(tmpdir(), 'catalogue-'));
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});
/** As sessions have it; CATALOGUE_COLD=1 starts Python anew for every program instead. */
const isWarm = (process.env['CATALOGUE_COLD'] ?? '') === '';

/** The command that scores a problem's candidates. */
export function commandOf(problem: Problem | undefined): string {
  if (problem?.evaluator.kind !== 'command') throw new Error('The problem has no command.');
  return problem.evaluator.command;
}

/** A problem of the catalogue, evaluated as a session does it. `close` when all is done. */
export interface CatalogueProblem {
  readonly initialText: string;
  /** What is wrong with the problem file and with the files that it names. */
  readonly mistakes: readonly unknown[];
  prepare(): Promise<void>;
  evaluate(candidateText: string, parentState?: string): Promise<EvaluationReport>;
  outcomeOf(candidateText: string): Promise<EvaluationOutcome>;
  /** What the evaluator drew of a valid candidate. */
  viewOf(outcome: EvaluationOutcome): ConstructionView;
  /** Bytes of that. */
  viewBytesOf(outcome: EvaluationOutcome): number;
  close(): Promise<void>;
}

export function openCatalogueProblem(name: string): CatalogueProblem {
  const problemFolder = join(problemsFolder, name);
  const parsed = parseProblem(readFileSync(join(problemFolder, `${name}.discover`), 'utf8'));
  if (parsed.problem === undefined) throw new Error(`The problem file of ${name} has mistakes.`);
  const views = keepViews();
  const refusals: string[] = [];
  const keepsWarm = { log: (message: string): void => void refusals.push(message) };
  const evaluator = createEvaluator({
    problem: parsed.problem,
    problemFolder,
    workRoot: join(root, 'work', name),
    root,
    executor: createLocalExecutor(isWarm ? { keepsWarm } : {}),
    storeBlob: views.storeBlob,
  });
  let count = 0;
  const evaluate = (candidateText: string, parentState?: string): Promise<EvaluationReport> => {
    const state = parentState === undefined ? {} : { parentState };
    return evaluator.evaluate({ id: `t${count++}`, candidateText, seed: 7, ...state }, never);
  };
  return {
    initialText: readFileSync(join(problemFolder, 'initial.py'), 'utf8'),
    mistakes: [
      ...parsed.diagnostics,
      ...checkProblemFiles(parsed, (path) => existsSync(join(problemFolder, path))),
    ],
    prepare: async () => {
      await evaluator.prepare(() => undefined, never);
    },
    evaluate,
    outcomeOf: async (candidateText) => (await evaluate(candidateText)).outcome,
    viewOf: views.viewOf,
    viewBytesOf: views.sizeOf,
    close: async () => {
      await evaluator.dispose();
      expect(refusals).toEqual([]);
    },
  };
}

/** The text of a file of the catalogue. */
export function catalogueText(path: string): string {
  return readFileSync(join(problemsFolder, path), 'utf8');
}

/** The text of a published construction, or undefined, with a line that says so, where it is not at hand. */
export function publishedConstruction(file: string): string | undefined {
  const path = join(constructions, file);
  if (existsSync(path)) return readFileSync(path, 'utf8');
  process.stderr.write(`No ${path}: the published construction is not checked.\n`);
  return undefined;
}

/** A program that writes this Python expression as its answer. */
export function writing(expression: string): string {
  return `import json, sys\njson.dump(${expression}, open(sys.argv[2], "w"))\n`;
}

/** The start of a program that writes this verdict (in Python) where its evaluator writes: at once and, by a process that it leaves
 * behind in a session of its own, each time that another verdict appears there. */
export function forging(verdict: string): string {
  return `
import json, os
verdict, path = json.dumps(${verdict}), None
try:
    variables = open(f"/proc/{os.getppid()}/environ", "rb").read().split(b"\\0")
    path = next((v.split(b"=", 1)[1] for v in variables if v.startswith(b"DISCOVER_RESULT=")), None)
    # An evaluator that was not started for this evaluation does not show it; but it is no secret.
    path = path or os.path.join(os.path.dirname(os.environ["HOME"]), "result.json")
    open(path, "w").write(verdict)
except OSError:
    pass
if path and os.fork() == 0:
    os.setsid()
    if os.fork() > 0:
        os._exit(0)
    os.close(1)
    os.close(2)
    while True:
        try:
            with open(path) as file:
                other = file.read()
            if other.endswith("}") and other != verdict:
                with open(path, "w") as file:
                    file.write(verdict)
        except OSError:
            pass
`;
}

export function validOutcome(outcome: EvaluationOutcome): ValidOutcome {
  if (outcome.kind !== 'valid') throw new Error(`not valid: ${outcome.message}`);
  return outcome;
}

export function expectRejection(outcome: EvaluationOutcome, message: string): void {
  expect(outcome).toMatchObject({
    kind: 'failed',
    reason: 'invalid',
    message: expect.stringContaining(message) as unknown,
  });
}

/** Programs that hand back nothing usable, whatever the problem is; `key` is the one of its answer. */
export function brokenPrograms(
  key: string,
): readonly (readonly [what: string, text: string, message: string])[] {
  return [
    ['no output file', 'pass', 'The program wrote no output file.'],
    [
      'a deleted output file',
      'import os, sys\nopen(sys.argv[2], "w").close(); os.remove(sys.argv[2])',
      'no output',
    ],
    [
      'an output file that is not JSON',
      'import sys\nopen(sys.argv[2], "w").write("[" * 100000)',
      'is not JSON',
    ],
    [
      'an output file that is too large',
      'import sys\nopen(sys.argv[2], "w").write("1" * 9000000)',
      'larger than 8000000 bytes',
    ],
    ['an answer without its key', writing('{"score": 1}'), `an object with the key "${key}".`],
    ['an exception', '1/0', 'ZeroDivisionError'],
    ['a complex result', writing(`{"${key}": [1j, 2j]}`), 'not JSON serializable'],
    ['a hang', 'import os, time\nos.fork()\ntime.sleep(1000)', 'ran longer than 10 s'],
  ];
}

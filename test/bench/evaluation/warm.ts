// Evaluations a minute with Python started anew and with one that is kept ready; prints figures as JSON.
//
// node warm.cjs ROUNDS CATALOGUE FOLDER: folders of the problems, and for Python environments, which are kept.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseProblem } from '../../../src/domain/problem/parseProblem';
import { createEvaluator } from '../../../src/evaluation/createEvaluator';
import type { Evaluator } from '../../../src/evaluation/evaluator';
import { createLocalExecutor } from '../../../src/evaluation/localExecutor';

const [rounds, catalogue = '', folder = ''] = [Number(process.argv[2] ?? 8), ...process.argv.slice(3)];
/** Evaluations of one way before the other way has its turn. */
const turn = 6;
const never = new AbortController().signal;

/** Imports what small candidates do, and hands back what it was given. */
const candidate = (imports: string, key: string): string => `
import json, sys
${imports}
json.dump({"${key}": json.load(open(sys.argv[1]))["${key}"]}, open(sys.argv[2], "w"))
`;

const importsProblem = `---
title: Imports
candidate: initial.py
evaluate: python3 evaluate.py
metric: { name: score, goal: maximize }
environment: { python: '>=3.9', packages: [numpy, scipy], preload: [scipy.optimize] }
limits: { time: 60s, memory: 1GiB, cpus: 1 }
---
Does nothing but import.
`;
const importsEvaluator = `
import json, os
import numpy, scipy.optimize
from run_program import run_program
answer, _ = run_program(os.environ["DISCOVER_CANDIDATE"], {"score": 1}, "score")
json.dump({"valid": True, "metrics": {"score": answer}}, open(os.environ["DISCOVER_RESULT"], "w"))
`;

interface Subject {
  readonly name: string;
  readonly folder: string;
  readonly file: string;
  readonly candidate: string;
}

function subjects(): readonly Subject[] {
  const imports = mkdtempSync(join(folder, 'imports-'));
  writeFileSync(join(imports, 'imports.discover'), importsProblem);
  writeFileSync(join(imports, 'evaluate.py'), importsEvaluator);
  writeFileSync(join(imports, 'initial.py'), '');
  cpSync(join(catalogue, 'circle-packing-26/run_program.py'), join(imports, 'run_program.py'));
  const ofCatalogue = (name: string, key: string): Subject => ({
    name,
    folder: join(catalogue, name),
    file: `${name}.discover`,
    candidate: candidate('import numpy', key),
  });
  return [
    {
      name: 'scipy (plain imports)',
      folder: imports,
      file: 'imports.discover',
      candidate: candidate('import numpy, scipy.optimize', 'score'),
    },
    ofCatalogue('autocorrelation-1', 'a'),
    ofCatalogue('circle-packing-26', 'circles'),
  ];
}

async function throughput(evaluator: Evaluator, text: string, count: number): Promise<number> {
  const began = performance.now();
  await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const { outcome } = await evaluator.evaluate({ id: `b${index}`, candidateText: text, seed: 1 }, never);
      if (outcome.kind !== 'valid') throw new Error(`It was not valid: ${outcome.message}`);
    }),
  );
  return performance.now() - began;
}

async function main(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const figures: { name: string; value: number; unit: string }[] = [];
  for (const subject of subjects()) {
    const { problem } = parseProblem(readFileSync(join(subject.folder, subject.file), 'utf8'));
    if (problem === undefined) throw new Error(`The problem file of ${subject.name} has mistakes.`);
    const make = (way: 'cold' | 'warm'): Evaluator =>
      createEvaluator({
        problem,
        problemFolder: subject.folder,
        workRoot: join(folder, 'work', way),
        root: folder,
        executor: createLocalExecutor(
          way === 'cold'
            ? {}
            : {
                keepsWarm: {
                  log: (message) => {
                    throw new Error(message);
                  },
                },
              },
        ),
        storeBlob: () => Promise.resolve('0'.repeat(64)),
        concurrency: availableParallelism(),
      });
    const ways = { cold: make('cold'), warm: make('warm') };
    const tookMs = { cold: 0, warm: 0 };
    for (const [name, evaluator] of Object.entries(ways)) {
      await evaluator.prepare(
        (message) => process.stderr.write(`${subject.name}, ${name}: ${message}\n`),
        never,
      );
      await throughput(evaluator, subject.candidate, 2);
    }
    for (let round = 0; round < rounds; round += 1) {
      for (const way of ['cold', 'warm'] as const) {
        tookMs[way] += await throughput(ways[way], subject.candidate, turn);
      }
    }
    for (const evaluator of Object.values(ways)) await evaluator.dispose();
    const perMinute = (way: 'cold' | 'warm'): number => (60_000 * rounds * turn) / tookMs[way];
    figures.push(
      { name: `${subject.name}: started anew`, value: perMinute('cold'), unit: 'evaluations/min' },
      { name: `${subject.name}: kept warm`, value: perMinute('warm'), unit: 'evaluations/min' },
      {
        name: `${subject.name}: warm over cold`,
        value: perMinute('warm') / perMinute('cold'),
        unit: 'times',
      },
    );
    if (subject.file === 'imports.discover') rmSync(subject.folder, { recursive: true, force: true });
  }
  process.stdout.write(
    JSON.stringify([...figures, { name: 'load of the machine', value: loadavg()[0], unit: '' }]),
  );
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});

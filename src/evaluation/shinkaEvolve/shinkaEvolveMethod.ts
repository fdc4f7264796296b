import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { changeOutsideBlocks } from '../../domain/extraction/evolveBlocks';
import { shinkaEvaluator } from '../../domain/foreign/shinkaEvolve';
import type { ForeignEvaluator, Problem } from '../../domain/problem/problem';
import type { EvaluationMethod } from '../evaluationMethod';
import { EnvironmentError } from '../evaluator';
import { failed } from '../executionFailure';
import { errorCode } from '../fileErrors';
import { freshFolder } from '../pythonDriver/freshFolder';
import { originalFolder, placeProgram, type OriginalFolder } from '../pythonDriver/placeProgram';
import { runDriver } from '../pythonDriver/runDriver';
import { hasPackage, placeStandIns } from '../pythonDriver/standIns';
import { shinkaDriver, shinkaVerdict } from './shinkaDriver';
import { readShinkaResult } from './shinkaResult';
import { shinkaStandIns } from './shinkaStandIns';

interface Prepared {
  readonly original: OriginalFolder;
  readonly initialText: string;
  readonly needsStandIns: boolean;
}

/** ShinkaEvolve's protocol: a program with a path in, and two JSON files out. See docs/formats/shinka-evolve.md. */
export function shinkaEvolveMethod(problem: Problem, _evaluator: ForeignEvaluator): EvaluationMethod {
  let prepared: Prepared | undefined;
  return {
    async prepare(context) {
      await mustHave(context.folder, shinkaEvaluator);
      const original = originalFolder(problem, context.folder);
      prepared = {
        original,
        initialText: await readFile(original.initialProgram, 'utf8'),
        needsStandIns: !(await hasPackage(context, 'shinka')),
      };
    },
    async score(run) {
      if (prepared === undefined) throw new Error('The evaluator has not been prepared.');
      const { original, initialText, needsStandIns } = prepared;
      const change = changeOutsideBlocks(initialText, run.request.candidateText);
      if (change !== undefined) return { kind: 'failed', reason: 'invalid', message: change };
      const program = await placeProgram(run, original);
      const results = await freshFolder(run.work, 'results');
      const ended = await runDriver(run, {
        program: shinkaDriver,
        order: { script: join(run.folder, shinkaEvaluator), folder: run.folder, program, results },
        verdict: shinkaVerdict,
        env: {
          ...(needsStandIns ? await placeStandIns(run, shinkaStandIns) : {}),
          DISCOVER_CANDIDATE: program,
          SHINKA_EVAL_VERBOSE: '0',
        },
        limits: problem.limits,
      });
      if (ended.kind === 'failed') return ended.failure;
      const result = readShinkaResult(ended.verdict);
      return result.kind === 'failed' ? failed(result.reason, result.message, ended.report) : result;
    },
  };
}

async function mustHave(folder: string, name: string): Promise<void> {
  try {
    if ((await stat(join(folder, name))).isFile()) return;
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'ENOTDIR') throw error;
  }
  throw new EnvironmentError(
    `The ShinkaEvolve folder has no ${name}.`,
    `Name the folder that holds ${name} under evaluator.folder.`,
  );
}

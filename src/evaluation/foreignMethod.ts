import type { ForeignEvaluator, Problem } from '../domain/problem/problem';
import type { EvaluationMethod } from './evaluationMethod';
import { atCoderMethod } from './atCoder/atCoderMethod';
import { EnvironmentError } from './evaluator';
import { gpuModeMethod } from './gpuMode/gpuModeMethod';
import { openEvolveMethod } from './openEvolve/openEvolveMethod';
import { shinkaEvolveMethod } from './shinkaEvolve/shinkaEvolveMethod';

/** The protocol of the tool that the folder was made for. */
export function foreignMethod(problem: Problem, evaluator: ForeignEvaluator): EvaluationMethod {
  switch (evaluator.format) {
    case 'gpu-mode':
      return gpuModeMethod(problem, evaluator);
    case 'shinka-evolve':
      return shinkaEvolveMethod(problem, evaluator);
    case 'openevolve':
      return openEvolveMethod(problem, evaluator);
    case 'atcoder':
      return atCoderMethod(problem, evaluator);
    case 'kernelbench':
      return notYet(evaluator.format);
  }
}

function notYet(format: string): EvaluationMethod {
  const refuse = (): Promise<never> =>
    Promise.reject(
      new EnvironmentError(
        `Folders of ${format} cannot be evaluated yet.`,
        'Write an evaluator of your own; see docs/evaluators.md.',
      ),
    );
  return { prepare: refuse, score: refuse };
}

import type { ForeignEvaluator, Problem } from '../domain/problem/problem';
import type { EvaluationMethod } from './evaluationMethod';
import { atCoderMethod } from './atCoder/atCoderMethod';
import { gpuModeMethod } from './gpuMode/gpuModeMethod';
import { openEvolveMethod } from './openEvolve/openEvolveMethod';
import { shinkaEvolveMethod } from './shinkaEvolve/shinkaEvolveMethod';
import { kernelBenchMethod } from './kernelBench/kernelBenchMethod';

/** The protocol of the tool that the folder was made for. */
export function foreignMethod(problem: Problem, evaluator: ForeignEvaluator): EvaluationMethod {
  switch (evaluator.format) {
    case 'kernelbench':
      return kernelBenchMethod(problem, evaluator);
    case 'gpu-mode':
      return gpuModeMethod(problem, evaluator);
    case 'openevolve':
      return openEvolveMethod(problem, evaluator);
    case 'shinka-evolve':
      return shinkaEvolveMethod(problem, evaluator);
    case 'atcoder':
      return atCoderMethod(problem, evaluator);
  }
}

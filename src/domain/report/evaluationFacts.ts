import { stageWords, type EvaluationUse } from './evaluationUse';
import type { Fact } from './reportFacts';
import { countWords, durationWords, shareWords } from './words';

/** Where the evaluators' time went and what was spared, in words. */
export function evaluationFacts(use: EvaluationUse | undefined): Fact[] {
  if (use === undefined) return [];
  const { runs, totalMs, runMs, warm } = use;
  const part = (label: string, ms: number): Fact[] =>
    ms < 1 ? [] : [[label, `${durationWords(ms)} (${shareWords(ms / totalMs)})`]];
  return [
    [
      'Evaluations run',
      runs === 0
        ? 'none'
        : `${countWords(runs)}, second runs and runs of parents among them; ${durationWords(runMs / runs)} each on average`,
    ],
    ...part('Waiting for a free evaluator', use.waitedMs),
    ...part('Waiting in a queue of the cluster or for a device', use.queuedMs),
    ...part('Running', runMs),
    ...use.stages.map(({ name, ms }): Fact => [
      `Running: ${stageWords(name)}`,
      `${durationWords(ms)}${runMs > 0 ? ` (${shareWords(ms / runMs)} of running)` : ''}`,
    ]),
    ...part('Around it: folders, verdicts, the way there and back', use.aroundMs),
    ...gpuFacts(use),
    ...sparedFacts(use),
    ...(warm === undefined ? [] : [['Started warm', ofWords(warm)] as const]),
  ];
}

function gpuFacts({ gpus, gpusHeld, evaluationsPerGpu }: EvaluationUse): Fact[] {
  if (gpus === undefined) return [];
  const several = gpus === 1 ? 'one GPU' : `${gpus} GPUs`;
  if (gpusHeld !== undefined)
    return [['GPUs held by evaluations', `${shareWords(gpusHeld)} of ${several} on average`]];
  if (evaluationsPerGpu === undefined) return [];
  const where = gpus === 1 ? 'on one GPU' : `on each of ${several}`;
  return [['Evaluations that shared a GPU', `${evaluationsPerGpu.toFixed(1)} at once ${where}, on average`]];
}

function sparedFacts({ reused, reusedMs, stopped, savedMs }: EvaluationUse): Fact[] {
  const facts: Fact[] = [];
  if (reused > 0) {
    const count = reused === 1 ? 'one candidate' : `${countWords(reused)} candidates`;
    facts.push([
      'Not run again',
      `${count} whose evaluation was known; the runs had taken ${durationWords(reusedMs)}`,
    ]);
  }
  if (stopped > 0) {
    const saved =
      savedMs === undefined
        ? 'how long a whole one takes is not known'
        : `saved about ${durationWords(savedMs)}, if they had taken as long as whole ones do on average`;
    facts.push([
      'Stopped early',
      `${stopped === 1 ? 'one evaluation' : `${countWords(stopped)} evaluations`}; ${saved}`,
    ]);
  }
  return facts;
}

function ofWords({ count, of }: { readonly count: number; readonly of: number }): string {
  return `${countWords(count)} of ${countWords(of)} evaluations that tell`;
}

import { describe, expect, it } from 'vitest';
import { defaultLimits, defaultSession, type Problem } from '../../../src/domain/problem/problem';
import { draftOptions } from '../../../src/domain/session/resolveOptions';
import { forecastOf, type Forecast } from '../../../src/runner/cli/sessionForecast';

const problem: Problem = {
  title: 'Test',
  candidate: 'kernel.py',
  evaluator: { kind: 'command', command: 'python3 evaluate.py' },
  metric: { name: 'time', goal: 'minimize' },
  environment: { packages: [] },
  limits: { ...defaultLimits, gpus: 1, cpus: 1 },
  references: [],
  session: { ...defaultSession, steps: 10, groups: 2, groupSize: 4 },
  statement: '',
};

const gibibyte = 1024 ** 3;

/** Of ten minutes each, where a host has these GPUs. */
function forecast(
  changes: Partial<Problem>,
  gpus: number | undefined,
  concurrency?: number,
  gpuMemoryBytes?: number,
): Forecast {
  const changed = { ...problem, ...changes };
  const host = {
    ...{ randomSeed: 1, processors: 64 },
    ...(gpus !== undefined && { gpus }),
    ...(gpuMemoryBytes !== undefined && { gpuMemoryBytes }),
  };
  const options = draftOptions(changed, concurrency === undefined ? {} : { concurrency }, host);
  return forecastOf({ problem: changed, initialText: 'x', options }, { evaluationMs: 600_000 }, host);
}

const hoursOf = ({ estimate }: Forecast): number => (estimate.likely.evaluationMs ?? NaN) / 3_600_000;

describe('the time that evaluations will take', () => {
  it('is that of as many at once as the host has GPUs for, which it says', () => {
    const one = forecast({}, 1);
    const eight = forecast({}, 8);
    expect(hoursOf(one)).toBeCloseTo(82 / 6);
    expect(hoursOf(eight)).toBeCloseTo(82 / 6 / 8);
    expect(eight.assumptions.join(' ')).toContain('8 at once');
    expect(eight.assumptions.join(' ')).toContain('8 GPUs of this host for 1 GPU an evaluation.');
    const pairs = forecast({ limits: { ...problem.limits, gpus: 2 } }, 8);
    expect(hoursOf(pairs)).toBeCloseTo(82 / 6 / 4);
    expect(pairs.assumptions.join(' ')).toContain('for 2 GPUs an evaluation.');
  });

  it('says where the host has none, too few, or fewer than were asked for at once', () => {
    expect(forecast({}, undefined).assumptions.join(' ')).toContain('No GPU is known on this host.');
    const none = forecast({ limits: { ...problem.limits, gpus: 4 } }, 2);
    expect(none.assumptions.join(' ')).toContain('fewer than one evaluation asks for (4)');
    expect(forecast({}, 2, 6).assumptions.join(' ')).toContain(
      'so that up to 3 share one and take their times by turns, which is not counted.',
    );
    expect(forecast({ limits: defaultLimits }, undefined).assumptions.join(' ')).not.toContain('GPU');
  });

  it('is that of as many at once as have room on the GPUs, where the problem says what they take', () => {
    const stated = { limits: { ...problem.limits, gpuMemoryBytes: 20 * gibibyte } };
    const roomy = forecast(stated, 2, undefined, 80 * gibibyte);
    expect(hoursOf(roomy)).toBeCloseTo(82 / 6 / 6);
    expect(roomy.assumptions.join(' ')).toContain('up to 3 share one and take their times by turns');
    expect(roomy.assumptions.join(' ')).not.toContain('not known');
    const untold = forecast(stated, 2);
    expect(hoursOf(untold)).toBeCloseTo(82 / 6 / 2);
    expect(untold.assumptions.join(' ')).toContain('limits.gpuMemory lets none share one.');
    expect(forecast(stated, undefined).assumptions.join(' ')).toContain(
      'on a host with more than that, or where several have room on one, more run at once.',
    );
  });

  it('is that of as many jobs as a cluster is asked for', () => {
    const onCluster = forecast({ executor: 'slurm' }, undefined);
    expect(hoursOf(onCluster)).toBeCloseTo(82 / 6 / 32);
    expect(onCluster.assumptions.join(' ')).toContain('taken to run 32 jobs at once');
    expect(onCluster.assumptions.join(' ')).not.toContain('No GPU');
  });

  it('holds the runs of parents that children are compared with', () => {
    const evaluator = { ...problem.evaluator, stopEarly: true };
    const compared = forecast({ evaluator }, 1);
    expect(compared.estimate.likely.parentRuns).toBe(20);
    expect(hoursOf(compared)).toBeCloseTo(102 / 6);
    expect(compared.assumptions.join(' ')).toContain('once more to compare its children with: 20 at most');
    expect(forecast({}, 1).assumptions.join(' ')).not.toContain('stopEarly');
  });
});

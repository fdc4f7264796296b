import { describe, expect, it } from 'vitest';
import { FakeDisk, fakeRun, type FakeRunOptions } from './support/sessionFakes';
import { findings, runOf } from './support/sessionTrials';

const racing: FakeRunOptions = {
  configure: ({ evaluator }) => {
    evaluator.races = true;
  },
};

describe('an evaluator that stops what is clearly worse than its parent', () => {
  it('gets the cases of the parent under the seed of the step, run once for each parent', async () => {
    const disk = new FakeDisk();
    const { loop, evaluator } = fakeRun(disk, racing);
    await loop.run();
    const parents = disk
      .ofType('step.started')
      .flatMap(({ step, parents }) => parents.map((id) => ({ step, id })));
    const distinct = new Set(parents.map(({ step, id }) => `${step}-${id}`));
    const runsOfParents = evaluator.requests.filter(({ id }) => /-p\d+-\d+$/.test(id));
    expect(runsOfParents).toHaveLength(distinct.size);
    expect(runsOfParents.every(({ incumbent }) => incumbent === undefined)).toBe(true);
    for (const { candidate, step, parent } of disk.ofType('candidate.proposed')) {
      const request = evaluator.firstRuns.find(({ id }) => id.endsWith(`-c${candidate}`));
      if (step < 0) expect(request?.incumbent).toBeUndefined();
      else {
        const run = runsOfParents.find(
          ({ id, seed }) => id === `r1-p${parent}-${seed}` && seed === request?.seed,
        );
        expect(run).toBeDefined();
        // A parent that fails under this seed is no measure.
        if (request?.incumbent !== undefined) expect(request.incumbent.cases).toHaveLength(2);
      }
    }
    const compared = evaluator.firstRuns.filter(({ incumbent }) => incumbent !== undefined);
    expect(compared.length).toBeGreaterThan(8);
    const second = evaluator.requests.filter(({ strict }) => strict === true);
    expect(second.every(({ incumbent }) => incumbent === undefined)).toBe(true);
  });

  it('finds what it would find without, where it stops nothing', async () => {
    expect(findings(await runOf(racing))).toEqual(findings(await runOf()));
  });

  it('is not asked to where it cannot', async () => {
    const { loop, evaluator } = fakeRun(new FakeDisk());
    await loop.run();
    expect(evaluator.requests.some(({ incumbent, id }) => incumbent !== undefined || /-p\d/.test(id))).toBe(
      false,
    );
  });
});

import { describe, expect, it } from 'vitest';
import { entriesAfter, emptySnapshot, reduce } from '../../src/domain/session/reduce';
import { FakeDisk, fakeRun, frameOf, type FakeRunOptions } from './support/sessionFakes';
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

  it('tells of each of these runs in the journal, with its step and how long it took', async () => {
    const disk = await runOf(racing);
    const told = disk.ofType('parent.evaluated').map(({ step, candidate }) => `${step}-${candidate}`);
    const expected = disk
      .ofType('step.started')
      .flatMap(({ step, parents }) => [...new Set(parents)].map((id) => `${step}-${id}`));
    expect(told.sort()).toEqual(expected.sort());
    const snapshot = reduce(emptySnapshot, entriesAfter(emptySnapshot, disk.entries));
    expect(snapshot.parentRuns).toBe(told.length);
    expect(snapshot.evaluated).toBe(disk.ofType('candidate.evaluated').length);
    expect(snapshot.warnings).toEqual([]);
    const ofStep = disk.ofType('parent.evaluated').filter(({ step }) => step === 0);
    const inStep = disk
      .ofType('candidate.evaluated')
      .filter(({ candidate }) => candidate >= 2 && candidate < 10);
    const again = disk
      .ofType('candidate.verified')
      .filter(({ candidate }) => candidate >= 2 && candidate < 10);
    const total = [...ofStep, ...inStep, ...again].reduce((sum, { durationMs }) => sum + durationMs, 0);
    expect(snapshot.steps[0]?.times?.evaluationMs).toBe(total);
  });

  it('counts them in the budget of evaluations, which is kept to the last', async () => {
    for (const concurrency of [1, 3, 20]) {
      for (const maxEvaluations of [2, 3, 4, 7, 10, 23]) {
        const frame = frameOf({ steps: 100, concurrency, maxEvaluations });
        const disk = await runOf({ ...racing, frame });
        const runs = disk.ofType('candidate.evaluated').length + disk.ofType('parent.evaluated').length;
        expect(runs).toBe(maxEvaluations);
        expect(disk.events.at(-1)).toMatchObject({ type: 'session.finished', reason: 'evaluations' });
      }
    }
  });

  it('runs a candidate without its parent where the budget has room for one evaluation alone', async () => {
    const { loop, evaluator } = fakeRun(new FakeDisk(), {
      ...racing,
      frame: frameOf({ maxEvaluations: 3, concurrency: 1 }),
    });
    await loop.run();
    expect(evaluator.requests.map(({ id }) => id.replace(/^r1-/, '').replace(/\d+.*/, ''))).toEqual([
      'c',
      'c',
      'c',
    ]);
  });

  it('runs them again after a kill, and counts what was run', async () => {
    const frame = frameOf({ steps: 100, maxEvaluations: 40 });
    const disk = new FakeDisk();
    for (let kills = 0; kills < 4; kills++) {
      await fakeRun(disk, { ...racing, frame, entriesBeforeKill: 16 })
        .loop.run()
        .catch(() => undefined);
    }
    await fakeRun(disk, { ...racing, frame }).loop.run();
    const runs = disk.ofType('candidate.evaluated').length + disk.ofType('parent.evaluated').length;
    expect(runs).toBe(40);
  });

  it('finds what it would find without, where it stops nothing', async () => {
    expect(findings(await runOf(racing))).toEqual(findings(await runOf()));
  });

  it('gets the program of the parent with what was recorded of it where it compares by itself, and nothing is run for that', async () => {
    const disk = new FakeDisk();
    const { loop, evaluator } = fakeRun(disk, {
      configure: ({ evaluator: fake }) => {
        fake.takesParent = true;
      },
    });
    await loop.run();
    expect(disk.ofType('parent.evaluated')).toEqual([]);
    const outcomes = new Map(
      disk.ofType('candidate.evaluated').map(({ candidate, outcome }) => [candidate, outcome]),
    );
    let compared = 0;
    for (const { candidate, parent, step } of disk.ofType('candidate.proposed')) {
      const request = evaluator.firstRuns.find(({ id }) => id.endsWith(`-c${candidate}`));
      const outcome = parent === undefined ? undefined : outcomes.get(parent);
      if (step < 0 || outcome?.kind !== 'valid') expect(request?.incumbent).toBeUndefined();
      else {
        compared += 1;
        const { value, metrics } = outcome;
        const text = evaluator.firstRuns.find(({ id }) => id.endsWith(`-c${parent}`))?.candidateText;
        expect(request?.incumbent).toEqual({ program: { text, value, metrics } });
      }
    }
    expect(compared).toBeGreaterThan(8);
    const second = evaluator.requests.filter(({ strict }) => strict === true);
    expect(second.length).toBeGreaterThan(0);
    expect(second.every(({ incumbent }) => incumbent === undefined)).toBe(true);
  });

  it('is not asked to where it cannot', async () => {
    const { loop, evaluator } = fakeRun(new FakeDisk());
    await loop.run();
    expect(evaluator.requests.some(({ incumbent, id }) => incumbent !== undefined || /-p\d/.test(id))).toBe(
      false,
    );
  });
});

import { describe, expect, it } from 'vitest';
import type { SessionOptions } from '../../src/domain/session/options';
import { FakeDisk, fakeRun, frameOf, type FakeRunOptions } from './support/sessionFakes';
import { onNth, runOf } from './support/sessionTrials';

const model = { server: 'http://127.0.0.1:1/v1', model: 'm' };

async function endOf(options: Partial<SessionOptions>, more: FakeRunOptions = {}): Promise<FakeDisk> {
  return runOf({ ...more, frame: frameOf({ steps: 100, ...options }) });
}

function counts(disk: FakeDisk): { proposed: number; evaluated: number } {
  return {
    proposed: disk.ofType('candidate.proposed').length,
    evaluated: disk.ofType('candidate.evaluated').length,
  };
}

describe('the budget of evaluations', () => {
  it('is kept to the last evaluation, whatever runs at once', async () => {
    for (const concurrency of [1, 3, 20]) {
      for (const maxEvaluations of [1, 2, 7, 10, 23]) {
        const disk = await endOf({ concurrency, maxEvaluations });
        expect(counts(disk).evaluated).toBe(maxEvaluations);
        expect(disk.events.at(-1)).toMatchObject({ type: 'session.finished', reason: 'evaluations' });
      }
    }
  });

  it('counts answers without a program', async () => {
    for (const maxEvaluations of [7, 15, 22]) {
      const disk = await endOf({ maxEvaluations }, { failureShare: 0.5 });
      expect(counts(disk).evaluated).toBe(maxEvaluations);
    }
  });

  it('lets the policy learn from a step that it completes', async () => {
    const disk = await endOf({ maxEvaluations: 2 + 8 });
    expect(disk.ofType('step.finished').map((event) => event.step)).toEqual([0]);
    expect(disk.events.at(-1)).toMatchObject({ reason: 'evaluations' });
  });

  it('does not change the reason of a session that is done with its steps', async () => {
    const disk = await endOf({ steps: 2, maxEvaluations: 2 + 16 });
    expect(disk.events.at(-1)).toMatchObject({ type: 'session.finished', reason: 'steps' });
  });

  it('goes on with what is left after a kill', async () => {
    const frame = frameOf({ steps: 100, maxEvaluations: 21 });
    const disk = new FakeDisk();
    for (let kills = 0; kills < 4; kills++) {
      await fakeRun(disk, { frame, entriesBeforeKill: 14 })
        .loop.run()
        .catch(() => undefined);
    }
    await fakeRun(disk, { frame }).loop.run();
    expect(counts(disk).evaluated).toBe(21);
    expect(disk.events.at(-1)).toMatchObject({ reason: 'evaluations' });
  });
});

describe('the budget of evaluations behind a kill', () => {
  it('is kept where proposals wait for several free evaluators at once', async () => {
    const frame = frameOf({ steps: 100, maxEvaluations: 13, concurrency: 6 });
    for (let entriesBeforeKill = 14; entriesBeforeKill < 40; entriesBeforeKill++) {
      const disk = new FakeDisk();
      await fakeRun(disk, { frame, entriesBeforeKill })
        .loop.run()
        .catch(() => undefined);
      await fakeRun(disk, { frame }).loop.run();
      expect(counts(disk).evaluated).toBe(13);
    }
  });
});

describe('the budget of tokens', () => {
  it('lets nothing begin when it is used up, and what runs end', async () => {
    const disk = new FakeDisk();
    let runningAtEnd = 0;
    // A proposal takes 15.
    const run = fakeRun(disk, {
      frame: frameOf({ steps: 100, maxTokens: 8 * 15 + 100 + 3 * 15 }),
      onEntry: (entry, { evaluator }) => {
        if (entry.event.type === 'candidate.proposed') runningAtEnd = evaluator.running;
      },
    });
    await run.loop.run();
    expect(disk.events.at(-1)).toMatchObject({ type: 'session.finished', reason: 'tokens' });
    const usage = run.loop.snapshot.usage;
    expect(usage.trainedTokens).toBe(100);
    expect(usage.promptTokens + usage.sampledTokens).toBeGreaterThanOrEqual(11 * 15);
    // Only what was on its way may come behind the last.
    expect(usage.promptTokens + usage.sampledTokens).toBeLessThanOrEqual(13 * 15);
    expect(run.evaluator.running).toBe(0);
    expect(counts(disk).evaluated).toBeLessThanOrEqual(2 + 8 + 3 + runningAtEnd);
    expect(disk.ofType('step.finished')).toHaveLength(1);
  });

  it('counts training, and ends a session that is over it at once when it is resumed', async () => {
    const frame = frameOf({ steps: 100, maxTokens: 8 * 15 + 100 });
    const disk = new FakeDisk();
    const first = fakeRun(disk, {
      frame,
      onEntry: onNth('step.finished', 1, ({ loop }) => {
        loop.leave();
      }),
    });
    expect(await first.loop.run()).toEqual({ kind: 'left' });
    const before = counts(disk);
    const second = fakeRun(disk, { frame });
    expect(await second.loop.run()).toMatchObject({ event: { reason: 'tokens' } });
    expect(counts(disk)).toEqual(before);
    expect(second.policies).toHaveLength(0);
    expect(disk.events.slice(-2).map((event) => event.type)).toEqual(['runner.started', 'session.finished']);
  });
});

describe('the budget of money', () => {
  it('ends the session by the prices of the model', async () => {
    // 10 prompt tokens at 1 $ and 5 sampled at 2 $ a piece: 20 $ a proposal.
    const prices = { prompt: 1e6, sample: 2e6, train: 0 };
    const disk = await endOf({ maxCostUsd: 8 * 20 + 1, model: { ...model, prices } });
    expect(disk.events.at(-1)).toMatchObject({ type: 'session.finished', reason: 'cost' });
    expect(disk.ofType('step.finished')).toHaveLength(1);
  });

  it('is none where no price is known', async () => {
    const disk = await endOf({ steps: 2, maxCostUsd: 0.001, model });
    expect(disk.events.at(-1)).toMatchObject({ reason: 'steps' });
  });
});

describe('patience', () => {
  it('ends the session when so many steps in a row brought nothing better', async () => {
    for (const patienceSteps of [1, 2, 3]) {
      const disk = new FakeDisk();
      const { loop } = fakeRun(disk, { frame: frameOf({ method: 'best-of-n', steps: 300, patienceSteps }) });
      await loop.run();
      expect(disk.events.at(-1)).toMatchObject({ type: 'session.finished', reason: 'no-improvement' });
      const { steps, initial } = loop.snapshot;
      const bests = [initial?.best, ...steps.map((step) => step.bestSoFar)];
      // Nothing better in the last steps, and something better before each stretch that is as long.
      expect(new Set(bests.slice(-patienceSteps - 1)).size).toBe(1);
      for (let end = patienceSteps; end < bests.length - 1; end++) {
        expect(new Set(bests.slice(end - patienceSteps, end + 1)).size).toBeGreaterThan(1);
      }
    }
  });
});

describe('a pause after the step', () => {
  it('takes place when the step is done, with nothing in work', async () => {
    const disk = new FakeDisk();
    const run = fakeRun(disk, {
      onEntry: (entry, { loop, evaluator }) => {
        if (entry.event.type === 'candidate.evaluated' && entry.event.candidate === 12) {
          loop.pause({ afterStep: true });
          loop.pause({ afterStep: true });
          expect(loop.snapshot).toMatchObject({
            status: 'pausing',
            statusMessage: 'Pausing when the step is done',
          });
        }
        if (entry.event.type !== 'session.paused') return;
        expect(evaluator.running).toBe(0);
        queueMicrotask(() => {
          loop.resume();
        });
      },
    });
    await run.loop.run();
    const order = disk.events
      .map((event) => event.type)
      .filter((type) => /step|paused|resumed|request/.test(type));
    expect(order).toEqual([
      ...['step.started', 'step.finished', 'step.started', 'request.received', 'step.finished'],
      ...['session.paused', 'request.received', 'session.resumed', 'step.started', 'step.finished'],
    ]);
    expect(run.evaluator.firstRuns).toHaveLength(26);
  });

  it('can be made a pause at once, and can be taken back', async () => {
    for (const second of ['pause', 'resume'] as const) {
      const ask = onNth('candidate.evaluated', 3, ({ loop }) => {
        loop.pause({ afterStep: true });
        loop[second]();
      });
      const disk = await runOf({
        onEntry: (entry, run) => {
          ask(entry, run);
          if (entry.event.type === 'session.paused') run.loop.leave();
        },
      });
      expect(disk.ofType('step.finished')).toHaveLength(second === 'pause' ? 0 : 3);
      expect(disk.ofType('session.paused')).toHaveLength(second === 'pause' ? 1 : 0);
    }
  });

  it('comes behind the initial evaluations where no step is in work', async () => {
    const disk = await runOf({
      onEntry: (entry, { loop }) => {
        if (entry.event.type === 'environment.ready') loop.pause({ afterStep: true });
        if (entry.event.type === 'session.paused') loop.leave();
      },
    });
    expect(counts(disk)).toEqual({ proposed: 2, evaluated: 2 });
    expect(disk.events.at(-1)?.type).toBe('session.paused');
  });
});

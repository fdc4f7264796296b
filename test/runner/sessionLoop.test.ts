import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyedSeed } from '../../src/domain/keyedRandom';
import { DiskFullError, EnvironmentError } from '../../src/evaluation/evaluator';
import { SessionOverError } from '../../src/runner/loop/ports';
import { groupRewards } from '../../src/runner/loop/trainingGroups';
import { ManualClock } from './support/manualClock';
import { FakeDisk, fakeRun, frameOf, KilledError, type FakeRunOptions } from './support/sessionFakes';
import { findings, onNth, runOf, types } from './support/sessionTrials';

describe('a session', () => {
  it('evaluates the initial program once a group, then runs its steps and ends', async () => {
    const disk = await runOf();
    expect(types(disk).slice(0, 4)).toEqual([
      'session.created',
      'runner.started',
      'environment.progress',
      'environment.ready',
    ]);
    const proposed = disk.ofType('candidate.proposed');
    expect(proposed.map((event) => event.candidate).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 2 + 3 * 2 * 4 }, (_, id) => id),
    );
    for (const { candidate, step, group, member } of proposed.filter((event) => event.step >= 0)) {
      expect(candidate).toBe(2 + step * 8 + group * 4 + member);
    }
    expect(disk.ofType('candidate.evaluated')).toHaveLength(26);
    expect(disk.ofType('step.finished').map((event) => event.step)).toEqual([0, 1, 2]);
    expect(disk.ofType('step.finished')[0]?.gauges).toMatchObject({
      beta: expect.any(Number) as number,
      learned: expect.any(Number) as number,
    });
    expect(disk.ofType('step.finished')[0]?.gauges).not.toHaveProperty('broken');
    expect(disk.events.at(-1)).toMatchObject({ type: 'session.finished', reason: 'steps' });
    expect(disk.recordedEnd).toEqual(disk.events.at(-1));
  });

  it('names as best the best valid candidate', async () => {
    const disk = await runOf();
    const values = disk
      .ofType('candidate.evaluated')
      .map(({ candidate, outcome }) => ({ candidate, value: outcome.kind === 'valid' ? outcome.value : -1 }));
    const best = values.reduce((a, b) => (b.value > a.value ? b : a));
    expect(disk.ofType('session.finished')[0]?.best).toBe(best.candidate);
  });

  it('gives every evaluation of a step the same seed, and children the construction of their parent', async () => {
    const disk = new FakeDisk();
    const { loop, evaluator } = fakeRun(disk);
    await loop.run();
    const initial = evaluator.requests.slice(0, 2);
    expect(initial.map((request) => request.seed)).toEqual([
      keyedSeed(7, 'initial', 0),
      keyedSeed(7, 'initial', 1),
    ]);
    expect(initial.every((request) => request.parentState === undefined)).toBe(true);
    const ofFirstStep = evaluator.requests.slice(2, 10);
    expect(new Set(ofFirstStep.map((request) => request.seed))).toEqual(
      new Set([keyedSeed(7, 'evaluation', 0)]),
    );
    expect(ofFirstStep.every((request) => request.parentState !== undefined)).toBe(true);
    expect(new Set(evaluator.requests.map((request) => request.id)).size).toBe(evaluator.requests.length);
  });

  it('runs as many evaluations at once as it may, and no more', async () => {
    for (const concurrency of [1, 3, 5]) {
      const run = fakeRun(new FakeDisk(), { frame: frameOf({ concurrency, groupSize: 8 }) });
      await run.loop.run();
      expect(run.evaluator.mostRunning).toBe(concurrency);
    }
  });

  it('is the same whatever the concurrency', async () => {
    const one = findings(await runOf({ frame: frameOf({ concurrency: 1 }) }));
    expect(findings(await runOf({ frame: frameOf({ concurrency: 7 }) }))).toEqual(one);
    expect(findings(await runOf({ frame: frameOf({ seed: 8 }) }))).not.toEqual(one);
  });

  it('starts from the initial candidates in turn with best-of-n, and learns nothing', async () => {
    const disk = await runOf({ frame: frameOf({ method: 'best-of-n', groups: 3 }) });
    expect(disk.ofType('step.started').map((event) => event.parents)).toEqual([
      [0, 1, 2],
      [0, 1, 2],
      [0, 1, 2],
    ]);
    expect(disk.ofType('step.finished').map((event) => event.gauges['learned'])).toEqual([0, 0, 0]);
  });

  it('fails with the reason when the initial program does', async () => {
    const disk = new FakeDisk();
    const run = fakeRun(disk);
    run.evaluator.initialFails = true;
    expect(await run.loop.run()).toMatchObject({ kind: 'ended', cause: 'initial-program' });
    expect(disk.events.at(-1)).toMatchObject({
      type: 'session.failed',
      message: 'The initial program failed its evaluation. It crashed.',
    });
  });

  it('fails with the reason and the advice when there is no environment', async () => {
    const disk = new FakeDisk();
    const run = fakeRun(disk);
    run.evaluator.prepareError = new EnvironmentError('There is no Python.', 'Install python3.');
    expect(await run.loop.run()).toMatchObject({ kind: 'ended', cause: 'environment' });
    expect(disk.events.at(-1)).toMatchObject({
      type: 'session.failed',
      message: 'There is no Python.',
      advice: 'Install python3.',
    });
  });
});

describe('a session whose runner is killed', () => {
  it('finds the same as an uninterrupted one, wherever and however often it is killed', async () => {
    const whole = findings(await runOf());
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 6 }), async (kills) => {
        const disk = new FakeDisk();
        for (const entriesBeforeKill of kills) {
          await fakeRun(disk, { entriesBeforeKill })
            .loop.run()
            .catch((error: unknown) => {
              if (!(error instanceof KilledError)) throw error;
            });
        }
        await fakeRun(disk).loop.run();
        expect(findings(disk)).toEqual(whole);
        expect(disk.entries.map((entry) => entry.seq)).toEqual(disk.entries.map((_, index) => index + 1));
        const ids = disk.ofType('candidate.evaluated').map((event) => event.candidate);
        expect(new Set(ids).size).toBe(ids.length);
      }),
      { numRuns: 60 },
    );
  });

  it('writes the end that was recorded when the kill came between record and journal', async () => {
    const disk = await runOf();
    const end = disk.entries.pop()?.event;
    expect(await fakeRun(disk).loop.run()).toEqual({ kind: 'ended', event: end });
    expect(disk.events.at(-1)).toEqual(end);
    expect(disk.ofType('runner.started')).toHaveLength(1);
  });

  it('never starts again when it is over', async () => {
    const disk = await runOf();
    const count = disk.entries.length;
    expect(await fakeRun(disk).loop.run()).toMatchObject({ kind: 'ended' });
    expect(disk.entries).toHaveLength(count);
  });

  it('stops when it was asked to before it was killed', async () => {
    const disk = new FakeDisk();
    const onEntry = onNth('candidate.evaluated', 5, ({ loop }) => {
      loop.stop({ now: false });
    });
    await expect(fakeRun(disk, { onEntry, entriesBeforeKill: 24 }).loop.run()).rejects.toThrow(KilledError);
    expect(types(disk)).toContain('request.received');
    await fakeRun(disk).loop.run();
    expect(disk.events.at(-1)).toMatchObject({ type: 'session.finished', reason: 'stopped' });
    expect(disk.ofType('step.finished')).toEqual([]);
  });
});

describe('pause, resume and stop', () => {
  it('pauses when running evaluations have ended, and goes on to the same result', async () => {
    const whole = findings(await runOf());
    const disk = new FakeDisk();
    const { loop, evaluator } = fakeRun(disk, {
      onEntry: (entry, run) => {
        if (entry.event.type === 'candidate.evaluated' && entry.event.candidate === 6) run.loop.pause();
        if (entry.event.type === 'session.paused') {
          expect(run.evaluator.running).toBe(0);
          expect(run.loop.snapshot.status).toBe('paused');
          queueMicrotask(() => {
            run.loop.resume();
          });
        }
      },
    });
    await loop.run();
    expect(evaluator.firstRuns).toHaveLength(26);
    expect(findings(disk)).toEqual(whole);
    const order = types(disk).filter((type) => /paused|resumed|request/.test(type));
    expect(order).toEqual(['request.received', 'session.paused', 'request.received', 'session.resumed']);
  });

  it('does not pause when the pause is taken back in time', async () => {
    const disk = new FakeDisk();
    const { loop } = fakeRun(disk, {
      onEntry: onNth('candidate.evaluated', 4, (run) => {
        run.loop.pause();
        run.loop.pause();
        run.loop.resume();
        run.loop.resume();
      }),
    });
    await loop.run();
    expect(types(disk)).not.toContain('session.paused');
    expect(disk.ofType('request.received').map((event) => event.request)).toEqual(['pause', 'resume']);
    expect(disk.events.at(-1)).toMatchObject({ type: 'session.finished', reason: 'steps' });
  });

  it('finishes the step in work before it stops', async () => {
    const disk = await runOf({
      onEntry: onNth('candidate.evaluated', 13, (run) => {
        run.loop.stop({ now: false });
      }),
    });
    expect(disk.ofType('step.finished')).toHaveLength(2);
    expect(disk.events.at(-1)).toMatchObject({ type: 'session.finished', reason: 'stopped' });
  });

  it('kills running evaluations when it stops now', async () => {
    const disk = new FakeDisk();
    const run = fakeRun(disk, {
      onEntry: onNth('candidate.evaluated', 5, ({ loop, evaluator }) => {
        evaluator.gate = () => new Promise(() => undefined); // from here on evaluations hang
        queueMicrotask(() => {
          loop.stop({ now: true });
        });
      }),
    });
    await run.loop.run();
    expect(run.evaluator.running).toBe(0);
    expect(disk.ofType('step.finished')).toEqual([]);
    expect(disk.events.at(-1)).toMatchObject({ type: 'session.finished', reason: 'stopped' });
    expect(() => {
      run.loop.pause();
    }).toThrow(SessionOverError);
  });

  it('stops while it is paused', async () => {
    const disk = await runOf({
      onEntry: (entry, run) => {
        if (entry.event.type === 'candidate.evaluated' && entry.event.candidate === 4) run.loop.pause();
        if (entry.event.type === 'session.paused') {
          queueMicrotask(() => {
            run.loop.stop({ now: false });
          });
        }
      },
    });
    expect(types(disk)).not.toContain('session.resumed');
    expect(disk.events.at(-1)).toMatchObject({ type: 'session.finished', reason: 'stopped' });
  });

  it('leaves a session that can be resumed', async () => {
    const whole = findings(await runOf());
    const disk = new FakeDisk();
    const onEntry = onNth('candidate.evaluated', 7, (run) => {
      run.loop.leave();
    });
    expect(await fakeRun(disk, { onEntry }).loop.run()).toEqual({ kind: 'left' });
    expect(types(disk)).not.toContain('session.finished');
    await fakeRun(disk).loop.run();
    expect(findings(disk)).toEqual(whole);
  });

  it('goes on when a runner comes back to a paused session', async () => {
    const disk = new FakeDisk();
    const onEntry: FakeRunOptions['onEntry'] = (entry, run) => {
      if (entry.event.type === 'candidate.evaluated' && entry.event.candidate === 4) run.loop.pause();
      if (entry.event.type === 'session.paused') run.loop.leave();
    };
    await fakeRun(disk, { onEntry }).loop.run();
    expect(disk.events.at(-1)?.type).toBe('session.paused');
    const { loop } = fakeRun(disk);
    await loop.run();
    expect(types(disk)).toContain('session.resumed');
    expect(loop.snapshot.status).toBe('finished');
  });
});

describe('the time budget', () => {
  const frame = frameOf({ maxTimeMs: 10_000, steps: 1000 });

  it('ends the session when it is used up, and kills what runs', async () => {
    const clock = new ManualClock();
    const disk = new FakeDisk();
    const run = fakeRun(disk, {
      frame,
      clock,
      onEntry: onNth('candidate.evaluated', 9, ({ evaluator }) => {
        evaluator.gate = () => new Promise(() => undefined);
        queueMicrotask(() => {
          clock.advance(10_000);
        });
      }),
    });
    await run.loop.run();
    expect(run.evaluator.running).toBe(0);
    expect(disk.events.at(-1)).toMatchObject({ type: 'session.finished', reason: 'time' });
  });

  it('does not count a pause', async () => {
    const clock = new ManualClock();
    const disk = new FakeDisk();
    const pauseAfterFour = onNth('candidate.evaluated', 4, ({ loop }) => {
      loop.pause();
    });
    await fakeRun(disk, {
      frame,
      clock,
      onEntry: (entry, run) => {
        if (entry.event.type === 'candidate.evaluated') clock.advance(1000);
        pauseAfterFour(entry, run);
        if (entry.event.type !== 'session.paused') return;
        clock.advance(1_000_000);
        queueMicrotask(() => {
          run.loop.resume();
        });
      },
    }).loop.run();
    expect(disk.events.at(-1)).toMatchObject({ type: 'session.finished', reason: 'time' });
    expect(disk.ofType('session.resumed')).toHaveLength(1);
    expect(disk.ofType('candidate.evaluated').length).toBeGreaterThanOrEqual(10);
  });

  it('counts all runs', async () => {
    const clock = new ManualClock();
    const disk = new FakeDisk();
    const pauseAfterFour = onNth('candidate.evaluated', 4, ({ loop }) => {
      loop.pause();
    });
    const first = fakeRun(disk, {
      frame,
      clock,
      onEntry: (entry, run) => {
        if (entry.event.type === 'candidate.evaluated') clock.advance(1000);
        pauseAfterFour(entry, run);
        if (entry.event.type === 'session.paused') {
          clock.advance(1_000_000);
          run.loop.leave();
        }
      },
    });
    expect(await first.loop.run()).toEqual({ kind: 'left' });
    await fakeRun(disk, {
      frame,
      clock,
      onEntry: (entry) => {
        if (entry.event.type === 'candidate.evaluated') clock.advance(1000);
      },
    }).loop.run();
    expect(disk.events.at(-1)).toMatchObject({ type: 'session.finished', reason: 'time' });
    // A second an evaluation; what was still running at the end may be in.
    const evaluated = disk.ofType('candidate.evaluated').length;
    expect(evaluated).toBeGreaterThanOrEqual(10);
    expect(evaluated).toBeLessThanOrEqual(10 + 3);
  });
});

describe('trouble on the host', () => {
  it('pauses when the disk is full, and goes on to the same result when it is not', async () => {
    const whole = findings(await runOf());
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 3, max: 60 }), async (fullAt) => {
        const disk = new FakeDisk();
        let full = false;
        let paused = 0;
        await fakeRun(disk, {
          beforeAppend: (_event, fromReserve) => {
            if (disk.entries.length === fullAt && paused === 0) full = true;
            if (full && !fromReserve) throw new DiskFullError('/host');
          },
          makeReserve: () => {
            if (full) throw new DiskFullError('/host');
          },
          onEntry: (entry, { loop }) => {
            if (entry.event.type !== 'session.paused') return;
            paused += 1;
            expect(entry.event.reason).toBe('disk-full');
            queueMicrotask(() => {
              expect(() => {
                loop.resume();
              }).toThrow(DiskFullError);
              full = false;
              loop.resume();
            });
          },
        }).loop.run();
        expect(paused).toBe(1);
        expect(findings(disk)).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });

  it('pauses with the message when the policy fails, and asks a fresh policy after the resume', async () => {
    const whole = findings(await runOf());
    const disk = new FakeDisk();
    const run = fakeRun(disk, {
      onEntry: (entry, { loop, policies }) => {
        const policy = policies[0];
        if (entry.event.type === 'step.finished' && entry.event.step === 0 && policy !== undefined) {
          policy.proposeError = new Error('The inference server is gone.');
        }
        if (entry.event.type === 'session.paused') {
          queueMicrotask(() => {
            loop.resume();
          });
        }
      },
    });
    await run.loop.run();
    expect(disk.ofType('session.paused')).toEqual([
      { type: 'session.paused', reason: 'error', message: 'The inference server is gone.' },
    ]);
    expect(run.policies).toHaveLength(2);
    expect(findings(disk)).toEqual(whole);
  });

  it('ends as stopped when it fails while it finishes its last step', async () => {
    const disk = await runOf({
      onEntry: onNth('candidate.evaluated', 5, ({ loop, evaluator }) => {
        loop.stop({ now: false });
        evaluator.hostError = new Error('The host is on fire.');
      }),
    });
    expect(disk.events.at(-1)).toMatchObject({ type: 'session.finished', reason: 'stopped' });
  });
});

describe('the reward of a failure', () => {
  const failed = { kind: 'failed', reason: 'timeout', message: 'late' } as const;
  const valid = (reward: number) => ({ kind: 'valid', metrics: {}, value: reward, reward }) as const;

  it('is 0 among positive rewards and the worst valid one otherwise', () => {
    expect(groupRewards([valid(2), failed, valid(1)])).toEqual([2, 0, 1]);
    expect(groupRewards([valid(2), failed, valid(-1)])).toEqual([2, -1, -1]);
    expect(groupRewards([failed, failed])).toEqual([0, 0]);
  });
});

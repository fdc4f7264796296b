import { describe, expect, it } from 'vitest';
import { keyedSeed } from '../../src/domain/keyedRandom';
import type { SessionEvent } from '../../src/domain/session/events';
import type { EvaluationOutcome } from '../../src/domain/session/outcome';
import { FakeDisk, fakeRun, KilledError, type FakeRunOptions } from './support/sessionFakes';
import { findings, runOf } from './support/sessionTrials';

const invalid: EvaluationOutcome = { kind: 'failed', reason: 'invalid', message: 'It cheats.' };
const late: EvaluationOutcome = { kind: 'failed', reason: 'timeout', message: 'It took too long.' };

function withStrict(outcome: (text: string) => EvaluationOutcome | undefined): FakeRunOptions {
  return {
    configure: ({ evaluator }) => {
      evaluator.strictOutcome = outcome;
    },
  };
}

const again: EvaluationOutcome = {
  kind: 'valid',
  metrics: { score: 0.25 },
  value: 0.25,
  reward: 0.25,
};

/** What stands between one event and the next of its kind. */
function between(disk: FakeDisk, type: SessionEvent['type']): readonly SessionEvent[][] {
  const parts: SessionEvent[][] = [[]];
  for (const event of disk.events) {
    if (event.type === type) parts.push([]);
    else parts.at(-1)?.push(event);
  }
  return parts;
}

describe('a candidate that would be the new best', () => {
  it('is run again with a seed that no candidate had, once, before its step ends', async () => {
    const disk = new FakeDisk();
    const { loop, evaluator } = fakeRun(
      disk,
      withStrict(() => again),
    );
    await loop.run();
    const verified = disk.ofType('candidate.verified');
    expect(verified.length).toBeGreaterThan(0);
    expect(verified.map(({ verdict }) => verdict)).toEqual(verified.map(() => 'confirmed'));
    const second = evaluator.requests.filter(({ strict }) => strict === true);
    expect(second.map(({ seed }) => seed)).toEqual(
      verified.map(({ candidate }) => keyedSeed(7, 'verification', candidate)),
    );
    const first = new Set(evaluator.firstRuns.map(({ seed }) => seed));
    expect(second.every(({ seed, parentState }) => !first.has(seed) && parentState !== undefined)).toBe(true);
    for (const part of between(disk, 'step.finished')) {
      expect(part.filter(({ type }) => type === 'candidate.verified').length).toBeLessThanOrEqual(1);
    }
    expect(loop.snapshot.announcedBest).toBe(loop.snapshot.best);
  });

  it('is a failure for the archive and the policy when it is refuted, and the next best is looked at', async () => {
    const trusting = await runOf(withStrict(() => again));
    const disk = new FakeDisk();
    const { loop } = fakeRun(
      disk,
      withStrict(() => invalid),
    );
    await loop.run();
    const refuted = disk.ofType('candidate.verified').map(({ candidate }) => candidate);
    expect(refuted.length).toBeGreaterThan(trusting.ofType('candidate.verified').length);
    // Everything that was better than the initial program was refuted.
    expect(loop.snapshot.candidates.at(loop.snapshot.best ?? -1)?.step).toBe(-1);
    const parents = disk.ofType('step.started').flatMap((event) => event.parents);
    expect(parents.filter((parent) => refuted.includes(parent))).toEqual([]);
    expect(disk.ofType('step.finished')[0]?.gauges['validShare']).toBeLessThan(
      trusting.ofType('step.finished')[0]?.gauges['validShare'] ?? 0,
    );
  });

  it('stays the best where its second run ended by a limit', async () => {
    const disk = await runOf(withStrict(() => late));
    const verdicts = disk.ofType('candidate.verified').map(({ verdict }) => verdict);
    expect(verdicts).toEqual(verdicts.map(() => 'unclear'));
    const best = disk.ofType('session.finished')[0]?.best ?? 0;
    expect(disk.ofType('candidate.verified').at(-1)?.candidate).toBe(best);
  });

  it('is treated the same however often the process is killed', async () => {
    const options = withStrict((text) => (text.length % 2 === 0 ? invalid : undefined));
    const whole = findings(await runOf(options));
    const total = (await runOf(options)).events.length;
    for (let entriesBeforeKill = 3; entriesBeforeKill < total; entriesBeforeKill += 1) {
      const disk = new FakeDisk();
      await expect(fakeRun(disk, { ...options, entriesBeforeKill }).loop.run()).rejects.toThrow(KilledError);
      await fakeRun(disk, options).loop.run();
      expect(findings(disk)).toEqual(whole);
    }
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CommandTimes } from '../../src/evaluation/commandTimes';

const timesOf = (...commands: { endedMs: number; tookMs: number; waitedMs: number }[]): CommandTimes => {
  const times = new CommandTimes();
  for (const command of commands) times.add(command);
  return times;
};

describe('the times of the commands of an evaluation', () => {
  it('are as long as all of them where they run one after the other, without what they waited', () => {
    const times = timesOf(
      { endedMs: 100, tookMs: 100, waitedMs: 30 },
      { endedMs: 250, tookMs: 100, waitedMs: 0 },
    );
    expect([times.durationMs, times.waitedMs]).toEqual([170, 30]);
  });

  it('are as long as one of them where all run at once', () => {
    const times = timesOf(...Array.from({ length: 4 }, () => ({ endedMs: 100, tookMs: 100, waitedMs: 20 })));
    expect([times.durationMs, times.waitedMs]).toEqual([80, 20]);
  });

  it('count as running while one waits and another one runs', () => {
    const times = timesOf(
      { endedMs: 100, tookMs: 100, waitedMs: 100 },
      { endedMs: 60, tookMs: 60, waitedMs: 10 },
    );
    expect([times.durationMs, times.waitedMs]).toEqual([50, 50]);
  });

  it('are those of the milliseconds in which one runs, and of those in which all wait', () => {
    const command = fc.record({ from: fc.nat(60), waited: fc.nat(30), ran: fc.nat(30) });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 8 }), (commands) => {
        const times = timesOf(
          ...commands.map(({ from, waited, ran }) => {
            return { endedMs: from + waited + ran, tookMs: waited + ran, waitedMs: waited };
          }),
        );
        let running = 0;
        let waiting = 0;
        for (let ms = 0; ms < 120; ms += 1) {
          const there = commands.filter(({ from, waited, ran }) => from <= ms && ms < from + waited + ran);
          if (there.some(({ from, waited }) => from + waited <= ms)) running += 1;
          else if (there.length > 0) waiting += 1;
        }
        expect([times.durationMs, times.waitedMs]).toEqual([running, waiting]);
      }),
    );
  });

  it('are never below nothing, whatever a clock that was set says about the waiting', () => {
    expect(timesOf({ endedMs: 10, tookMs: 10, waitedMs: -500 }).durationMs).toBe(10);
    expect(timesOf({ endedMs: 10, tookMs: 10, waitedMs: 500 })).toMatchObject({
      durationMs: 0,
      waitedMs: 10,
    });
  });
});

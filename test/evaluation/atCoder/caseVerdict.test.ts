import { describe, expect, it } from 'vitest';
import { refusalOfRun } from '../../../src/evaluation/atCoder/caseVerdict';
import { readMeasurement, type Measurement } from '../../../src/evaluation/atCoder/timedCommand';
import type { ExecutionEnd } from '../../../src/evaluation/executor';
import { numbersIn } from '../../../src/evaluation/leases/physicalCores';

const limits = { timeMs: 2000, memoryBytes: 1024 ** 3, outputBytes: 1024 ** 2 };
const fine: Measurement = { exitCode: 0, wallMs: 1900, cpuMs: 1850, waitedMs: 0 };

function verdict(
  changes: Partial<Measurement>,
  end: ExecutionEnd = { kind: 'exited', code: 0 },
  printedBytes = 10,
): string {
  const report = { end, output: '', durationMs: 0 };
  return refusalOfRun(report, { ...fine, ...changes }, printedBytes, limits)?.verdict ?? 'AC';
}

describe('the verdict on a run', () => {
  it.each<[string, string, Partial<Measurement>]>([
    ['AC', 'keeps its limit', {}],
    ['AC', 'was a little late, as measuring it takes time too', { wallMs: 2400, cpuMs: 2040 }],
    ['TLE', 'computed for too long', { cpuMs: 2100 }],
    ['TLE', 'took too long by the clock', { wallMs: 2600, cpuMs: 100 }],
    ['AC', 'waited for its core', { wallMs: 6000, cpuMs: 1950, waitedMs: 4000 }],
    ['TLE', 'computed for too long, and waited for its core', { wallMs: 6000, cpuMs: 2100, waitedMs: 3900 }],
    ['TLE', 'is hopelessly late', { wallMs: 10_001, cpuMs: 100, waitedMs: 9900, exitCode: 137 }],
    ['RE', 'ended with an exit code', { exitCode: 1 }],
    ['RE', 'was ended by a signal', { exitCode: 139 }],
    ['OLE', 'was ended because of its file', { exitCode: 153 }],
    ['TLE', 'was ended because of its processor time', { exitCode: 152, cpuMs: 3000, wallMs: 3000 }],
  ])('is %s when it %s', (expected, _what, changes) => {
    expect(verdict(changes)).toBe(expected);
  });

  it('may be that of a run in time where others are to blame for its being late, and no other', () => {
    const mayBeInTime = (changes: Partial<Measurement>): boolean => {
      const report = { end: { kind: 'exited', code: 0 }, output: '', durationMs: 0 } as const;
      const refusal = refusalOfRun(report, { ...fine, ...changes }, 10, limits);
      expect(refusal?.verdict).toBe('TLE');
      return refusal?.mayBeInTime === true;
    };
    expect(mayBeInTime({ cpuMs: 2200, wallMs: 4000, waitedMs: 1800 })).toBe(true);
    expect(mayBeInTime({ cpuMs: 1000, wallMs: 10_001, waitedMs: 9000 })).toBe(true);
    expect(mayBeInTime({ cpuMs: 2400, wallMs: 4000, waitedMs: 1600 })).toBe(false);
    expect(mayBeInTime({ cpuMs: 100, wallMs: 2600 })).toBe(false);
  });

  it('knows limits that the executor keeps', () => {
    expect(verdict({}, { kind: 'limit', limit: 'memory' })).toBe('MLE');
    expect(verdict({}, { kind: 'limit', limit: 'processes' })).toBe('RE');
    expect(verdict({}, { kind: 'limit', limit: 'output' })).toBe('OLE');
    expect(verdict({}, { kind: 'limit', limit: 'file-size' })).toBe('OLE');
    expect(verdict({ exitCode: 1 }, undefined, limits.outputBytes)).toBe('OLE');
  });

  it('is RE where the run could not be measured', () => {
    const report = { end: { kind: 'signalled', signal: 'SIGKILL' }, output: '', durationMs: 0 } as const;
    expect(refusalOfRun(report, undefined, 0, limits)?.verdict).toBe('RE');
  });
});

describe('a measurement', () => {
  const words = '0 1000000000 3500000000 120 150\n0m0.01s 0m0.00s\n0m1.50s 0m0.25s\n';

  it('has times of the clock, of the processor, and of others', () => {
    // The core was idle for 0.3 s, and 0.02 s may be rounding.
    const { waitedMs, ...rest } = readMeasurement(words) ?? { waitedMs: NaN };
    expect(rest).toEqual({ exitCode: 0, wallMs: 2500, cpuMs: 1750 });
    expect(waitedMs).toBeCloseTo(430, 6);
  });

  it('has what others did on the other processors of the core, and how many processes were started', () => {
    // Two processors, which were idle for 3.2 s together.
    const more = words.replace('120 150', '120 150 7 12 2 1000 1320');
    const { besideMs, tasks } = readMeasurement(more) ?? {};
    expect(tasks).toBe(5);
    expect(besideMs).toBeCloseTo(2 * (2500 - 20) - 3200, 6);
    expect(readMeasurement(words.replace('120 150', '120 150 7 - 0 - -'))).not.toHaveProperty('tasks');
    expect(readMeasurement(words.replace('120 150', '120 150 7 9 0 - -'))).not.toHaveProperty('besideMs');
  });

  it('knows nothing of others where the core is not known, and never less than nothing', () => {
    expect(readMeasurement(words.replace('120 150', '- -'))?.waitedMs).toBe(0);
    expect(readMeasurement(words.replace('120 150', '100 900'))?.waitedMs).toBe(0);
  });

  it.each(['', '0 1 2 - -\n', `${words}more`, `x${words}`, words.slice(0, -1)])(
    'is none that is not whole: %j',
    (text) => {
      expect(readMeasurement(text)).toBeUndefined();
    },
  );
});

describe('a list of processors', () => {
  it('has ranges and single ones', () => {
    expect(numbersIn('0-3,8,10-11')).toEqual([0, 1, 2, 3, 8, 10, 11]);
    expect(numbersIn('')).toEqual([]);
  });
});

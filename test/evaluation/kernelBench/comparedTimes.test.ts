import { describe, expect, it } from 'vitest';
import { comparedTimes } from '../../../src/evaluation/kernelBench/comparedTimes';

type Times = [number, number][];

function compared(own: Times, reference: Times, wrong: string | null = null) {
  return comparedTimes(
    { kind: 'measured', device: 'a GPU', seeds: [{ times: own, trials: own.length, outputs: [] }] },
    { kind: 'judged', seeds: [{ times: reference, wrong }] },
  );
}

const steady = (stream: number, device = stream + 12): Times =>
  Array.from({ length: 9 }, () => [stream, device]);

describe('times', () => {
  it('are those of the stream, by their medians', () => {
    const noisy: Times = [...steady(50), [5000, 5012]];
    expect(compared(noisy, steady(200))).toMatchObject({
      kind: 'scored',
      metrics: { speedup: 4, microseconds: 50, reference_microseconds: 200 },
      cases: [
        {
          name: 'seed 1',
          verdict: 'passed',
          value: 50,
          unit: 'µs',
          message: '4 times as fast as the reference',
        },
      ],
    });
  });

  it('are those of the whole device where a program leaves work on another stream', () => {
    const outcome = compared(steady(5, 205), steady(200));
    expect(outcome).toMatchObject({ metrics: { microseconds: 205 } });
    expect(outcome).toMatchObject({
      feedback: expect.stringContaining('leaves work on other streams') as string,
    });
  });

  it('that are too good are noted', () => {
    expect(compared(steady(10), steady(200))).toMatchObject({
      feedback: expect.stringContaining('look whether it does all of the work') as string,
    });
  });

  it('of a wrong program count for nothing', () => {
    expect(compared(steady(50), steady(200), 'the output differs')).toEqual({
      kind: 'failed',
      reason: 'invalid',
      message: 'Wrong for 1 of 1 seeds; seed 1: the output differs.',
      cases: [{ name: 'seed 1', verdict: 'failed', message: 'the output differs' }],
    });
  });

  it('of a seed that was not compared count for nothing', () => {
    const seed = { times: steady(50), trials: 9, outputs: [] };
    const outcome = comparedTimes(
      { kind: 'measured', device: 'a GPU', seeds: [seed, seed] },
      { kind: 'judged', seeds: [{ times: steady(200), wrong: null }] },
    );
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'invalid' });
  });
});

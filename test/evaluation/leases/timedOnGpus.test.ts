import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../src/domain/problem/problem';
import type { EvaluationRun } from '../../../src/evaluation/evaluationMethod';
import { timedOnGpus, type TimedOnGpus } from '../../../src/evaluation/leases/timedOnGpus';
import { createLocalExecutor } from '../../../src/evaluation/localExecutor';
import { compileNvml } from './support/compileNvml';

const signal = new AbortController().signal;
const gpu = 'GPU-00112233-4455-6677-8899-aabbccddeeff';
describe('a command that is timed on GPUs', () => {
  const root = mkdtempSync(join(tmpdir(), 'timed-'));
  const executor = createLocalExecutor({ isolation: 'none', containment: 'sweep' });
  beforeAll(() => compileNvml(root));
  afterAll(() => {
    rmSync(root, { recursive: true, force: true });
  });

  /** With the numbers of the timings that were taken. `env`: the sequences of the stand-in. */
  async function timed(
    env: Readonly<Record<string, string>>,
    options: {
      readonly gpus?: readonly string[];
      readonly isTimed?: boolean;
      readonly mayRepeat?: boolean;
    } = {},
  ): Promise<TimedOnGpus<number> & { readonly taken: number; readonly pauses: readonly number[] }> {
    const counts = join(root, `counts-${readdirSync(root).length}`);
    mkdirSync(counts);
    const execute: EvaluationRun['execute'] = ({ argv, cwd = root, limits }) =>
      executor.execute(
        {
          id: 'look',
          argv,
          cwd,
          env: { PATH: process.env['PATH'] ?? '', LD_LIBRARY_PATH: root, NVML_COUNTS: counts, ...env },
          limits: { ...defaultLimits, ...limits },
        },
        signal,
      );
    let taken = 0;
    const pauses: number[] = [];
    const found = await timedOnGpus(
      { execute, signal },
      {
        gpus: options.gpus ?? [gpu],
        ownProcesses: 1,
        take: () => Promise.resolve((taken += 1)),
        isTimed: () => options.isTimed ?? true,
        mayRepeat: () => options.mayRepeat ?? true,
        pause: (ms) => {
          pauses.push(ms);
          return Promise.resolve();
        },
      },
    );
    return { ...found, taken, pauses };
  }

  it('has its clocks, temperature and power beside its result', async () => {
    expect(await timed({ NVML_OPEN: '1', NVML_COMPUTING: '0,1' })).toEqual({
      result: 1,
      taken: 1,
      pauses: [],
      words: [],
      metrics: {
        throttled: 0,
        foreign_processes: 0,
        sm_clock_mhz: 1755,
        memory_clock_mhz: 2619,
        temperature_c: 61,
        power_w: 412.5,
        power_capped: 0,
      },
    });
  });

  it('runs again where the GPU was throttled, once it is cooler', async () => {
    const { result, words, metrics, pauses } = await timed({ NVML_REASONS: '0,0x20,0' });
    expect([result, metrics['throttled'], pauses]).toEqual([2, 1, [2000]]);
    expect(words).toEqual(['The GPU was throttled 1 time; these timings were taken again.']);
  });

  it('is given up where the GPU is always throttled, or where there is no time left', async () => {
    const always = { NVML_REASONS: '0,8,0,8,0,8,0,8' };
    const { result, taken, words } = await timed(always);
    expect([result, taken]).toEqual([undefined, 4]);
    expect(words[0]).toContain(
      'could not be timed: the GPU was throttled (hardware slowdown) in 4 attempts.',
    );
    expect(await timed(always, { mayRepeat: false })).toMatchObject({ result: undefined, taken: 1 });
    expect(await timed({ NVML_REASONS: '8' })).toMatchObject({ result: undefined, taken: 0 });
  });

  it('says what else computed, more than its own processes', async () => {
    const { words, metrics } = await timed({ NVML_COMPUTING: '3' });
    expect(metrics['foreign_processes']).toBe(2);
    expect(words).toEqual(['2 other programs computed on the GPU meanwhile: times may be too long.']);
  });

  it('is not run again where it timed nothing', async () => {
    expect(await timed({ NVML_REASONS: '0,8' }, { isTimed: false })).toMatchObject({ result: 1, words: [] });
  });

  it('runs without any look where no GPU is known, and says where nothing can be recorded', async () => {
    expect(await timed({ NVML_REASONS: '8' }, { gpus: [] })).toMatchObject({
      result: 1,
      words: [],
      metrics: {},
    });
    expect(await timed({ LD_LIBRARY_PATH: '' })).toMatchObject({
      result: 1,
      metrics: {},
      words: ['Clocks, temperature and throttling of the GPU: not recorded, for there is no NVML here.'],
    });
  });
});

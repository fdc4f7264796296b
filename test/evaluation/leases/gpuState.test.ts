import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { gpuStateProgram } from '../../../src/evaluation/leases/gpuStateProgram';
import { catalogueText } from '../../problems/support/catalogueProblem';
import { compileNvml } from './support/compileNvml';

const problem = join(import.meta.dirname, '../../../problems/trimul');
const outcome = z.object({
  taken: z.array(z.number()),
  waits: z.array(z.number()),
  metrics: z.record(z.string(), z.number()),
  words: z.array(z.string()),
  error: z.string().nullable(),
});

describe('timings on a GPU', () => {
  const root = mkdtempSync(join(tmpdir(), 'nvml-'));
  beforeAll(() => compileNvml(root));
  afterAll(() => {
    rmSync(root, { recursive: true, force: true });
  });

  /** `env`: the sequences of the stand-in. */
  function timings(
    env: Readonly<Record<string, string>>,
    { count = 1, own = 2, libraries = root }: { count?: number; own?: number; libraries?: string } = {},
  ): z.infer<typeof outcome> {
    const script = [join(import.meta.dirname, 'watch_timings.py'), problem, String(own), String(count)];
    const text = execFileSync('python3', script, {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], LD_LIBRARY_PATH: libraries, ...env },
    });
    return outcome.parse(JSON.parse(text));
  }

  it('are recorded with the clocks, the temperature and the power, and nothing is said where nothing was off', () => {
    expect(timings({}, { count: 3 })).toEqual({
      taken: [0, 1, 2],
      waits: [],
      metrics: {
        throttled: 0,
        foreign_processes: 0,
        sm_clock_mhz: 1755,
        memory_clock_mhz: 2619,
        temperature_c: 61,
        power_w: 412.5,
        power_capped: 0,
      },
      words: [],
      error: null,
    });
  });

  it.each([
    ['in the end', { NVML_REASONS: '0,0x40,0' }],
    ['in between, so that only its counter tells', { NVML_HOT: '500,900' }],
  ])('are taken again where the GPU was throttled %s, once it is cooler', (_when, env) => {
    const { taken, waits, metrics, words, error } = timings(env);
    expect([taken, waits, error]).toEqual([[0, 0], [2], null]);
    expect(metrics['throttled']).toBe(1);
    expect(words).toEqual(['The GPU was throttled 1 time; these timings were taken again.']);
  });

  it('do not begin on a GPU that is throttled already', () => {
    expect(timings({ NVML_REASONS: '0x80,0' })).toMatchObject({ taken: [0], waits: [2], error: null });
  });

  it('are given up, in words, where the GPU is always throttled', () => {
    const { taken, waits, error } = timings({ NVML_REASONS: '0,8,0,8,0,8,0,8' });
    expect([taken, waits]).toEqual([
      [0, 0, 0, 0],
      [2, 2, 2],
    ]);
    expect(error).toContain(
      'could not be timed: the GPU was throttled (hardware slowdown) in 4 attempts. This is about the host',
    );
  });

  it('count where the power was capped by software, the clocks set or the GPU idle before', () => {
    const { taken, metrics, words } = timings({ NVML_REASONS: '1,0x4,1,0x2' }, { count: 2 });
    expect(taken).toEqual([0, 1]);
    expect(metrics).toMatchObject({ throttled: 0, power_capped: 1 });
    expect(words).toEqual([]);
  });

  it('wait until no process computes that NVML shows, with numbers that nobody has here', () => {
    const waiting = timings({ NVML_OPEN: '3', NVML_COMPUTING: '0,2' });
    expect(waiting).toMatchObject({ waits: [0.25], metrics: { foreign_processes: 0 }, words: [] });
    const busy = timings({ NVML_OPEN: '3', NVML_COMPUTING: '1,2' });
    expect(busy.words).toEqual(['1 other program computed on the GPU meanwhile: times may be too long.']);
    expect(busy).toMatchObject({ taken: [0], metrics: { foreign_processes: 1 } });
  });

  it('do not wait for processes that have the GPU open and compute nothing, nor for their own', () => {
    expect(timings({ NVML_OPEN: '3' })).toMatchObject({ waits: [0.25], words: [] });
    expect(timings({ NVML_OPEN: '2', NVML_COMPUTING: '2' })).toMatchObject({ waits: [], words: [] });
  });

  it('say what began to compute beside them', () => {
    const { metrics, words } = timings({ NVML_OPEN: '2', NVML_COMPUTING: '4' });
    expect(metrics['foreign_processes']).toBe(2);
    expect(words).toEqual(['2 other programs computed on the GPU meanwhile: times may be too long.']);
  });

  it('look at the use of all the GPU where processes are not told apart', () => {
    const env = { NVML_OPEN: '3', NVML_COMPUTING: 'x' };
    expect(timings({ ...env, NVML_BUSY: '3' })).toMatchObject({ metrics: { foreign_processes: 0 } });
    expect(timings({ ...env, NVML_BUSY: '80' })).toMatchObject({ metrics: { foreign_processes: 1 } });
  });

  it('are taken without NVML, which is said', () => {
    expect(timings({}, { libraries: '' })).toEqual({
      taken: [0],
      waits: [],
      metrics: {},
      words: ['Clocks, temperature and throttling of the GPU: not recorded, for there is no NVML here.'],
      error: null,
    });
  });
});

describe('the program that looks at GPUs', () => {
  it.each(['trimul', 'mla-decode'])('is the same in %s as for folders of others', (name) => {
    expect(catalogueText(`${name}/gpu_state.py`)).toBe(gpuStateProgram);
  });
});

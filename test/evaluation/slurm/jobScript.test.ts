import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../src/domain/problem/problem';
import { jobScript, jobVariables, sbatchArguments, shellWord } from '../../../src/evaluation/slurm/jobScript';
import type { JobSubmission } from '../../../src/evaluation/slurm/jobScript';

describe('a word for a shell', () => {
  it('is read by a real one as it was written', () => {
    const words = fc.sample(
      fc
        .array(
          fc.oneof(
            fc.string({ unit: 'grapheme' }),
            fc.constantFrom("'", '\\', '$(id)', '\n', '`', '"', ' ', '-n'),
          ),
          {
            maxLength: 6,
          },
        )
        .map((parts) => parts.join('').replaceAll('\0', '')),
      100,
    );
    const script = words.map((word) => `printf '%s\\0' ${shellWord(word)}`).join('\n');
    const read = execFileSync('/bin/sh', { input: script, encoding: 'utf8' }).split('\0').slice(0, -1);
    expect(read).toEqual(words);
  });

  it('cannot hold what no argument can', () => {
    expect(() => shellWord('a\0b')).toThrow('NUL');
  });

  it('makes a script that runs one program', () => {
    const script = jobScript(['/bin/echo', "it's", '$HOME `id`; exit']);
    expect(execFileSync('/bin/sh', { input: script, encoding: 'utf8' })).toBe("it's $HOME `id`; exit\n");
  });
});

describe('what sbatch is asked for', () => {
  const job: JobSubmission = {
    name: 'ttt-1-a',
    comment: 'ttt-discover c1 c2',
    tasks: 2,
    folder: '/shared/a folder',
    outputPath: '/shared/log',
    limits: { ...defaultLimits, timeMs: 61_000, memoryBytes: 1024 ** 3, cpus: 4 },
    settings: {},
  };
  const argumentsOf = (changed: Partial<JobSubmission>): readonly string[] =>
    sbatchArguments({ ...job, ...changed });

  it('follows from the limits, with room for the program around', () => {
    const given = argumentsOf({});
    for (const argument of [
      '--array=0-1',
      '--cpus-per-task=4',
      '--mem=1536M',
      '--time=7',
      '--chdir=/shared/a folder',
    ]) {
      expect(given).toContain(argument);
    }
    expect(given.join(' ')).not.toMatch(/gres|partition|account|qos/);
    expect(argumentsOf({ tasks: 1 }).join(' ')).not.toContain('--array');
  });

  it('has GPUs as generic resources, of the kind that is wanted', () => {
    const limits = { ...job.limits, gpus: 2 };
    expect(argumentsOf({ limits })).toContain('--gres=gpu:2');
    expect(argumentsOf({ limits, settings: { gpuType: 'h100' } })).toContain('--gres=gpu:h100:2');
  });

  it('has what the problem says of partition, account and the rest', () => {
    const settings = {
      partition: 'gpu,long',
      account: 'x',
      qos: 'high',
      reservation: 'r_1',
      constraint: 'a&b',
      extraTimeMs: 3_600_000,
    };
    const given = argumentsOf({ settings });
    for (const argument of [
      '--partition=gpu,long',
      '--account=x',
      '--qos=high',
      '--reservation=r_1',
      '--constraint=a&b',
      '--time=62',
    ]) {
      expect(given).toContain(argument);
    }
  });

  it('has a short list of variables that a job gets, so that no secret of the environment is kept by the controller', () => {
    expect(jobVariables).toContain('PATH');
    expect(jobVariables.join(' ')).not.toMatch(/KEY|TOKEN|SECRET/);
  });
});

import { describe, expect, it } from 'vitest';
import { submitRefusal, wordsOfSbatch } from '../../../src/evaluation/slurm/submitErrors';

const refusals: readonly (readonly [words: string, advice: string])[] = [
  ['Batch job submission failed: Invalid partition name specified', 'slurm: { partition'],
  [
    'Batch job submission failed: Invalid account or account/partition combination specified',
    'slurm: { account',
  ],
  ['Batch job submission failed: Invalid qos specification', 'slurm: { qos'],
  ['Batch job submission failed: Requested node configuration is not available', 'limits'],
  ['Batch job submission failed: Memory required by task is not available', 'limits'],
  [
    'Batch job submission failed: Requested time limit is invalid (missing or exceeds some limit)',
    'extraTime',
  ],
  ['Batch job submission failed: Invalid generic resource (gres) specification', 'limits.gpus'],
  ['Batch job submission failed: Invalid feature specification', 'constraint'],
  ['Batch job submission failed: Requested reservation is invalid', 'reservation'],
  ['Batch job submission failed: User not permitted to use this partition', 'administrators'],
  ['a site plugin says no', '--test-only'],
];

describe('an error of sbatch', () => {
  it.each(refusals)('"%s" comes with what to do', (words, advice) => {
    expect(submitRefusal(words)).toMatchObject({
      kind: 'refused',
      advice: expect.stringContaining(advice) as string,
    });
  });

  it.each([
    'Batch job submission failed: Socket timed out on send/recv operation',
    'Batch job submission failed: Unable to contact slurm controller (connect failure)',
    'Batch job submission failed: Slurm temporarily unable to accept job, sleeping and retrying',
    'Batch job submission failed: Resource temporarily unavailable',
  ])('"%s" goes away by itself', (words) => {
    expect(submitRefusal(words)).toEqual({ kind: 'busy' });
  });

  it.each([
    "Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)",
    'QOSMaxSubmitJobPerUserLimit',
    'AssocMaxSubmitJobLimit',
  ])('"%s" leaves room for fewer', (words) => {
    expect(submitRefusal(words)).toMatchObject({ kind: 'limit' });
  });

  it('is cited without the name of the program, and each line once', () => {
    const words =
      'sbatch: error: AssocGrp\nsbatch: error: AssocGrp\nsbatch: error: Batch job submission failed: No\n';
    expect(wordsOfSbatch(words)).toBe('AssocGrp Batch job submission failed: No');
  });
});

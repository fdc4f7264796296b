import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { machineFacts, visibleOf } from '../../../src/evaluation/known/machineFacts';

describe('what evaluations run on', () => {
  it('is the processor, and GPUs only where a problem uses some', async () => {
    const { record, gpuKinds } = await machineFacts(0, process.env);
    expect(record.processor).not.toBe('');
    expect(record.processors).toBeGreaterThan(0);
    expect(record).not.toHaveProperty('gpus');
    expect(gpuKinds).toBeUndefined();
  });

  it('names GPUs as nvidia-smi does, with their driver to tell kinds apart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'smi-'));
    try {
      const lines = 'NVIDIA H100 80GB HBM3, 550.90\nNVIDIA H100 80GB HBM3, 550.90';
      writeFileSync(join(folder, 'nvidia-smi'), `#!/bin/sh\nprintf '%s\\n' '${lines}'\n`, { mode: 0o755 });
      const facts = await machineFacts(1, { PATH: `${folder}:/usr/bin:/bin`, CUDA_VISIBLE_DEVICES: '1' });
      expect(facts.record).toMatchObject({ gpus: ['NVIDIA H100 80GB HBM3'], gpusEach: 1 });
      expect(facts.gpuKinds).toEqual(['NVIDIA H100 80GB HBM3, 550.90']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is unknown where no nvidia-smi answers', async () => {
    expect((await machineFacts(2, { PATH: '/nowhere' })).gpuKinds).toBe('unknown');
  });

  it.each([
    [undefined, ['a', 'a', 'b']],
    ['2,0', ['b', 'a']],
    ['', []],
    ['-1', []],
    ['GPU-1234', []],
  ])('has of CUDA_VISIBLE_DEVICES=%s the GPUs that it lists', (visible, expected) => {
    expect(visibleOf(['a', 'a', 'b'], visible)).toEqual(expected);
  });

  it('takes GPUs that are listed by their own names for what all of the host are', () => {
    expect(visibleOf(['a', 'a', 'a'], 'GPU-12,GPU-34')).toEqual(['a', 'a']);
  });
});

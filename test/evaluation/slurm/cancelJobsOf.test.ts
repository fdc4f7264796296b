import { describe, expect, it } from 'vitest';
import { cancelJobsOf } from '../../../src/evaluation/slurm/cancelJobsOf';
import { SlurmError } from '../../../src/evaluation/slurm/slurmError';
import { SlurmProgramError } from '../../../src/evaluation/slurm/slurmPrograms';
import { FakeCluster } from './support/fakeCluster';

function submit(cluster: FakeCluster, name: string, tasks = 1): Promise<string> {
  const array = tasks > 1 ? [`--array=0-${tasks - 1}`] : [];
  return cluster.submit([`--job-name=${name}`, ...array], "exec '/nowhere'\n");
}

describe('jobs of sessions that no runner is left for', () => {
  it('are cancelled where they wait or run, and no others', async () => {
    const cluster = new FakeCluster();
    cluster.isEager = false;
    await submit(cluster, 'ttt-A-0123456789ab', 3);
    const ended = await submit(cluster, 'ttt-A-ba9876543210');
    cluster.end(ended, 'TIMEOUT');
    for (const name of ['ttt-B-0123456789ab', 'ttt-A-mine', 'ttt-runner-A', 'mine'])
      await submit(cluster, name);
    expect(await cancelJobsOf(['ttt-A'], {}, cluster)).toBe(3);
    expect(cluster.cancelled).toEqual(['1_0', '1_1', '1_2']);
  });

  it('are not looked for where no session had jobs', async () => {
    expect(await cancelJobsOf([], { PATH: '/nowhere' })).toBe(0);
  });

  it('are not taken for gone where Slurm does not answer', async () => {
    const cluster = new FakeCluster();
    cluster.jobs = () => Promise.reject(new SlurmProgramError('squeue', 'connection refused'));
    await expect(cancelJobsOf(['ttt-A'], {}, cluster)).rejects.toBeInstanceOf(SlurmError);
    await expect(cancelJobsOf(['ttt-A'], { PATH: '/nowhere' })).rejects.toThrow(/not installed/);
  });
});

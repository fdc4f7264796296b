import { expect, vi } from 'vitest';
import type { SlurmCluster } from '../../../../scripts/slurm/cluster.mjs';

/** Resolves when a job that was put back runs again; by itself it would wait for two minutes. */
export async function beginAgain(cluster: SlurmCluster, job: string): Promise<void> {
  await vi.waitFor(
    async () => {
      const { stdout } = await cluster.run('scontrol', '--oneliner', 'show', 'job', job);
      expect(stdout).toMatch(/ Restarts=1 /);
      // The wait begins when the first run is cleaned up, so this may have to be said again.
      if (/ JobState=PENDING /.test(stdout))
        await cluster.run('scontrol', 'update', `JobId=${job}`, 'StartTime=now');
      expect(stdout).toMatch(/ JobState=(RUNNING|COMPLETING|COMPLETED) /);
    },
    { timeout: 100_000, interval: 500 },
  );
}

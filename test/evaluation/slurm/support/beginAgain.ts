import { expect, vi } from 'vitest';
import type { SlurmCluster } from '../../../../scripts/slurm/cluster.mjs';

/** A node does not launch a job that it ended in the same second: "already killed, do not launch batch job". */
const forgottenAfterMs = 3_000;

/** Resolves when a job that was put back runs again; by itself it would wait for two minutes. `said`: what the job has printed, for the failure. */
export async function beginAgain(
  cluster: SlurmCluster,
  job: string,
  said: () => string = () => '',
): Promise<void> {
  let pendingSinceMs: number | undefined;
  await vi.waitFor(
    async () => {
      const { stdout } = await cluster.run('scontrol', '--oneliner', 'show', 'job', job);
      expect(stdout).toMatch(/ Restarts=1 /);
      if (/ JobState=PENDING /.test(stdout)) {
        pendingSinceMs ??= Date.now();
        expect(Date.now() - pendingSinceMs).toBeGreaterThan(forgottenAfterMs);
        // The wait begins when the first run is cleaned up, so this may have to be said again.
        await cluster.run('scontrol', 'update', `JobId=${job}`, 'StartTime=now');
      }
      expect(stdout, said()).toMatch(/ JobState=(RUNNING|COMPLETING|COMPLETED) /);
    },
    { timeout: 100_000, interval: 500 },
  );
}

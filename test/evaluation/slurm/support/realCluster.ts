import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import { startSlurm, type SlurmCluster } from '../../../../scripts/slurm/cluster.mjs';
import { usualPace } from '../../../../src/evaluation/slurm/slurmTask';
import { BuiltRunner } from '../../../runner/support/builtRunner';

/** Tests wait for what squeue says. */
export const clusterPace = {
  ...usualPace,
  ...{ pollMs: 1_000, longestPollMs: 2_000, visibleMs: 5_000, lateMs: 2_000 },
};

/** A real Slurm on this machine, whose programs are those of this process, and the runner as it is shipped. */
export interface RealCluster {
  readonly cluster: SlurmCluster;
  readonly runner: BuiltRunner;
  /** Gone with the cluster. */
  readonly folder: string;
  /** What squeue says of the only job that is not over, when it says this. */
  untilJob(format: string, pattern: RegExp): Promise<string>;
}

/** From the file's first test to its last; call it once in a file of tests. */
export function realCluster(options: Omit<Parameters<typeof startSlurm>[0], 'folder'> = {}): RealCluster {
  let started: Omit<RealCluster, 'untilJob'> | undefined;
  const here = (): Omit<RealCluster, 'untilJob'> => {
    if (started === undefined) throw new Error('The cluster runs while tests do.');
    return started;
  };
  beforeAll(async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'slurm-')));
    const runner = await BuiltRunner.build();
    const cluster = await startSlurm({ ...options, folder: join(folder, 'cluster') });
    Object.assign(process.env, cluster.env);
    started = { cluster, runner, folder };
  }, 120_000);
  afterAll(async () => {
    const { cluster, runner, folder } = here();
    await runner.dispose();
    await cluster.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    get cluster() {
      return here().cluster;
    },
    get runner() {
      return here().runner;
    },
    get folder() {
      return here().folder;
    },
    untilJob: (format, pattern) =>
      vi.waitFor(
        async () => {
          const { stdout } = await here().cluster.run(
            ...['squeue', '--noheader', '--array', `--format=${format}`],
          );
          expect(stdout.trim()).toMatch(pattern);
          return stdout.trim();
        },
        { timeout: 120_000, interval: 200 },
      ),
  };
}

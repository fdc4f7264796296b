import { configDefaults, defineConfig } from 'vitest/config';

/** How long what must come about may take on a busy machine; the default of a second is too little for processes to start. */
const patience = { poll: { timeout: 30_000 } };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'test/{domain,protocol,policy,evaluation,runner,extension,webview,problems,project}/**/*.test.ts',
          ],
          exclude: [...configDefaults.exclude, 'test/evaluation/slurm/cluster/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: patience,
        },
      },
      {
        test: {
          name: 'ssh',
          include: ['test/remote/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: patience,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'slurm',
          include: ['test/evaluation/slurm/cluster/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          expect: patience,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/e2e/support/globalSetup.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          expect: { poll: { timeout: 60_000, interval: 100 } },
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'bench',
          include: ['test/bench/**/*.bench.ts'],
          globalSetup: ['test/e2e/support/globalSetup.ts'],
          testTimeout: 600_000,
          hookTimeout: 180_000,
          expect: { poll: { timeout: 60_000, interval: 100 } },
          fileParallelism: false,
        },
      },
    ],
  },
});

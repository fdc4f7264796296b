import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Apart from the other projects: these tests start a real training server, which takes Python and a gigabyte of packages. */
export default defineConfig({
  root: resolve(import.meta.dirname, '../..'),
  test: {
    include: ['test/skyrl/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 300_000,
    // A second, the default, is too little for processes to start on a busy machine.
    expect: { poll: { timeout: 30_000 } },
  },
});

import { afterEach } from 'vitest';
import { startSshd, type Sshd, type SshdOptions } from '../support/sshd';

export interface Cleanups {
  /** What is to be ended after the test, the newest first. */
  push(cleanup: () => Promise<unknown>): void;
  /** A real sshd that ends with the test. */
  readonly server: (options?: SshdOptions) => Promise<Sshd>;
}

/** Call it once in a file of tests. */
export function cleanupsAfterEach(): Cleanups {
  const waiting: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const cleanup of waiting.splice(0).reverse()) await cleanup();
  });
  return {
    push: (cleanup) => {
      waiting.push(cleanup);
    },
    async server(options = {}) {
      const sshd = await startSshd(options);
      waiting.push(() => sshd.stop());
      return sshd;
    },
  };
}

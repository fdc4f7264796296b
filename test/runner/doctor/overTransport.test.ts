import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLocalTransport } from '../../../src/remote/shell/localTransport';
import { RunnerCalls } from '../../../src/remote/attach/runnerCalls';
import { BuiltRunner } from '../support/builtRunner';

let runner: BuiltRunner;
beforeAll(async () => {
  runner = await BuiltRunner.build();
});
afterAll(() => runner.dispose());

/** Nothing outside is asked. */
const proxy = { HTTPS_PROXY: 'http://127.0.0.1:9', HTTP_PROXY: 'http://127.0.0.1:9' };

describe('the doctor, asked by the editor', () => {
  it('answers over a transport', async () => {
    const transport = createLocalTransport();
    try {
      const calls = new RunnerCalls(transport, {
        nodePath: process.execPath,
        nodeVersion: process.versions.node,
        nodeEnv: proxy,
        bundlePath: runner.bundlePath,
        root: runner.root,
      });
      const { facts, features } = await calls.examine(new AbortController().signal);
      expect(facts.root).toBe(runner.root);
      expect(facts.connections.every(({ viaProxy }) => viaProxy)).toBe(true);
      expect(features.length).toBeGreaterThan(5);
      await expect(calls.examine(AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
    } finally {
      await transport.close();
    }
  });
});

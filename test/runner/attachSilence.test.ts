import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SessionEvent } from '../../src/domain/session/events';
import { methodNames } from '../../src/protocol/attachRpc';
import { systemClock } from '../../src/runner/clock';
import { createSessionFolder } from '../../src/runner/host/sessionFolder';
import { JournalWriter } from '../../src/runner/journal/journalWriter';
import { AttachClient } from './support/attachClient';
import { BuiltRunner } from './support/builtRunner';
import { replacing } from './support/replacing';

/** A minute is so long here: a busy machine may keep a client from speaking for a second. */
const silenceMs = 4000;
let runner: BuiltRunner;
beforeAll(async () => {
  const plugin = replacing(/attachServer\.ts$/, 'silenceMs = 60_000', `silenceMs = ${silenceMs}`);
  runner = await BuiltRunner.build({ plugins: [plugin] });
}, 60_000);
afterAll(() => runner.dispose());

/** A session with a journal of so many kilobytes and no process. */
async function sessionOf(kilobytes: number): Promise<string> {
  const spec = runner.specOf();
  const { folder } = createSessionFolder(runner.root, spec);
  const { writer } = await JournalWriter.open({ folder: folder.journalPath, run: 1, clock: systemClock });
  const event: SessionEvent = { type: 'environment.progress', message: 'x'.repeat(900) };
  for (let count = 0; count < kilobytes; count += 1) writer.append(event);
  await writer.close();
  return spec.sessionId;
}

describe('the attach process', () => {
  it('ends when its client is silent, also one that has never spoken', async () => {
    const client = await AttachClient.open(runner, await sessionOf(1));
    const [code] = (await once(client.process, 'exit')) as [number];
    expect(code).toBe(0);
  });

  it('stays as long as its client is heard', async () => {
    const sessionId = await sessionOf(1);
    const client = await AttachClient.open(runner, sessionId);
    await client.initialize(sessionId, 1);
    const endMs = performance.now() + 2 * silenceMs;
    while (performance.now() < endMs) await client.request(methodNames.ping);
    expect(client.process.exitCode).toBeNull();
    await client.close();
    expect(client.process.exitCode).toBe(0);
  });

  it.each(['is silent', 'has hung up'])(
    'ends when the link takes nothing more and the client %s',
    async (how) => {
      const sessionId = await sessionOf(3000);
      const child = runner.spawn(['attach', sessionId, '--nonce', '0123456789abcdef']);
      const request = {
        jsonrpc: '2.0',
        id: 1,
        method: 'initialize',
        params: { protocols: [1], sessionId, from: 1 },
      };
      const text = JSON.stringify(request);
      // Nobody reads what it prints: the pipe is full at once.
      child.stdin?.write(`Content-Length: ${text.length}\r\n\r\n${text}`);
      if (how === 'has hung up') child.stdin?.end();
      const [code] = (await once(child, 'exit')) as [number];
      expect(code).toBe(0);
    },
  );
});

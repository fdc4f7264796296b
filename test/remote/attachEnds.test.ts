import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { attachToSession, defaultAttachTimes } from '../../src/remote/attach/attachment';
import type { RemoteProcess, Transport } from '../../src/remote/transport';
import { createLocalTransport } from '../../src/remote/shell/localTransport';
import { newSessionId, noProgress } from './hostFixture';

const frame = (message: object) => {
  const text = JSON.stringify({ jsonrpc: '2.0', ...message });
  return `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
};

it('an attachment whose stream ends while events are applied is lost, and may be made again', async () => {
  const stdout = new PassThrough();
  const stdin = new PassThrough();
  const runner: RemoteProcess = {
    stdin,
    stdout,
    stderr: new PassThrough(),
    // The end of the process is heard of later than the end of its stream, or never.
    exited: new Promise(() => undefined),
    kill: noProgress,
  };
  stdin.once('data', () => {
    const verdict = { state: 'live', pid: 1 };
    const result = { protocol: 1, runnerVersion: '0.0.0', lastSeq: 1, verdict, nowMs: 1 };
    stdout.write(frame({ id: 0, result }));
    const entries = [{ seq: 1, t: 1, m: 1, run: 1, event: { type: 'fake' } }];
    stdout.write(frame({ method: 'entries', params: { entries, bytes: 10 } }));
  });
  const transport: Transport = {
    ...createLocalTransport(),
    spawn(command) {
      const nonce = /--nonce'? '?([0-9a-f]+)/.exec(command)?.[1] ?? '';
      stdout.write(`\n@@${nonce}@@\n`);
      return Promise.resolve(runner);
    },
  };
  const lost = new Promise<Error>((resolve, reject) => {
    const installed = { nodePath: 'node', nodeVersion: '', nodeEnv: {}, bundlePath: 'runner.cjs', root: '/' };
    const listener = {
      async onEntries() {
        const closed = new Promise((done) => stdout.once('close', done));
        stdout.end();
        await closed;
      },
      onVerdict: noProgress,
      onLost: resolve,
    };
    const options = { log: noProgress, times: defaultAttachTimes, onEnded: noProgress, onSilent: noProgress };
    attachToSession(transport, installed, { sessionId: newSessionId(), from: 1 }, listener, options).catch(
      reject,
    );
  });
  expect(await lost).toMatchObject({ code: 'lost', isTransient: true });
});

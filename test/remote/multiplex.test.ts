import { cleanupsAfterEach } from './cleanups';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLocalTransport } from '../../src/remote/shell/localTransport';
import { multiplex } from '../../src/remote/multiplex/multiplexedTransport';
import { FrameReader, frameOf } from '../../src/remote/multiplex/multiplexFrames';
import type { RemoteProcess, Transport } from '../../src/remote/transport';
import { refusalOf } from './hostFixture';

const node = { nodePath: process.execPath, nodeEnv: {} };
const cleanups = cleanupsAfterEach();

async function shared(): Promise<Transport> {
  const transport = await multiplex(createLocalTransport(), node);
  cleanups.push(() => transport.close());
  return transport;
}

async function hashOf(process: RemoteProcess): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  process.stderr.resume();
  for await (const chunk of process.stdout as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

describe('one channel for everything', () => {
  it('carries more than its window in both directions at once', async () => {
    const transport = await shared();
    const process = await transport.spawn('exec cat');
    const sent = Buffer.from(Array.from({ length: 7_000_003 }, (_, index) => (index * 31) % 251));
    process.stdin.end(sent);
    const received = await hashOf(process);
    expect(received).toEqual({ bytes: sent.length, sha256: createHash('sha256').update(sent).digest('hex') });
    expect(await process.exited).toEqual({ code: 0, signal: undefined });
  });

  it('goes on for the others while one is not read, whose process waits', async () => {
    const transport = await shared();
    const unread = await transport.spawn('head -c 20000000 /dev/zero; echo >&2 written');
    const said: string[] = [];
    unread.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()));
    for (let round = 0; round < 5; round++) {
      expect((await transport.exec('echo on')).stdout).toBe('on\n');
    }
    expect(said).toEqual([]);
    let bytes = 0;
    for await (const chunk of unread.stdout as AsyncIterable<Buffer>) bytes += chunk.length;
    expect(bytes).toBe(20_000_000);
    await unread.exited;
    expect(said).toEqual(['written\n']);
  });

  it('holds back what a process does not take', async () => {
    const transport = await shared();
    const deaf = await transport.spawn('exec sleep 600');
    let taken = 0;
    const chunk = Buffer.alloc(100_000);
    for (let count = 0; count < 100; count++) deaf.stdin.write(chunk, () => (taken += chunk.length));
    expect((await transport.exec('echo on')).stdout).toBe('on\n');
    // One window, and what the pipe to the process holds.
    expect(taken).toBeLessThan(2_000_000);
    deaf.kill();
    expect((await deaf.exited).signal).toBe('SIGTERM');
  });

  it('is lost when its other end ends, and says so to all', async () => {
    const transport = await shared();
    const closed = new Promise((resolve) => transport.onClosed(resolve));
    const running = refusalOf(transport.exec('kill -9 $PPID; sleep 600'));
    const process = await transport.spawn('exec sleep 600');
    process.stdout.resume();
    process.stderr.resume();
    expect((await running).code).toBe('lost');
    expect(await process.exited).toEqual({ code: undefined, signal: undefined });
    expect(await closed).toMatchObject({ code: 'lost' });
    expect((await refusalOf(transport.exec('echo'))).code).toBe('lost');
  });

  it('is not begun where there is no Node', async () => {
    const inner = createLocalTransport();
    cleanups.push(() => inner.close());
    const refusal = await refusalOf(multiplex(inner, { nodePath: '/no/such/node', nodeEnv: {} }));
    expect(refusal.code).toBe('runner-failed');
    expect(refusal.message).toContain('/no/such/node');
  });
});

describe('frames', () => {
  it('are read as they were written, however they are cut', () => {
    const frames = fc.array(
      fc.record({
        kind: fc.nat(255),
        stream: fc.nat(2 ** 32 - 1),
        payload: fc.uint8Array({ maxLength: 50 }),
      }),
    );
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (sent, cuts) => {
        const bytes = Buffer.concat(sent.map(({ kind, stream, payload }) => frameOf(kind, stream, payload)));
        const reader = new FrameReader();
        const read = [];
        for (let at = 0, index = 0; at < bytes.length; index++) {
          const size = cuts[index % cuts.length] ?? 1;
          read.push(...reader.push(bytes.subarray(at, at + size)));
          at += size;
        }
        expect(read.map((frame) => ({ ...frame, payload: Uint8Array.from(frame.payload) }))).toEqual(sent);
      }),
    );
  });

  it('that are none are refused', () => {
    for (const head of [
      [0, 0, 0, 0],
      [255, 255, 255, 255],
    ]) {
      expect(() => [...new FrameReader().push(Buffer.from([...head, 0, 0, 0, 0, 0]))]).toThrow(RangeError);
    }
  });
});

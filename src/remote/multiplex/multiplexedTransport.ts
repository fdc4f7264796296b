import { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { RemoteError } from '../hostClient';
import { lostError, newNonce } from '../shell/markedRun';
import { frameKind, FrameReader, frameOf, windowBytes, type Frame } from './multiplexFrames';
import { multiplexProgram } from './multiplexProgram';
import { NoHandshake, skipToNonce } from '../shell/nonceHandshake';
import type { InstalledRunner } from '../attach/runnerCommand';
import { shellAssignments, shellQuote } from '../shell/shellQuote';
import { shellCalls } from '../shell/shellCalls';
import type { RemoteProcess, Transport } from '../transport';

const exitShape = z.object({ code: z.number().nullable(), signal: z.string().nullable() });
const lastWordsMs = 1_000;
const maxWriteBytes = 64 * 1024;

/**
 * Everything over one session of another transport, for hosts that allow no more (MaxSessions 1) or want a login for each.
 * Closing it closes the other. Rejects with a `RemoteError` where the host's Node does not answer.
 */
export async function multiplex(
  inner: Transport,
  node: Pick<InstalledRunner, 'nodePath' | 'nodeEnv'>,
): Promise<Transport> {
  const nonce = newNonce();
  const program = Buffer.from(multiplexProgram(nonce)).toString('base64');
  const command = [
    shellAssignments(node.nodeEnv),
    'exec',
    shellQuote(node.nodePath),
    '-e',
    shellQuote(`eval(Buffer.from('${program}','base64').toString())`),
  ];
  const channel = await inner.spawn(command.join(' ').trim());
  let said = '';
  channel.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-1_000)));
  try {
    const output = await skipToNonce(channel.stdout, nonce);
    return new MultiplexedTransport(inner, channel, output).transport;
  } catch (error) {
    // Why it ended may still be on its way.
    if (error instanceof NoHandshake) await Promise.race([channel.exited, delay(lastWordsMs)]);
    channel.kill();
    if (!(error instanceof NoHandshake)) throw error;
    throw new RemoteError(
      'runner-failed',
      `Node on the host did not take over the connection: ${(said || error.printed).trim().slice(-500)}`,
      'Allow more sessions there (MaxSessions in sshd_config), or check Node on the host.',
      { cause: error },
    );
  }
}

class MultiplexedTransport {
  private readonly streams = new Map<number, RemoteStream>();
  private lastStream = 0;
  private isOver = false;

  constructor(
    private readonly inner: Transport,
    private readonly channel: RemoteProcess,
    output: Readable,
  ) {
    const reader = new FrameReader();
    output.on('data', (chunk: Buffer) => {
      try {
        for (const frame of reader.push(chunk)) this.streams.get(frame.stream)?.take(frame);
      } catch (error) {
        void inner.close(lostError(error));
      }
    });
    output.on('error', () => undefined);
    channel.stdin.on('error', () => undefined);
    void channel.exited.then(() => {
      this.isOver = true;
      for (const stream of this.streams.values()) stream.lose();
      // Without its one session a host is as good as away.
      void inner.close(lostError());
    });
  }

  get transport(): Transport {
    return {
      kind: this.inner.kind,
      ...shellCalls({
        outlivesSession: false,
        script: () => this.start({ script: true, command: '' }),
        command: (command) => this.start({ script: false, command }),
      }),
      onClosed: (listener) => this.inner.onClosed(listener),
      close: (reason) => this.inner.close(reason),
    };
  }

  private start(what: { readonly script: boolean; readonly command: string }): RemoteProcess {
    if (this.isOver) throw lostError();
    const id = ++this.lastStream;
    const stream = new RemoteStream((kind, payload, done) => {
      if (this.isOver) done?.();
      else this.channel.stdin.write(frameOf(kind, id, payload), () => done?.());
    });
    this.streams.set(id, stream);
    void stream.exited.then(() => this.streams.delete(id));
    this.channel.stdin.write(frameOf(frameKind.open, id, Buffer.from(JSON.stringify(what))));
    return stream;
  }
}

type Send = (kind: number, payload?: Uint8Array, done?: () => void) => void;

/** One process on the host. What is on its way to either side is bounded by credit, as in SSH itself. */
class RemoteStream implements RemoteProcess {
  readonly stdin: Writable;
  readonly stdout: CreditedOutput;
  readonly stderr: CreditedOutput;
  readonly exited: RemoteProcess['exited'];
  private settle: (exit: Awaited<RemoteProcess['exited']>) => void = () => undefined;
  private inputCredit = windowBytes;
  private waiting: (() => void) | undefined;
  private isOver = false;

  constructor(private readonly send: Send) {
    this.exited = new Promise((resolve) => (this.settle = resolve));
    this.stdout = new CreditedOutput((bytes) => this.grant(1, bytes));
    this.stderr = new CreditedOutput((bytes) => this.grant(2, bytes));
    this.stdin = new Writable({
      write: (chunk: Buffer, _encoding, done) => this.write(chunk, done),
      final: (done) => this.send(frameKind.stdinEnd, undefined, done),
    });
    this.stdin.on('error', () => undefined);
  }

  take({ kind, payload }: Frame): void {
    switch (kind) {
      case frameKind.stdout: {
        this.stdout.receive(payload);
        return;
      }
      case frameKind.stderr: {
        this.stderr.receive(payload);
        return;
      }
      case frameKind.inputCredit:
        this.inputCredit += payload.readUInt32BE(0);
        return this.waiting?.();
      case frameKind.exit: {
        const { code, signal } = exitShape.parse(JSON.parse(payload.toString('utf8')));
        this.end({ code: code ?? undefined, signal: signal ?? undefined });
        return;
      }
    }
  }

  lose(): void {
    this.end({ code: undefined, signal: undefined });
  }

  kill(): void {
    if (!this.isOver) this.send(frameKind.kill);
    this.stdout.resume();
    this.stderr.resume();
  }

  private end(exit: Awaited<RemoteProcess['exited']>): void {
    if (this.isOver) return;
    this.isOver = true;
    this.stdout.receive(null);
    this.stderr.receive(null);
    this.waiting?.();
    this.settle(exit);
  }

  private grant(stream: 1 | 2, bytes: number): void {
    if (this.isOver) return;
    const payload = Buffer.alloc(5);
    payload.writeUInt8(stream, 0);
    payload.writeUInt32BE(bytes, 1);
    this.send(frameKind.outputCredit, payload);
  }

  private write(chunk: Buffer, done: () => void): void {
    if (this.isOver || chunk.length === 0) {
      done();
      return;
    }
    if (this.inputCredit <= 0) {
      this.waiting = () => {
        this.waiting = undefined;
        this.write(chunk, done);
      };
      return;
    }
    const part = chunk.subarray(0, Math.min(chunk.length, this.inputCredit, maxWriteBytes));
    this.inputCredit -= part.length;
    this.send(frameKind.stdin, part, () => this.write(chunk.subarray(part.length), done));
  }
}

/** A stream whose sender may send more only when something was read. */
class CreditedOutput extends Readable {
  private readonly queue: (Buffer | null)[] = [];
  private isWanted = false;

  constructor(private readonly grant: (bytes: number) => void) {
    super();
  }

  receive(chunk: Buffer | null): void {
    this.queue.push(chunk);
    this.pump();
  }

  override _read(): void {
    this.isWanted = true;
    this.pump();
  }

  private pump(): void {
    while (this.isWanted) {
      const chunk = this.queue.shift();
      if (chunk === undefined) return;
      this.isWanted = this.push(chunk);
      if (chunk === null) return;
      this.grant(chunk.length);
    }
  }
}

import { Readable, Writable, type Duplex } from 'node:stream';
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
import type { RemoteProcess, SocketAddress, Transport } from '../transport';
import { refusedError, RemoteSocket } from './remoteSocket';

const exitShape = z.object({
  code: z.number().nullable(),
  signal: z.string().nullable(),
  error: z.string().optional(),
});
const lastWordsMs = 1_000;
const maxWriteBytes = 64 * 1024;
const aliveEveryMs = 15_000;

/** A transport that reaches sockets of its host too. */
export type SocketTransport = Transport & Required<Pick<Transport, 'connect'>>;

/**
 * Everything over one session of another transport, for hosts that allow no more (MaxSessions 1) or want a login for each.
 * Closing it closes the other, and so does losing it. Rejects with a `RemoteError` where the host's Node does not answer.
 */
export async function multiplex(inner: Transport, node: HostNode): Promise<SocketTransport> {
  return openChannel(inner, node, () => inner);
}

/** As `multiplex`, beside what else the other transport carries: that goes on when this is closed or lost. */
export async function multiplexBeside(inner: Transport, node: HostNode): Promise<SocketTransport> {
  return openChannel(inner, node, lifeOf);
}

type HostNode = Pick<InstalledRunner, 'nodePath' | 'nodeEnv'>;

type Life = Pick<Transport, 'onClosed' | 'close'>;

/** Of the channel alone. */
function lifeOf(channel: RemoteProcess): Life {
  const listeners: ((reason: Error | undefined) => void)[] = [];
  let ended: { readonly reason: Error | undefined } | undefined;
  return {
    onClosed(listener) {
      if (ended === undefined) listeners.push(listener);
      else listener(ended.reason);
    },
    async close(reason) {
      if (ended !== undefined) return;
      ended = { reason };
      channel.kill();
      await channel.exited;
      for (const listener of listeners.splice(0)) listener(reason);
    },
  };
}

async function openChannel(
  inner: Transport,
  node: HostNode,
  lifeFor: (channel: RemoteProcess) => Life,
): Promise<SocketTransport> {
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
    return new MultiplexedTransport(inner.kind, channel, output, lifeFor(channel)).transport;
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
    private readonly kind: Transport['kind'],
    private readonly channel: RemoteProcess,
    output: Readable,
    private readonly life: Life,
  ) {
    const reader = new FrameReader();
    output.on('data', (chunk: Buffer) => {
      try {
        for (const frame of reader.push(chunk)) this.streams.get(frame.stream)?.take(frame);
      } catch (error) {
        void life.close(lostError(error));
      }
    });
    output.on('error', () => undefined);
    channel.stdin.on('error', () => undefined);
    const alive = setInterval(() => channel.stdin.write(frameOf(frameKind.alive, 0)), aliveEveryMs);
    alive.unref();
    void channel.exited.then(() => {
      this.isOver = true;
      clearInterval(alive);
      for (const stream of this.streams.values()) stream.lose();
      // Without its one session a host is as good as away.
      void life.close(lostError());
    });
  }

  get transport(): SocketTransport {
    return {
      kind: this.kind,
      ...shellCalls({
        outlivesSession: false,
        script: () => this.start({ script: true, command: '' }),
        command: (command) => this.start({ script: false, command }),
      }),
      connect: (address) => this.connect(address),
      onClosed: (listener) => this.life.onClosed(listener),
      close: (reason) => this.life.close(reason),
    };
  }

  private async connect(address: SocketAddress): Promise<Duplex> {
    const stream = this.begin(frameKind.connect, address);
    const failure = await stream.connected();
    if (failure === undefined) return new RemoteSocket(stream);
    throw this.isOver ? lostError() : refusedError(address, failure);
  }

  private start(what: { readonly script: boolean; readonly command: string }): RemoteProcess {
    return this.begin(frameKind.open, what);
  }

  private begin(kind: number, what: unknown): RemoteStream {
    if (this.isOver) throw lostError();
    const id = ++this.lastStream;
    const stream = new RemoteStream((frame, payload, done) => {
      if (this.isOver) done?.();
      else this.channel.stdin.write(frameOf(frame, id, payload), () => done?.());
    });
    this.streams.set(id, stream);
    void stream.exited.then(() => this.streams.delete(id));
    this.channel.stdin.write(frameOf(kind, id, Buffer.from(JSON.stringify(what))));
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
  private onConnected: (failure: string | undefined) => void = () => undefined;
  private readonly connecting = new Promise<string | undefined>((resolve) => (this.onConnected = resolve));
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
        const { code, signal, error } = exitShape.parse(JSON.parse(payload.toString('utf8')));
        this.onConnected(error ?? 'closed');
        this.end({ code: code ?? undefined, signal: signal ?? undefined });
        return;
      }
      case frameKind.connected:
        this.onConnected(undefined);
        return;
    }
  }

  /** Of a socket: why there is no connection; `undefined` when there is one. */
  connected(): Promise<string | undefined> {
    return this.connecting;
  }

  lose(): void {
    this.onConnected('lost');
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

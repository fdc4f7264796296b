import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import type { AttachmentListener, SessionAttachment } from '../hostClient';
import { newNonce } from '../shell/markedRun';
import { NoHandshake, skipToNonce } from '../shell/nonceHandshake';
import type { Transport } from '../transport';
import { endedEarly } from './attachErrors';
import { RpcAttachment, type AttachTimes, type RpcAttachmentOptions } from './rpcAttachment';
import { runnerCommand, type InstalledRunner } from './runnerCommand';

export type { AttachTimes } from './rpcAttachment';

export const defaultAttachTimes: AttachTimes = {
  pingEveryMs: 10_000,
  pingTimeoutMs: 20_000,
  requestTimeoutMs: 30_000,
};
const maxStderrChars = 16 * 1024;

/**
 * Follows one session through `ttt-discover attach`. Rejects with a `RemoteError`; afterwards failures go to
 * `listener.onLost`, once.
 */
export async function attachToSession(
  transport: Transport,
  runner: InstalledRunner,
  session: { readonly sessionId: string; readonly from: number },
  listener: AttachmentListener,
  options: RpcAttachmentOptions,
): Promise<SessionAttachment> {
  const nonce = newNonce();
  const process = await transport.spawn(
    runnerCommand(runner, ['attach', session.sessionId, '--nonce', nonce]),
  );
  let stderr = '';
  process.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString('utf8')).slice(-maxStderrChars);
  });
  try {
    const input = await skipToNonce(process.stdout, nonce);
    const connection = createMessageConnection(
      new StreamMessageReader(input),
      new StreamMessageWriter(process.stdin),
    );
    const attachment = new RpcAttachment(connection, process, session.from, listener, options, () => stderr);
    await attachment.initialize(session.sessionId);
    return attachment;
  } catch (error) {
    process.kill();
    throw error instanceof NoHandshake ? await endedEarly(process, error, stderr) : error;
  }
}

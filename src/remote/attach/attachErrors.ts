import { ErrorCodes, type ResponseError } from 'vscode-jsonrpc/node';
import * as z from 'zod';
import { attachProtocols, protocolMismatch } from '../../protocol/attachRpc';
import { RemoteError } from '../hostClient';
import { lostError } from '../shell/markedRun';
import type { NoHandshake } from '../shell/nonceHandshake';
import { parseReply, runnerError } from './runnerCalls';
import type { RemoteProcess } from '../transport';

/** Why an attach process ended before it answered: the runner's own words where it has printed them. */
export async function endedEarly(
  process: RemoteProcess,
  end: NoHandshake,
  stderr: string,
): Promise<RemoteError> {
  const { code, signal } = await process.exited;
  // Killed, by whomever, also behind a shell (128 and the signal's number): another may live longer.
  if (code === undefined || code > 128) {
    return lostError(signal === undefined ? undefined : new Error(`attach was ended by ${signal}`));
  }
  const reply = end.printed
    .split('\n')
    .map(parseReply)
    .findLast((line) => line?.kind === 'error');
  if (reply?.kind === 'error') return runnerError(reply.message, reply.advice);
  const said = (stderr.trim() || end.printed.trim()).slice(-500);
  return runnerError(
    `The runner's "attach" ended with code ${code}${said === '' ? '.' : `: ${said}`}`,
    undefined,
  );
}

/** The runner and this editor have no version of the protocol in common; says which of the two is to be updated. */
export function versionError(runnerVersion: string, protocols: readonly number[]): RemoteError {
  const isNewer = Math.max(...protocols) > Math.max(...attachProtocols);
  return new RemoteError(
    'protocol',
    `The runner on the host (version ${runnerVersion}) speaks version ${protocols.join(', ')} of the protocol, this editor version ${attachProtocols.join(', ')}.`,
    isNewer
      ? 'Update the extension: the runner is newer. The session goes on meanwhile.'
      : 'Disconnect from the host and connect again, which brings this version of the runner there. The session goes on meanwhile.',
  );
}

/** The runner's advice travels as `data.advice` of the JSON-RPC error. */
export function responseError(error: ResponseError<unknown>): RemoteError {
  const mismatch = protocolMismatch.safeParse(error.data);
  if (mismatch.success) return versionError(mismatch.data.runnerVersion, mismatch.data.protocols);
  if (error.code === ErrorCodes.MethodNotFound) {
    return runnerError(
      'The runner on the host is of an older version and does not know this request.',
      'Disconnect from the host and connect again, which brings this version of the runner there.',
    );
  }
  const data = z.object({ advice: z.string() }).safeParse(error.data);
  return runnerError(error.message, data.data?.advice);
}

export function protocolError(message: string, cause?: z.ZodError): RemoteError {
  return new RemoteError(
    'protocol',
    cause === undefined ? `${message}.` : `${message}: ${z.prettifyError(cause)}`,
    'Disconnect from the host and connect again; if it repeats, the journal on the host is damaged or the versions do not fit.',
    cause === undefined ? undefined : { cause },
  );
}

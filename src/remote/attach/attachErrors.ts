import type { ResponseError } from 'vscode-jsonrpc/node';
import * as z from 'zod';
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
  if (code === undefined && signal === undefined) return lostError();
  const reply = end.printed
    .split('\n')
    .map(parseReply)
    .findLast((line) => line?.kind === 'error');
  if (reply?.kind === 'error') return runnerError(reply.message, reply.advice);
  const said = (stderr.trim() || end.printed.trim()).slice(-500);
  return runnerError(
    `The runner's "attach" ended with code ${code ?? signal ?? ''}${said === '' ? '.' : `: ${said}`}`,
    undefined,
  );
}

/** The runner's advice travels as `data.advice` of the JSON-RPC error. */
export function responseError(error: ResponseError<unknown>): RemoteError {
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

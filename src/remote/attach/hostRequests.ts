import { ResponseError, type MessageConnection } from 'vscode-jsonrpc/node';
import type * as z from 'zod';
import { RemoteError } from '../hostClient';
import { cancelledError, lostError } from '../shell/markedRun';
import type { RemoteProcess } from '../transport';
import { protocolError, responseError } from './attachErrors';

export interface HostRequestsOptions {
  readonly connection: MessageConnection;
  /** What answers. */
  readonly process: RemoteProcess;
  /** What the process has written to its standard error. */
  readonly stderr: () => string;
  /** The attachment was closed or lost. */
  readonly isOver: () => boolean;
}

/** Requests to an attach process: each is answered, or rejects with a `RemoteError`. */
export class HostRequests {
  constructor(private readonly options: HostRequestsOptions) {}

  async ask<T>(method: string, params: unknown, schema: z.ZodType<T>, timeoutMs: number): Promise<T> {
    const { connection, process, stderr, isOver } = this.options;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => reject(lostError(new Error(`no answer to ${method} in ${timeoutMs / 1000} s`))),
        timeoutMs,
      );
    });
    // The process ending is the answer where the connection went with it.
    const gone = process.exited.then((): never => {
      throw lostError(new Error(stderr().trim().slice(-500)));
    });
    gone.catch(() => undefined);
    try {
      const answer: unknown = await Promise.race([connection.sendRequest(method, params), late, gone]);
      const parsed = schema.safeParse(answer);
      if (parsed.success) return parsed.data;
      throw protocolError(`The answer to ${method} is not understood`, parsed.error);
    } catch (error) {
      if (error instanceof RemoteError) throw error;
      if (error instanceof ResponseError) throw responseError(error);
      throw isOver() ? cancelledError() : lostError(error);
    } finally {
      clearTimeout(timer);
    }
  }
}

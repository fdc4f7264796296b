import { ErrorCodes, ResponseError, type MessageConnection } from 'vscode-jsonrpc/node';
import * as z from 'zod';

const named = z.object({ name: z.string(), advice: z.string().optional() });

/** Answers the requests of one method. `act` gets the parameters as the schema reads them; what it rejects with is told with its advice. */
export type Answer = <Params, Result>(
  method: string,
  schema: z.ZodType<Params>,
  act: (params: Params) => Promise<Result>,
) => void;

/** `onRequest`: called for every request, understood or not. */
export function answersOn(connection: MessageConnection, onRequest: () => void): Answer {
  return (method, schema, act) => {
    connection.onRequest(method, async (params: unknown) => {
      onRequest();
      const parsed = schema.safeParse(params);
      if (!parsed.success) return new ResponseError(ErrorCodes.InvalidParams, z.prettifyError(parsed.error));
      try {
        return await act(parsed.data);
      } catch (error) {
        return responseError(error);
      }
    });
  };
}

function responseError(error: unknown): ResponseError<unknown> {
  if (error instanceof ResponseError) return error;
  const { advice } = named.safeParse(error).data ?? {};
  const message = error instanceof Error ? error.message : String(error);
  return new ResponseError(ErrorCodes.UnknownErrorCode, message, advice === undefined ? {} : { advice });
}

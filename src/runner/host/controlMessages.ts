import * as z from 'zod';
import { noteText } from '../../domain/session/notes';
import { sessionSecrets } from '../../protocol/sessionSecrets';

/**
 * Between the runner's own processes of one host, over a session's control socket: one JSON object a line. They may be of
 * different versions, so what is not known is refused by name and otherwise ignored.
 */
const id = z.int();
export const controlRequest = z.discriminatedUnion('request', [
  z.object({ id, request: z.literal('pause'), afterStep: z.boolean().optional() }),
  z.object({ id, request: z.literal('resume') }),
  z.object({ id, request: z.literal('stop'), now: z.boolean().optional() }),
  z.object({ id, request: z.literal('note'), text: noteText }),
  z.object({ id, request: z.literal('remove-notes') }),
  /** A request of its own and no part of `resume`: a runner that does not know it refuses it, and does not go on without. */
  z.object({ id, request: z.literal('provide-secrets'), secrets: sessionSecrets }),
]);
export type ControlRequest = z.infer<typeof controlRequest>;
/** As a client says it; the connection numbers it. */
export type ControlWish = ControlRequest extends infer Request
  ? Request extends ControlRequest
    ? Omit<Request, 'id'>
    : never
  : never;

export const controlMessage = z.union([
  z.object({ id: z.int(), ok: z.literal(true) }),
  z.object({ id: z.int(), ok: z.literal(false), message: z.string(), advice: z.string().optional() }),
  /** The journal has grown to this number. */
  z.object({ seq: z.int() }),
]);
export type ControlMessage = z.infer<typeof controlMessage>;

/** Calls `onLine` for each whole line of a stream of chunks. */
export function lineSplitter(onLine: (line: string) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      const line = rest.subarray(0, end).toString('utf8');
      rest = rest.subarray(end + 1);
      onLine(line);
    }
  };
}

export function parseControl<T>(line: string, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined; // Not JSON: not from us.
  }
}

import * as z from 'zod';
import { parseJson } from '../answers';
import { isSuccess, type Requests } from '../requests';
import type { ServerKind } from '../training';

export type Wire = 'proto' | 'json';

export interface Dialect {
  readonly server: ServerKind;
  /** How forward_backward bodies travel. */
  readonly wire: Wire;
}

const openapi = z.object({
  paths: z.record(
    z.string(),
    z.object({ post: z.object({ requestBody: z.unknown().optional() }).optional() }),
  ),
});

/**
 * What the server speaks, by its own description of itself (`/openapi.json`, which FastAPI servers such as SkyRL have and the
 * hosted service has not): protobuf wherever it is accepted.
 *
 * A SkyRL that describes a JSON body of forward_backward reads only JSON; one without such a body reads protobuf, and JSON too
 * as long as it has /forward.
 */
export async function probeDialect(requests: Requests, signal: AbortSignal): Promise<Dialect> {
  const answer = await requests.send(
    {
      path: '/openapi.json',
      root: true,
      method: 'GET',
      accept: ({ status }) => status < 500 && status !== 429,
    },
    signal,
  );
  const parsed = isSuccess(answer) ? openapi.safeParse(parseJson(answer)) : undefined;
  if (!parsed?.success) return { server: 'hosted', wire: 'proto' };
  const forwardBackward = parsed.data.paths['/api/v1/forward_backward'];
  if (!forwardBackward) return { server: 'hosted', wire: 'proto' };
  return { server: 'skyrl', wire: forwardBackward.post?.requestBody === undefined ? 'proto' : 'json' };
}

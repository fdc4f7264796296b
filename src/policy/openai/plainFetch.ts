import { z } from 'zod';

/** The `fetch` of the OpenAI client, without what the client adds on its own, and with every server's words of errors. */
export const plainFetch: typeof fetch = async (url, init) => {
  return withErrorObject(await fetch(url, { ...init, headers: ownHeaders(init?.headers) }));
};

/** Without those that the client adds about this machine, or from an environment variable that may hold others' secrets. */
function ownHeaders(all: RequestInit['headers']): Headers {
  const names = ['accept', 'authorization', 'content-type', 'user-agent'];
  return new Headers([...new Headers(all)].filter(([name]) => names.includes(name)));
}

/** The client drops what an error says unless it is under `error`, as OpenAI's are; those of other servers are put there. */
async function withErrorObject(response: Response): Promise<Response> {
  if (response.ok) return response;
  const text = await response.text();
  const { status, statusText, headers } = response;
  return new Response(isErrorObject(text) ? text : JSON.stringify({ error: errorIn(text) }), {
    status,
    statusText,
    headers,
  });
}

function isErrorObject(text: string): boolean {
  return z.object({ error: z.unknown().refine(Boolean) }).safeParse(jsonOf(text)).success;
}

function errorIn(text: string): unknown {
  const body = jsonOf(text);
  return z.object({ message: z.string() }).safeParse(body).success ? body : text;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

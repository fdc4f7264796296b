import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import type { Policy } from '../../../src/policy/policy';
import { ModelServerError } from '../../../src/policy/openai/serverErrors';
import type { OpenAiSettings } from '../../../src/policy/openai/settings';
import { breakOff, hangUp, raw, refuse, say, sayWhole, silence, stream, type Reply } from './chatStub';
import { benchOf, errorOf, proposalsOf, requestOf, secret } from './policyBench';

const good = say('```python\nx = 1\n```');

async function serverErrorOf(policy: Policy): Promise<ModelServerError> {
  const error = await errorOf(policy);
  if (error instanceof ModelServerError) return error;
  throw error;
}

describe('an error of the server', () => {
  it.each<[string, Reply, string, string, string]>([
    [
      'a wrong key',
      refuse(401, { message: 'Incorrect API key provided: sk-ve****6789.', code: 'invalid_api_key' }),
      'ApiKeyRefusedError',
      'refuses the key (status 401): "Incorrect API key provided: [key]',
      'wrong, expired or of another service',
    ],
    [
      'a key without rights',
      refuse(403, { message: 'Not for you.' }),
      'ApiKeyRefusedError',
      'status 403): "Not for you."',
      'Check that the key may use this model',
    ],
    [
      'an empty account',
      refuse(
        429,
        { message: 'You exceeded your quota.', code: 'insufficient_quota' },
        { 'retry-after': '1' },
      ),
      'QuotaExhaustedError',
      'has no quota left',
      'Add credit',
    ],
    [
      'a payment due',
      refuse(402, { message: 'Insufficient credits' }),
      'QuotaExhaustedError',
      'credits',
      'credit',
    ],
    [
      'a long prompt, OpenAI',
      refuse(400, { message: 'Too long.', code: 'context_length_exceeded' }),
      'ContextTooLongError',
      'too long for the model',
      'a smaller maxTokens',
    ],
    [
      'a long prompt, vLLM',
      refuse(400, {
        message: "This model's maximum context length is 4096 tokens. However, you requested 9000.",
      }),
      'ContextTooLongError',
      '4096',
      'longer context',
    ],
    [
      'a content filter',
      refuse(400, { message: "Triggering Azure's content management policy.", code: 'content_filter' }),
      'ContentRefusedError',
      'content filter',
      'reworded statement',
    ],
    [
      'a long prompt, in a body of another shape',
      raw(
        '{"object":"error","message":"maximum context length is 4096","code":400}',
        'application/json',
        400,
      ),
      'ContextTooLongError',
      '4096',
      'longer context',
    ],
    [
      'a setting it does not take',
      refuse(400, { message: "Unsupported value: 'temperature'.", param: 'temperature' }),
      'RequestRefusedError',
      'does not accept the request (status 400): "Unsupported value: \'temperature\'."',
      'that setting',
    ],
    [
      'a validation error of another shape',
      raw('{"detail":[{"loc":["body","model"],"msg":"Field required"}]}', 'application/json', 422),
      'RequestRefusedError',
      'Field required',
      'that setting',
    ],
  ])('about %s is told at once, with advice', async (_, reply, name, words, advice) => {
    const { stub, clock, policy } = await benchOf(() => reply);
    const error = await serverErrorOf(policy);
    expect(error.name).toBe(name);
    expect(error.message).toContain(words);
    expect(error.message).toContain(stub.baseUrl);
    expect(error.advice).toContain(advice);
    expect(stub.calls).toHaveLength(1);
    expect(clock.pausesMs).toEqual([]);
  });

  it('about a missing key says that none was sent', async () => {
    const { policy } = await benchOf(() => refuse(401, { message: 'No key.' }), {
      apiKey: () => Promise.resolve(undefined),
    });
    const error = await serverErrorOf(policy);
    expect(error.message).toContain('refuses requests without a key');
    expect(error.advice).toContain('Give a valid key');
  });

  it('about a model that it does not have lists those that it has', async () => {
    const { stub, policy } = await benchOf(
      () => refuse(404, { message: 'The model `stub-modle` does not exist.' }),
      {
        model: 'stub-modle',
      },
    );
    stub.models = ['stub-model', 'other'];
    const error = await serverErrorOf(policy);
    expect(error).toMatchObject({ name: 'ModelNotFoundError', available: ['stub-model', 'other'] });
    expect(error.message).toContain('has no model "stub-modle"');
    expect(error.advice).toBe(
      'Did you mean "stub-model"? Load the model on the server, then resume; or start a new session with another. It has: stub-model, other.',
    );
  });

  it('about a model, as a bad request, is understood too', async () => {
    const { policy } = await benchOf(
      () => refuse(400, { message: 'invalid model', code: 'model_not_found' }),
      {
        model: 'x',
      },
    );
    expect((await serverErrorOf(policy)).name).toBe('ModelNotFoundError');
  });

  it('about an address without a chat endpoint points to the base address', async () => {
    const { stub, policy } = await benchOf(() => refuse(404, { message: 'Not Found' }));
    stub.models = undefined;
    const error = await serverErrorOf(policy);
    expect(error.name).toBe('EndpointNotFoundError');
    expect(error.advice).toContain('/v1');
  });

  it('cancels the rest of the group, after what had come', async () => {
    const { stub, policy } = await benchOf(async ({ index }) => {
      if (index === 0) return good;
      if (index === 2) {
        await vi.waitFor(() => expect([seen.length, stub.calls.length]).toEqual([1, 4]), { timeout: 30_000 });
        return refuse(401, { message: 'expired' });
      }
      return silence;
    });
    const seen: number[] = [];
    await expect(
      (async () => {
        for await (const { member } of policy.propose(requestOf(4), new AbortController().signal))
          seen.push(member);
      })(),
    ).rejects.toThrow('expired');
    expect(seen).toHaveLength(1);
    await Promise.all([1, 3].map((index) => stub.calls[index]!.left));
  });
});

describe('a passing failure', () => {
  it.each<[string, Reply]>([
    ['a full server', refuse(503, { message: 'overloaded' })],
    ['an internal error', raw('<html>Bad Gateway</html>', 'text/html', 502)],
    ['a connection that is cut', hangUp],
    ['an answer that breaks off', breakOff],
    ['a stream of nonsense', raw('data: {"choices": [}\n\n', 'text/event-stream')],
    ['a stream without an end', stream({ choices: [{ delta: { content: '```python\nx' } }] })],
    ['a page in place of an answer', raw('<html></html>', 'text/html')],
    ['JSON that is no answer', raw('{"hello": 1}', 'application/json')],
    ['an answer without choices', raw('{"choices": []}', 'application/json')],
    ['an error in a stream', stream({ error: { message: 'CUDA out of memory', type: 'server_error' } })],
    ['an error in an answer', raw('{"error": {"message": "upstream", "code": 502}}', 'application/json')],
  ])('such as %s is tried again', async (_, reply) => {
    const { clock, policy } = await benchOf(({ index }) => (index < 2 ? reply : good));
    const [proposal] = await proposalsOf(policy, requestOf(1));
    expect(proposal).toMatchObject({ text: 'x = 1\n', trace: { attempts: 3 } });
    expect(clock.pausesMs).toHaveLength(2);
    expect(clock.pausesMs[0]).toBeGreaterThanOrEqual(500);
    expect(clock.pausesMs[1]).toBeGreaterThanOrEqual(1000);
    expect(clock.openTimers).toBe(0);
  });

  it.each<[string, Reply, string, string]>([
    [
      'a broken server',
      refuse(500, { message: 'boom' }),
      'ServerFailedError',
      'failed with status 500: "boom"',
    ],
    ['a cut connection', hangUp, 'ServerUnreachableError', 'cannot be reached ('],
    ['nonsense', raw('hello', 'application/json'), 'MalformedAnswerError', 'cannot be read'],
  ])('that lasts is told: %s', async (_, reply, name, words) => {
    const { stub, clock, policy } = await benchOf(() => reply);
    const error = await serverErrorOf(policy);
    expect(error.name).toBe(name);
    expect(error.message).toContain(words);
    expect(stub.calls).toHaveLength(8);
    expect(Math.max(...clock.pausesMs)).toBeLessThanOrEqual(60_000);
  });

  it('of a server that is not there is told with its address', async () => {
    const { stub, policy } = await benchOf(() => good);
    await stub.stop();
    const error = await serverErrorOf(policy);
    expect(error).toMatchObject({ name: 'ServerUnreachableError', code: 'ECONNREFUSED' });
    expect(error.message).toContain(stub.baseUrl);
    expect(error.advice).toContain('Check that the server runs');
  });

  it('of an answer that takes too long is ended, tried once more, and told', async () => {
    const { stub, clock, policy } = await benchOf(() => silence);
    clock.losePatience();
    const error = await serverErrorOf(policy);
    expect(error.name).toBe('AnswerTimeoutError');
    expect(error.message).toContain('within 1800 s');
    expect(stub.calls.length).toBeLessThanOrEqual(2);
    await Promise.all(stub.calls.map(({ left }) => left));
  });
});

describe('too many requests', () => {
  const full = (headers: Readonly<Record<string, string>> = {}): Reply =>
    refuse(429, { message: 'slow down', code: 'rate_limit_exceeded' }, headers);

  it.each([
    ['seconds', { 'retry-after': '7' }, 7000],
    ['milliseconds', { 'retry-after-ms': '250', 'retry-after': '7' }, 250],
    ['a date', { 'retry-after': 'Thu, 01 Jan 2026 00:00:09 GMT' }, 9000],
  ])('are tried again after the %s that the server asks for', async (_, headers, askedMs) => {
    const { clock, policy } = await benchOf(({ index }) => (index === 0 ? full(headers) : good));
    expect(await proposalsOf(policy, requestOf(1))).toMatchObject([{ trace: { attempts: 2 } }]);
    expect(clock.pausesMs[0]).toBeGreaterThanOrEqual(askedMs);
    expect(clock.pausesMs[0]).toBeLessThanOrEqual(askedMs + 1000);
  });

  it('hold back all requests, not only the one refused', async () => {
    const { stub, clock, policy } = await benchOf(
      ({ index }) => (index === 0 ? full({ 'retry-after': '20' }) : good),
      {
        requestConcurrency: 1,
      },
    );
    expect(await proposalsOf(policy, requestOf(4))).toHaveLength(4);
    expect(stub.calls).toHaveLength(5);
    // One pause; the others found the way open.
    expect(clock.pausesMs).toHaveLength(1);
  });

  it('in a storm are ridden out', async () => {
    const { stub, policy } = await benchOf(({ index }) => (index % 4 === 3 ? good : full()), {
      requestConcurrency: 8,
    });
    const proposals = await proposalsOf(policy, requestOf(32));
    expect(proposals).toHaveLength(32);
    expect(stub.calls.length).toBe(32 * 4);
  });

  it('that never end are told, after the time that they may take', async () => {
    const { clock, policy } = await benchOf(() => full(), { maxRetryWaitMs: 120_000, requestConcurrency: 4 });
    const error = await serverErrorOf(policy);
    expect(error.name).toBe('RateLimitedError');
    expect(error.advice).toContain('a lower requestConcurrency');
    expect(clock.monotonicMs()).toBeLessThanOrEqual(120_000);
    expect(clock.monotonicMs()).toBeGreaterThan(30_000);
  });

  it('with a pause longer than that are told at once', async () => {
    const { stub, policy } = await benchOf(() => full({ 'retry-after': '7200' }));
    const error = await serverErrorOf(policy);
    expect(error.advice).toContain('It asks to wait 7200 s.');
    expect(stub.calls).toHaveLength(1);
    // Whoever resumes the session earlier finds out anew.
    await serverErrorOf(policy);
    expect(stub.calls).toHaveLength(2);
  });
});

describe('a server with other habits', () => {
  it('that wants the newer name of the limit gets it, for all requests from then on', async () => {
    const { stub, policy } = await benchOf(
      ({ body }) =>
        'max_tokens' in body
          ? refuse(400, {
              message: "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
              param: 'max_tokens',
            })
          : good,
      { maxTokens: 50, requestConcurrency: 2 },
    );
    expect(await proposalsOf(policy, requestOf(4))).toHaveLength(4);
    expect(stub.calls.filter(({ body }) => 'max_tokens' in body).length).toBeLessThanOrEqual(2);
    expect(stub.calls.at(-1)!.body['max_completion_tokens']).toBe(50);
  });

  it('that wants both is understood in the end', async () => {
    const { policy } = await benchOf(
      ({ body }) =>
        'stream_options' in body
          ? refuse(400, { message: 'unknown field stream_options' })
          : 'max_tokens' in body
            ? refuse(400, { message: "Use 'max_completion_tokens'." })
            : good,
      { maxTokens: 50 },
    );
    expect(await proposalsOf(policy, requestOf(3))).toHaveLength(3);
  });

  it('that does not know usage in streams is not asked for it', async () => {
    const { policy } = await benchOf(({ body }) =>
      'stream_options' in body ? refuse(422, { message: 'Unrecognized field stream_options' }) : good,
    );
    expect(await proposalsOf(policy, requestOf(2))).toHaveLength(2);
  });
});

describe('a program that grew too long', () => {
  it('fails its children, not the session', async () => {
    const { policy } = await benchOf(() => refuse(400, { message: 'x', code: 'context_length_exceeded' }));
    const proposals = await proposalsOf(policy, requestOf(2, 'print(0)  # and more\n'));
    expect(proposals.map(({ failure }) => failure)).toEqual([
      expect.stringContaining('too long for the model'),
      expect.stringContaining('too long for the model'),
    ]);
  });
});

describe('the key', () => {
  const echoing: readonly Reply[] = [
    refuse(401, { message: `Bad key ${secret}`, code: secret, param: secret }),
    refuse(400, { message: `Authorization: Bearer ${secret} is odd` }),
    refuse(404, { message: `no such model for ${secret}` }),
    refuse(429, { message: `slow down, ${secret}` }, { 'retry-after': '99999' }),
    refuse(500, { message: `failed for ${secret}` }),
    raw(`<html>${secret}</html>`, 'text/html', 502),
    raw(`{"oops": ${secret}`, 'application/json'),
    raw(`data: ${secret}\n\n`, 'text/event-stream'),
    stream({ error: { message: `stream of ${secret}`, type: 'invalid_request_error' } }),
    stream({ choices: secret }),
    sayWhole('', 'stop', `I refuse ${secret}`),
    hangUp,
  ];

  it.each(echoing.map((reply, index) => [index, reply] as const))(
    'is in no error, log, proposal or saved state, even if the server repeats it (%d)',
    async (_, reply) => {
      const logged = ['log', 'info', 'warn', 'error', 'debug'].map((level) =>
        vi.spyOn(console, level as 'log').mockImplementation(() => undefined),
      );
      const { stub, policy } = await benchOf(() => reply);
      stub.models = [`model-of-${secret}`];
      const said: unknown[] = [];
      for (const parent of ['print(0)\n', 'print(0)  # grown\n']) {
        try {
          said.push(await proposalsOf(policy, requestOf(1, parent)));
        } catch (error) {
          said.push(error, error instanceof Error ? [error.stack, error.cause] : []);
        }
      }
      said.push(
        policy,
        policy.save(),
        await policy.update([], { train: false }, new AbortController().signal),
      );
      said.push(logged.flatMap((spy) => spy.mock.calls));
      vi.restoreAllMocks();
      const everything = said
        .map((one) => inspect(one, { depth: 20, showHidden: true }) + JSON.stringify(one))
        .join();
      expect(stub.calls[0]!.headers.authorization).toBe(`Bearer ${secret}`);
      expect(everything).not.toContain(secret);
      expect(everything).not.toContain('secret0123');
    },
  );

  it.each<[string, () => Promise<string>]>([
    ['cannot be read', () => Promise.reject(new Error(`keyring: ${secret}`))],
    ['has a line end inside', () => Promise.resolve(`${secret}\nX-Other: 1`)],
  ])('that %s stops the request without being told', async (_, apiKey) => {
    const { stub, policy } = await benchOf(() => good, { apiKey });
    const error = await serverErrorOf(policy);
    expect(error.name).toBe('ApiKeyUnavailableError');
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(secret);
    expect(stub.calls).toHaveLength(0);
  });
});

describe('settings', () => {
  it.each<[Partial<OpenAiSettings>, string]>([
    [{ baseUrl: `http://user:${secret}@127.0.0.1/v1` }, 'no user, password, query or fragment'],
    [{ baseUrl: `http://127.0.0.1/v1?key=${secret}` }, 'no user, password, query or fragment'],
    [{ baseUrl: `ftp://${secret}/v1` }, 'must be a web address'],
    [{ baseUrl: secret }, 'must be a web address'],
    [{ model: ' ' }, 'The name of the model is empty.'],
    [{ requestConcurrency: 0 }, 'requestConcurrency must be a whole number from 1, not 0.'],
    [{ maxTokens: 1.5 }, 'maxTokens must be a whole number from 1, not 1.5.'],
    [{ temperature: -1 }, 'temperature must be a number from 0, not -1.'],
  ])('that cannot work are refused without a key in the words (%#)', async (settings, words) => {
    const refusal = benchOf(() => good, settings);
    await expect(refusal).rejects.toThrow(words);
    await expect(refusal).rejects.not.toThrow(secret);
  });
});

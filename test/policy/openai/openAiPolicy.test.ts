import { describe, expect, it, vi } from 'vitest';
import { PromptTooLongError } from '../../../src/domain/prompt/buildPrompt';
import { languageOf } from '../../../src/domain/problem/language';
import { defaultLimits } from '../../../src/domain/problem/problem';
import {
  createOpenAiPolicy,
  FrozenModelError,
  OpenAiPolicyStateError,
} from '../../../src/policy/openai/openAiPolicy';
import { say, sayWhole, silence, stream, usage, type Reply } from './chatStub';
import { benchOf, proposalsOf, requestOf, secret } from './policyBench';
import { HastyClock } from './hastyClock';

const program = (text: string): Reply => say(`Think.\n\`\`\`python\n${text}\n\`\`\`\n`);
const facts = {
  statement: 'Print a number.',
  language: languageOf('a.py'),
  metric: { name: 'score', goal: 'maximize' },
  limits: defaultLimits,
  answer: 'program',
  maxCharacters: 100_000,
  maxFeedbackCharacters: 2000,
} as const;

describe('a group', () => {
  it('is one request a member, each with the prompt, the model, the key and the temperature', async () => {
    const { stub, policy } = await benchOf(({ index }) => program(`print(${index})`), { maxTokens: 500 });
    const proposals = await proposalsOf(policy, requestOf(3));
    expect(proposals.map(({ member }) => member).sort()).toEqual([0, 1, 2]);
    expect(proposals.map(({ text }) => text).sort()).toEqual(['print(0)\n', 'print(1)\n', 'print(2)\n']);
    expect(proposals.every(({ failure }) => failure === undefined)).toBe(true);
    for (const { body, headers } of stub.calls) {
      expect(body).toMatchObject({ model: 'stub-model', temperature: 1, max_tokens: 500, stream: true });
      expect(body['n']).toBeUndefined();
      expect(body['seed']).toBeUndefined();
      expect(body.messages).toHaveLength(1);
      expect(body.messages[0]!.content).toContain('Print a number.');
      expect(headers.authorization).toBe(`Bearer ${secret}`);
      expect(headers['openai-organization']).toBeUndefined();
    }
  });

  it('is told what a person noted', async () => {
    const { stub, policy } = await benchOf(() => program('print(1)'));
    await proposalsOf(policy, { ...requestOf(1), notes: ['Print a prime.'] });
    expect(stub.calls[0]?.body.messages[0]?.content).toMatch(/## Hints.*Print a prime\./s);
  });

  it('comes member by member, the quickest first', async () => {
    let answerFirst = (): void => undefined;
    const slow = new Promise<void>((resolve) => {
      answerFirst = resolve;
    });
    const { policy } = await benchOf(async ({ index }) => {
      if (index === 0) await slow;
      return program(`print(${index})`);
    });
    const proposals = policy.propose(requestOf(2), new AbortController().signal)[Symbol.asyncIterator]();
    expect((await proposals.next()).value).toMatchObject({ text: 'print(1)\n' });
    answerFirst();
    expect((await proposals.next()).value).toMatchObject({ text: 'print(0)\n' });
    expect((await proposals.next()).done).toBe(true);
  });

  it('has no more requests at once than allowed, over all groups', async () => {
    const { stub, policy } = await benchOf(
      async ({ index }) => {
        // The first ones stay open until as many as may have come.
        if (index < 3) await vi.waitFor(() => expect(stub.calls.length).toBeGreaterThanOrEqual(3));
        return program('x = 1');
      },
      { requestConcurrency: 3 },
    );
    await Promise.all([proposalsOf(policy, requestOf(8)), proposalsOf(policy, requestOf(8))]);
    expect(stub.calls).toHaveLength(16);
    expect(stub.busiest).toBe(3);
  });

  it('is only the members wanted', async () => {
    const { stub, policy } = await benchOf(() => program('x = 1'));
    const proposals = await proposalsOf(policy, { ...requestOf(1), members: [5] });
    expect(proposals.map(({ member }) => member)).toEqual([5]);
    expect(stub.calls).toHaveLength(1);
  });

  it('is the same with answers in one piece, asked for or not', async () => {
    const wholly = await benchOf(() => program('x = 1'), { stream: false });
    expect((await proposalsOf(wholly.policy, requestOf(1)))[0]!.text).toBe('x = 1\n');
    expect(wholly.stub.calls[0]!.body.stream).toBe(false);
    const unasked = await benchOf(() => sayWhole('```python\nx = 1\n```'));
    expect((await proposalsOf(unasked.policy, requestOf(1)))[0]!.text).toBe('x = 1\n');
  });

  it('sends seeds where wanted: others for each member, the same again for the same member', async () => {
    const { stub, policy } = await benchOf(() => program('x = 1'), { sendSeed: true });
    await proposalsOf(policy, requestOf(2));
    await proposalsOf(policy, requestOf(2));
    const seeds = stub.calls.map(({ body }) => body['seed']);
    expect(new Set(seeds).size).toBe(2);
    expect(seeds.slice(0, 2).sort()).toEqual(seeds.slice(2).sort());
  });

  it('needs no key where the server needs none', async () => {
    const { stub, policy } = await benchOf(() => program('x = 1'), {
      apiKey: () => Promise.resolve(undefined),
    });
    await proposalsOf(policy, requestOf(1));
    expect(stub.calls[0]!.headers.authorization).toBeUndefined();
  });

  it('asks for the key before each request', async () => {
    let count = 0;
    const { stub, policy } = await benchOf(() => program('x = 1'), {
      apiKey: () => Promise.resolve(`key-number-${++count}`),
    });
    await proposalsOf(policy, requestOf(2));
    expect(stub.calls.map(({ headers }) => headers.authorization).sort()).toEqual([
      'Bearer key-number-1',
      'Bearer key-number-2',
    ]);
  });

  it('takes nothing from environment variables meant for other programs', async () => {
    vi.stubEnv('OPENAI_API_KEY', 'sk-of-another-program');
    vi.stubEnv('OPENAI_ORG_ID', 'org');
    vi.stubEnv('OPENAI_CUSTOM_HEADERS', 'X-Other: 1\nAuthorization: Bearer other');
    const { stub, policy } = await benchOf(() => program('x = 1'), {
      apiKey: () => Promise.resolve(undefined),
    });
    await proposalsOf(policy, requestOf(1));
    vi.unstubAllEnvs();
    const { headers } = stub.calls[0]!;
    expect(headers.authorization).toBeUndefined();
    expect(headers['openai-organization']).toBeUndefined();
    expect(headers['x-other']).toBeUndefined();
    expect(Object.keys(headers).filter((name) => name.startsWith('x-'))).toEqual([]);
  });
});

describe('an answer', () => {
  it.each([
    ['without a block', say('No.'), 'The answer has no fenced code block; a Python program was asked for.'],
    ['that is empty', say(''), 'The answer is empty.'],
    [
      'cut in its reasoning',
      say('<think>```python\nx\n```', { finish: 'length' }),
      'The answer was cut before its end: The answer is empty.',
    ],
    [
      'that refuses',
      say('', { refusal: 'I cannot help with that.' }),
      'The model refused to answer. It said: "I cannot help with that."',
    ],
    ['filtered', say('```python\nx', { finish: 'content_filter' }), 'The model refused to answer.'],
  ])('%s is a proposal with its failure', async (_, reply, failure) => {
    const { policy } = await benchOf(() => reply);
    expect(await proposalsOf(policy, requestOf(1))).toMatchObject([{ member: 0, failure, note: failure }]);
  });

  it('that was cut within its program is that program', async () => {
    const { policy } = await benchOf(() => say('```python\nx = 1\ny =', { finish: 'length' }));
    const [proposal] = await proposalsOf(policy, requestOf(1));
    expect(proposal).toMatchObject({ text: 'x = 1\ny =\n', trace: { finish: 'cut' } });
    expect(proposal!.failure).toBeUndefined();
  });

  it('does not count what the server says is reasoning', async () => {
    const reasoning = { choices: [{ delta: { reasoning_content: '```python\nwrong\n```' } }] };
    const final = { choices: [{ delta: { content: '```python\nright\n```' }, finish_reason: 'stop' }] };
    const { policy } = await benchOf(() => stream(reasoning, final));
    expect((await proposalsOf(policy, requestOf(1)))[0]!.text).toBe('right\n');
  });

  it('that is asked for as text is the candidate as it is, without its reasoning', async () => {
    const answers = ['<think>\nHm.\n</think>1 2 3\n', '<think>\nHm.\n</think>\n'];
    const { policy } = await benchOf(
      ({ index }) => say(answers[index]!),
      {},
      { facts: { ...facts, answer: 'text' } },
    );
    expect((await proposalsOf(policy, requestOf(1)))[0]).toMatchObject({ text: '1 2 3\n' });
    expect((await proposalsOf(policy, requestOf(1)))[0]).toMatchObject({ failure: 'The answer is empty.' });
  });

  it('in edits is applied to the parent, or fails as a whole', async () => {
    const answers = [
      '<<<<<<< SEARCH\nb = 2\n=======\nb = 3\n>>>>>>> REPLACE',
      '<<<<<<< SEARCH\nb = 9\n=======\nb = 3\n>>>>>>> REPLACE',
    ];
    const { policy } = await benchOf(
      ({ index }) => say(answers[index]!),
      {},
      { facts: { ...facts, answer: 'edits' } },
    );
    const parent = 'a = 1\nb = 2\n';
    expect((await proposalsOf(policy, requestOf(1, parent)))[0]).toMatchObject({ text: 'a = 1\nb = 3\n' });
    expect((await proposalsOf(policy, requestOf(1, parent)))[0]).toMatchObject({
      text: answers[1],
      failure: 'Edit 1 is not found in the program. It begins with:\nb = 9',
      note: 'Edit 1 is not found in the program. It begins with:',
    });
  });
});

describe('tokens', () => {
  it('are counted in each proposal, in the gauges, and over a restart', async () => {
    const { policy } = await benchOf(({ index }) => (index === 0 ? say('no program') : program('x = 1')));
    const proposals = await proposalsOf(policy, requestOf(3));
    const counted = { promptTokens: usage.prompt_tokens, sampledTokens: usage.completion_tokens };
    for (const proposal of proposals) {
      expect(proposal.usage).toEqual(counted);
      expect(proposal.trace).toEqual({ finish: 'complete', attempts: 1 });
    }
    const signal = new AbortController().signal;
    expect((await policy.update([], { train: false }, signal)).gauges).toEqual({
      requests: 3,
      promptTokens: 300,
      completionTokens: 60,
      answersCut: 0,
      answersRefused: 0,
      answersWithoutProgram: 1,
      totalPromptTokens: 300,
      totalCompletionTokens: 60,
    });
    expect((await policy.update([], { train: false }, signal)).gauges).toMatchObject({
      requests: 0,
      totalPromptTokens: 300,
    });
    const later = await benchOf(() => program('x = 1'));
    later.policy.restore(policy.save());
    await proposalsOf(later.policy, requestOf(1));
    expect((await later.policy.update([], { train: false }, signal)).gauges).toMatchObject({
      promptTokens: 100,
      totalPromptTokens: 400,
    });
    expect(() => later.policy.restore({ version: 7 })).toThrow(OpenAiPolicyStateError);
  });

  it('are left out where the server does not count', async () => {
    const { policy } = await benchOf(() =>
      stream({ choices: [{ delta: { content: '```python\nx\n```' }, finish_reason: 'stop' }] }),
    );
    expect((await proposalsOf(policy, requestOf(1)))[0]!.trace).toEqual({ finish: 'complete', attempts: 1 });
  });
});

describe('cancelling', () => {
  it('ends the requests, also those that wait for their turn', async () => {
    const { stub, policy, clock } = await benchOf(() => silence, { requestConcurrency: 2 });
    const cancelling = new AbortController();
    const done = proposalsOf(policy, requestOf(5), cancelling.signal);
    await vi.waitFor(() => expect(stub.calls).toHaveLength(2));
    const reason = new Error('paused');
    cancelling.abort(reason);
    await expect(done).rejects.toBe(reason);
    await Promise.all(stub.calls.map(({ left }) => left));
    expect(stub.calls).toHaveLength(2);
    await vi.waitFor(() => expect(clock.openTimers).toBe(0));
  });

  it('is what a consumer does that stops reading', async () => {
    const { stub, policy } = await benchOf(({ index }) => (index === 0 ? program('x = 1') : silence));
    for await (const proposal of policy.propose(requestOf(3), new AbortController().signal)) {
      expect(proposal.text).toBe('x = 1\n');
      await vi.waitFor(() => expect(stub.calls).toHaveLength(3));
      break;
    }
    await Promise.all(stub.calls.slice(1).map(({ left }) => left));
  });

  it('before the beginning sends nothing', async () => {
    const { stub, policy } = await benchOf(() => silence);
    await expect(proposalsOf(policy, requestOf(1), AbortSignal.abort(new Error('over')))).rejects.toThrow(
      'over',
    );
    expect(stub.calls).toHaveLength(0);
  });
});

describe('a prompt too long', () => {
  it('is the fault of a parent that grew, else of the problem', async () => {
    const { stub, policy } = await benchOf(
      () => program('x'),
      {},
      { facts: { ...facts, maxCharacters: 1000 } },
    );
    const grown = await proposalsOf(policy, requestOf(2, 'x = 1\n'.repeat(300)));
    expect(grown.map(({ failure }) => failure)).toEqual([
      expect.stringContaining('need'),
      expect.stringContaining('need'),
    ]);
    expect(stub.calls).toHaveLength(0);
    const tight = await benchOf(() => program('x'), {}, { facts: { ...facts, maxCharacters: 100 } });
    await expect(proposalsOf(tight.policy, requestOf(1))).rejects.toThrow(PromptTooLongError);
  });
});

describe('a method that trains', () => {
  it('is refused', () => {
    const clock = new HastyClock(1);
    const settings = { baseUrl: 'http://127.0.0.1:1/v1', model: 'm' };
    expect(() =>
      createOpenAiPolicy({
        settings: {
          ...settings,
          requestConcurrency: 1,
          requestTimeoutMs: 1,
          maxRetryWaitMs: 1,
          stream: true,
          sendSeed: false,
        },
        facts,
        initialText: '',
        method: 'ttt-discover',
        clock,
      }),
    ).toThrow(FrozenModelError);
  });
});

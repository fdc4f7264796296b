import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { decodeSample } from '../../../../src/policy/tinker/sampling/sampleBlob';
import { sampleTrace } from '../../../../src/policy/tinker/state';
import { answer } from '../../../support/fakeTinker/faults';
import type { Proposal } from '../../../../src/policy/policy';
import { benchOf, errorOf, learn, membersUpTo, never, proposalsOf, requestOf, type Bench } from './bench';

const retrieve = '/retrieve_future';
const seedIn = z.object({ sampling_params: z.object({ seed: z.int() }) });

interface FakeSequence {
  readonly tokens: readonly number[];
  readonly logprobs?: readonly (number | null)[];
  readonly stop?: boolean;
}

/** The next sample has these sequences. Opens the policy before, as that takes results too. */
function nextSample(bench: Bench, ...sequences: readonly FakeSequence[]): void {
  const body = {
    sequences: sequences.map(({ tokens, logprobs, stop = true }) => ({
      stop_reason: stop ? 'stop' : 'length',
      tokens,
      logprobs: logprobs ?? tokens.map(() => -1),
    })),
  };
  bench.server.faults.next(retrieve, answer(200, body));
}

const storedOf = (bench: Bench, { trace }: Proposal) =>
  decodeSample(bench.blobs.held.get(sampleTrace.parse(trace).blob)!);

describe('an answer', () => {
  it('is kept as it was sampled, and its tokens are counted', async () => {
    const bench = await benchOf();
    const policy = bench.policy();
    const [first] = await proposalsOf(policy, requestOf(0, [0]));
    await policy.update([], { train: false }, never);
    nextSample(bench, { tokens: [4, 4, 10] }, { tokens: [0, 1, 2, 3, 4, 5], stop: false });
    const [stopped, cut] = await proposalsOf(policy, requestOf(3, [0, 1], { group: 2 }));
    const promptTokens = first!.usage!.promptTokens;
    expect(stopped).toMatchObject({ member: 0, text: 'ee', usage: { promptTokens, sampledTokens: 3 } });
    // The prompt was read once for both.
    expect(cut).toMatchObject({ member: 1, text: 'abcdef', usage: { promptTokens: 0, sampledTokens: 6 } });
    const stored = storedOf(bench, stopped!);
    expect(stored).toMatchObject({ step: 3, group: 2, member: 0 });
    expect(stored.promptTokens).toHaveLength(promptTokens);
    expect(Array.from(stored.answerTokens)).toEqual([4, 4, 10]);
    expect(Array.from(stored.logprobs)).toEqual([-1, -1, -1]);
    expect(Array.from(stored.sampled)).toEqual([1, 1, 1]);
    const { gauges } = await policy.update([], { train: false }, never);
    expect(gauges).toMatchObject({
      answers: 2,
      answersCut: 1,
      answersMalformed: 0,
      answersUnusable: 0,
      promptTokens,
      sampledTokens: 9,
      answerTokensMean: 4.5,
      entropy: 1,
    });
  });

  it('is to a longer prompt where a person left a note', async () => {
    const policy = (await benchOf()).policy();
    const [plain] = await proposalsOf(policy, requestOf(0, [0]));
    const [noted] = await proposalsOf(policy, { ...requestOf(0, [0]), notes: ['abc'] });
    expect(noted!.usage!.promptTokens).toBeGreaterThan(plain!.usage!.promptTokens);
  });

  it('without a candidate is a failure that is learned from', async () => {
    const bench = await benchOf();
    const policy = bench.policy();
    await proposalsOf(policy, requestOf(0, [0]));
    nextSample(bench, { tokens: [10] }, { tokens: [4, 10] });
    const [empty, good] = await proposalsOf(policy, requestOf(0, [0, 1]));
    expect(empty).toMatchObject({ failure: 'The answer is empty.', note: 'The answer is empty.' });
    expect(storedOf(bench, empty!).answerTokens).toHaveLength(1);
    const { gauges } = await learn(policy, 0, [empty!, good!, { ...good!, member: 2 }]);
    expect(gauges).toMatchObject({ answersWithoutProgram: 1, trainedAnswers: 3 });
  });

  it('of a program is looked for in its block', async () => {
    const bench = await benchOf();
    const policy = bench.policy({ model: { answer: 'program' } });
    const [proposal] = await proposalsOf(policy, requestOf(0, [0]));
    expect(proposal!.failure).toMatch(/block|empty/);
    expect(proposal!.trace).toBeDefined();
  });

  it('with a token outside the vocabulary costs that member alone', async () => {
    const bench = await benchOf();
    const policy = bench.policy();
    await proposalsOf(policy, requestOf(0, [0]));
    nextSample(bench, { tokens: [4, 12] }, { tokens: [4, 10] });
    const [outside, good] = await proposalsOf(policy, requestOf(0, [0, 1]));
    expect(outside!.failure).toContain('Token 12 at position 1');
    expect(outside!.trace).toBeUndefined();
    expect(good).toMatchObject({ text: 'e' });
  });

  it('with a NaN among its log-probabilities costs that member alone', async () => {
    const bench = await benchOf();
    const policy = bench.policy();
    await proposalsOf(policy, requestOf(0, [0]));
    nextSample(bench, { tokens: [4, 10] }, { tokens: [4, 10], logprobs: [-1, null] });
    const proposals = await proposalsOf(policy, requestOf(0, [0, 1]));
    expect(proposals[0]).toMatchObject({ text: 'e' });
    expect(proposals[1]!.failure).toContain('not a finite number');
    expect(proposals[1]!.trace).toBeUndefined();
    const { gauges } = await learn(policy, 0, [...proposals, { ...proposals[0]!, member: 2 }]);
    expect(gauges).toMatchObject({ answersUnusable: 1, trainedAnswers: 2 });
  });

  it('with a NaN in every member of a group is an error', async () => {
    const bench = await benchOf();
    const policy = bench.policy();
    await proposalsOf(policy, requestOf(0, [0]));
    const broken = { tokens: [4, 10], logprobs: [null, null] };
    nextSample(bench, broken, broken);
    const error = await errorOf(proposalsOf(policy, requestOf(0, [0, 1])));
    expect(error.name).toBe('NonFiniteLogprobError');
    expect(error.advice).toContain('a lower learningRate');
    // And the next try is another matter.
    expect(await proposalsOf(policy, requestOf(0, [0, 1]))).toHaveLength(2);
  });
});

describe('the members of a group', () => {
  it('come as soon as their own request is answered', async () => {
    const bench = await benchOf();
    const policy = bench.policy({ model: { samplesPerRequest: 2 } });
    await proposalsOf(policy, requestOf(0, [0]));
    let answerFirst = (): void => undefined;
    const until = new Promise<void>((resolve) => (answerFirst = resolve));
    bench.server.faults.next('/asample', { kind: 'slow', until });
    const proposals = policy.propose(requestOf(1, membersUpTo(4)), never)[Symbol.asyncIterator]();
    const early = [(await proposals.next()).value as Proposal, (await proposals.next()).value as Proposal];
    expect(early.map(({ member }) => member).sort()).toEqual([2, 3]);
    answerFirst();
    await proposals.next();
    await proposals.next();
    expect((await proposals.next()).done).toBe(true);
  });

  it('are sampled a few requests at a time where that is set', async () => {
    const bench = await benchOf();
    const policy = bench.policy({ model: { samplesPerRequest: 1, requestConcurrency: 2 } });
    await proposalsOf(policy, requestOf(0, [0]));
    const before = bench.server.seenAt('/asample').length;
    bench.server.engine.hold();
    const work = proposalsOf(policy, requestOf(1, membersUpTo(6)));
    await expect.poll(() => bench.server.seenAt('/asample').length).toBe(before + 2);
    bench.server.engine.release();
    expect(await work).toHaveLength(6);
    expect(bench.server.seenAt('/asample')).toHaveLength(before + 6);
  });
});

describe('a prompt', () => {
  it('of a parent that grew too long fails its members, one of the initial program is an error', async () => {
    const { policy, server } = await benchOf();
    const grown = await proposalsOf(policy(), requestOf(0, [0, 1], { text: 'a'.repeat(300_000) }));
    expect(grown.map(({ failure }) => failure)).toEqual([
      expect.stringContaining('characters'),
      expect.stringContaining('characters'),
    ]);
    expect(server.seen).toHaveLength(0);
    const small = { contextTokens: 500 };
    const inTokens = await proposalsOf(
      policy({ model: small }),
      requestOf(0, [0], { text: 'a'.repeat(400) }),
    );
    expect(inTokens[0]!.failure).toContain('tokens; the limit');
    const tight = errorOf(proposalsOf(policy({ model: { contextTokens: 100 } }), requestOf(0, [0])));
    expect((await tight).advice).toContain('a larger contextTokens');
  });
});

describe('thinking that does not end', () => {
  it('is cut, and the forced words are not learned from', async () => {
    const bench = await benchOf({ thinks: true });
    const [{ usage: known } = { usage: undefined }] = await proposalsOf(bench.policy(), requestOf(0, [0]));
    const model = { firstPhaseTokens: known!.promptTokens + 4, maxTokens: 300, samplesPerRequest: 1 };
    const policy = bench.policy({ model });
    const proposals = await proposalsOf(policy, requestOf(0, membersUpTo(8)));
    const stored = proposals.map((proposal) => storedOf(bench, proposal));
    const forced = stored.filter(({ sampled }) => sampled.includes(0));
    expect(forced.length).toBeGreaterThan(0);
    for (const { sampled, logprobs, answerTokens } of forced) {
      const at = Array.from(sampled).indexOf(0);
      const end = Array.from(sampled).lastIndexOf(0);
      expect(Array.from(sampled.subarray(at, end + 1))).not.toContain(1);
      expect(Array.from(answerTokens.subarray(at, end + 1))).toContain(12);
      expect(Array.from(logprobs.subarray(at, end + 1)).every((value) => value === 0)).toBe(true);
      expect(Array.from(sampled.subarray(end + 1))).toContain(1);
    }
    // A second request reads the prompt and the first phase again.
    const promptLength = stored[0]!.promptTokens.length;
    const used = proposals.map(({ usage }) => usage!.promptTokens);
    expect(Math.max(...used.slice(1))).toBeGreaterThan(promptLength);
    // With noise of its own: the same again would repeat the first phase's words.
    const seeds = bench.server
      .seenAt('/asample')
      .slice(1)
      .map(({ json }) => seedIn.parse(json).sampling_params.seed);
    expect(seeds.length).toBeGreaterThan(1);
    expect(new Set(seeds).size).toBe(seeds.length);
    const { gauges } = await learn(policy, 0, proposals);
    expect(gauges['samplerTrainerGap']).toBeLessThan(1e-5);
  });
});

describe('a full disk', () => {
  it('ends the group with the disk’s own error, and nothing is lost', async () => {
    const bench = await benchOf();
    const policy = bench.policy();
    class DiskFullError extends Error {
      readonly advice = 'Free some space.';
    }
    bench.blobs.writeFailure = new DiskFullError('no space');
    expect(await errorOf(proposalsOf(policy, requestOf(0, membersUpTo(4))))).toBeInstanceOf(DiskFullError);
    bench.blobs.writeFailure = undefined;
    expect(await proposalsOf(policy, requestOf(0, membersUpTo(4)))).toHaveLength(4);
  });
});

describe('a server that says 429 for long', () => {
  it('is waited for, and the journal is told why', async () => {
    const bench = await benchOf();
    const policy = bench.policy();
    await proposalsOf(policy, requestOf(0, [0]));
    bench.server.faults.next('/asample', ...Array.from({ length: 5 }, () => answer(429, { detail: 'busy' })));
    expect(await proposalsOf(policy, requestOf(1, membersUpTo(4)))).toHaveLength(4);
    expect(bench.progress.some((message) => message.includes('asks for fewer requests'))).toBe(true);
  });

  it('for longer than an answer may take is an error', async () => {
    const bench = await benchOf();
    const policy = bench.policy({ model: { requestTimeoutMs: 5000 } });
    await proposalsOf(policy, requestOf(0, [0]));
    bench.server.faults.next(
      '/asample',
      ...Array.from({ length: 500 }, () => answer(429, { detail: 'busy' })),
    );
    const error = await errorOf(proposalsOf(policy, requestOf(1, membersUpTo(4))));
    expect(error.name).toBe('SampleTimeoutError');
    expect(error.advice).toContain('a longer requestTimeout');
  });
});

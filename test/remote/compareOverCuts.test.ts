import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ComparisonRound } from '../../src/domain/verification/comparisonRound';
import type { CompareSpec } from '../../src/protocol/measureSpec';
import type { HostClient } from '../../src/remote/hostClient';
import { never, noProgress, refusalOf } from './hostFixture';
import { relayedHost, runnerBehindRelay } from './support/runnerBehindRelay';

const host = runnerBehindRelay();

const connect = (): Promise<HostClient> => host.connect(relayedHost);
/** What evaluations of the host lie in; they are removed when they end. */
const evaluations = (): Promise<string[]> => readdir(join(host.rootOn(relayedHost), 'evaluations'));

/** Half a second's work of chance, so that the link is cut in the middle of it and nothing is ever settled. */
const evaluator = `sleep 0.3
x=$(sh "$DISCOVER_CANDIDATE") || exit 1
printf '{"valid": true, "metrics": {"error": %d}}' "$((x * 1000 + $(od -An -N1 -tu1 /dev/urandom)))" > "$DISCOVER_RESULT"
`;

describe('a comparison on a host behind a link that is cut', () => {
  it('ends there by itself and leaves nothing behind, and goes on from the rounds that had come', async () => {
    const problem = host.built.specOf(host.built.makeProblem('slow', { evaluator }));
    const program = { label: 'one', text: 'echo 1\n' };
    const spec: CompareSpec = { problem, a: program, b: { label: 'two', text: 'echo 2\n' }, rounds: 12 };
    const rounds: ComparisonRound[] = [];
    let seed: number | undefined;
    const onSeed = (value: number): void => {
      seed = value;
    };

    const first = await connect();
    const refusal = await refusalOf(
      first.compare(spec, noProgress, never, {
        onSeed,
        onRound: (_, round) => {
          rounds.push(round);
          if (rounds.length === 2) host.proxy.reset();
        },
      }),
    );
    expect(refusal).toMatchObject({ code: 'lost', isTransient: true });
    expect(rounds).toHaveLength(2);
    await expect.poll(evaluations, { timeout: 30_000 }).toEqual([]);

    const second = await connect();
    const indices: number[] = [];
    const reply = await second.compare(
      { ...spec, earlier: rounds, ...(seed === undefined ? {} : { seed }) },
      noProgress,
      never,
      { onSeed, onRound: (index) => indices.push(index) },
    );
    expect(indices[0]).toBe(2);
    expect(reply).toMatchObject({ verdict: 'a-better', end: 'clear', seed });
    await second.close();
  });

  it('is ended on the host by a cancel', async () => {
    const problem = host.built.specOf(host.built.makeProblem('cancelled', { evaluator }));
    const program = { label: 'one', text: 'echo 1\n' };
    const client = await connect();
    const stopping = new AbortController();
    const refusal = await refusalOf(
      client.compare({ problem, a: program, b: program, rounds: 1000 }, noProgress, stopping.signal, {
        onSeed: noProgress,
        onRound: () => stopping.abort(),
      }),
    );
    expect(refusal.code).toBe('cancelled');
    await expect.poll(evaluations, { timeout: 30_000 }).toEqual([]);
    await client.close();
  });

  it('verifies a program there', async () => {
    const client = await connect();
    const reply = await client.verify(host.built.specOf(), noProgress, never);
    expect(reply).toMatchObject({ verdict: 'confirmed', runs: [{}, {}, {}] });
    await client.close();
  });
});

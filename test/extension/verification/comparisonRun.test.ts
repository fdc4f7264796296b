import { beforeEach, describe, expect, it, vi } from 'vitest';
import { firstOfRound, type ComparisonRound } from '../../../src/domain/verification/comparisonRound';
import type { CompareReply } from '../../../src/protocol/hostCommands';
import type { CompareSpec } from '../../../src/protocol/measureSpec';
import { RemoteError, type ComparisonListener, type HostClient } from '../../../src/remote/hostClient';
import { Cancelled } from '../../../src/extension/base/failures';
import { ComparisonRun } from '../../../src/extension/verification/comparisonRun';
import type { Subject } from '../../../src/extension/verification/subject';

const shown = vi.hoisted((): { questions: string[]; answer: string | undefined } => ({
  questions: [],
  answer: undefined,
}));
vi.mock('vscode', () => ({
  ProgressLocation: { Notification: 15 },
  window: {
    withProgress: (_: unknown, work: (progress: unknown, token: unknown) => unknown) =>
      work(
        { report: () => undefined },
        { isCancellationRequested: false, onCancellationRequested: () => undefined },
      ),
    showErrorMessage(message: string): Promise<string | undefined> {
      shown.questions.push(message);
      return Promise.resolve(shown.answer);
    },
  },
}));

beforeEach(() => {
  shown.questions = [];
  shown.answer = 'Go On';
});

const farm = { kind: 'ssh', alias: 'farm' } as const;
const subject: Subject = {
  title: 'Valley',
  metric: { name: 'height', goal: 'minimize', unit: 'm' },
  target: farm,
  hostLabel: 'farm',
  spec: { version: 1, ofSession: '01ARZ3NDEKTSV4RRFFQ69G5FAV', overrides: {} },
  notes: [],
};
function roundOf(index: number): ComparisonRound {
  const run = (value: number): ComparisonRound['a'] => ({
    outcome: { kind: 'valid', metrics: {}, value, reward: 0 },
    durationMs: 1,
  });
  return { seed: index, first: firstOfRound(index), a: run(3), b: run(2) };
}
const lost = new RemoteError('lost', 'The connection was closed.', 'It is tried again.');

/** Each connection answers with the next of `attempts`. */
function comparing(attempts: readonly ((spec: CompareSpec, listener: ComparisonListener) => CompareReply)[]) {
  const specs: CompareSpec[] = [];
  const texts: string[] = [];
  const unused = (): never => {
    throw new Error('not asked for');
  };
  const client: HostClient = {
    target: farm,
    description: '',
    start: unused,
    list: unused,
    examine: unused,
    evaluate: unused,
    verify: unused,
    compare(spec, _progress, _signal, listener) {
      specs.push(spec);
      const attempt = attempts[specs.length - 1];
      if (attempt === undefined) return Promise.reject(new Error('connected once too often'));
      return Promise.resolve().then(() => attempt(spec, listener));
    },
    attach: unused,
    removeEverything: unused,
    connectTo: unused,
    onClosed: unused,
    close: unused,
  };
  const needs = {
    connections: { connect: () => Promise.resolve(client) },
    results: { create: () => ({ update: (text: string) => void texts.push(text), show: unused }) },
    nowMs: () => 0,
  };
  const sides = { a: { label: 'c17', text: 'one' }, b: { label: 'your valley.py', text: 'two' } };
  return { run: new ComparisonRun(needs, subject, sides, 30), specs, texts };
}
const reply: CompareReply = {
  kind: 'comparison',
  end: 'clear',
  seed: 7,
  verdict: 'b-better',
  rounds: 4,
  scale: 'difference',
  estimate: -1,
  interval: null,
  errorRate: 0.05,
};

describe('a comparison whose connection is lost', () => {
  it('keeps its rounds, says so, and goes on from them with the same seeds', async () => {
    const { run, specs, texts } = comparing([
      (_, listener) => {
        listener.onSeed(7);
        listener.onRound(0, roundOf(0));
        listener.onRound(1, roundOf(1));
        throw lost;
      },
      (_, listener) => {
        listener.onRound(1, roundOf(1)); // told twice: it counts once
        listener.onRound(2, roundOf(2));
        listener.onRound(3, roundOf(3));
        return reply;
      },
    ]);
    await run.run();
    expect(shown.questions).toEqual([
      'Contact with farm was lost after 2 of at most 30 rounds. What was measured is kept, and what still ran there ends by itself. The connection was closed.',
    ]);
    expect(specs.map(({ earlier, seed }) => [earlier?.length, seed])).toEqual([
      [0, undefined],
      [2, 7],
    ]);
    expect(
      texts.some((text) => text.includes('Contact with farm was lost after 2 of at most 30 rounds.')),
    ).toBe(true);
    expect(run.comparison.rounds).toBe(4);
    expect(texts.at(-1)).toContain('Done after 4 rounds: it is settled.');
    expect(texts.at(-1)).toContain('The seeds come from --seed 7.');
  });

  it('is left as it is where the user does not go on', async () => {
    shown.answer = undefined;
    const { run, texts } = comparing([
      (_, listener) => {
        listener.onRound(0, roundOf(0));
        throw lost;
      },
    ]);
    await expect(run.run()).rejects.toThrow(Cancelled);
    expect(texts.at(-1)).toContain('Contact with farm was lost after 1 of at most 30 rounds.');
    expect(texts.at(-1)).toContain('from A to B height changes by −1 m');
  });

  it('says in its document that it was stopped, or what ended it', async () => {
    const stopped = comparing([
      () => {
        throw new RemoteError('cancelled', 'Cancelled.', '');
      },
    ]);
    await expect(stopped.run.run()).rejects.toThrow(Cancelled);
    expect(stopped.texts.at(-1)).toContain('Stopped by you after 0 of at most 30 rounds.');
    const broken = comparing([
      () => {
        throw new RemoteError('runner-failed', 'There is no Python.', 'Install it.');
      },
    ]);
    await expect(broken.run.run()).rejects.toThrow('no Python');
    expect(broken.texts.at(-1)).toContain('Ended after 0 of at most 30 rounds: There is no Python.');
    expect(shown.questions).toEqual([]);
  });
});

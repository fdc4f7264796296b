import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PersistentCandidateList } from '../../../src/domain/session/candidateList';
import type { SessionEvent } from '../../../src/domain/session/events';
import { emptySnapshot, entriesAfter, reduce, SequenceError } from '../../../src/domain/session/reduce';
import { stagesOf } from '../../../src/domain/session/stepTimes';
import type { SessionSnapshot } from '../../../src/domain/session/snapshot';
import {
  created,
  evaluated,
  journal,
  proposed,
  request,
  runnerStarted,
  stepFinished,
  stepStarted,
  verified,
} from './journalBuilder';

function after(...events: SessionEvent[]): SessionSnapshot {
  return reduce(emptySnapshot, journal(events));
}

/** Without its times, which have a test of their own. */
function numbersOf<Step extends object>(step: Step | undefined): Step & { times?: undefined } {
  if (step === undefined) throw new Error('there is no step');
  return { ...step, times: undefined };
}

const started = [created(), runnerStarted(), { type: 'environment.ready', durationMs: 5 } as const];
const afterStep: SessionEvent = { type: 'request.received', request: 'pause', afterStep: true };
const paused = { type: 'session.paused', reason: 'user' } as const;
const resumed = { type: 'session.resumed' } as const;

describe('reduce', () => {
  it('knows what the session is from its first entry', () => {
    const snapshot = after(created('maximize'));
    expect(snapshot).toMatchObject({
      lastSeq: 1,
      sessionId: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
      problem: { title: 'Erdős minimum overlap' },
      options: { steps: 50 },
      createdAtMs: 1000,
      status: 'preparing',
      step: -1,
      runs: 0,
    });
  });

  it('knows what isolates its evaluations last', () => {
    const ready = { type: 'environment.ready', durationMs: 5 } as const;
    expect(after(created(), { ...ready, isolation: 'unshare' }).isolation).toBe('unshare');
    expect(after(created(), { ...ready, isolation: 'unshare' }, ready)).not.toHaveProperty('isolation');
  });

  it('gives back the same object for no entries', () => {
    const snapshot = after(created());
    expect(reduce(snapshot, [])).toBe(snapshot);
  });

  it('keeps a candidate with its outcome', () => {
    const snapshot = after(...started, proposed(0, -1), evaluated(0, 0.4), stepStarted(0), proposed(1, 0, 0));
    expect(snapshot.candidates.at(0)).toMatchObject({
      id: 0,
      step: -1,
      outcome: { value: 0.4 },
      durationMs: 12,
    });
    expect(snapshot.candidates.at(0)).not.toHaveProperty('parent');
    expect(snapshot.candidates.at(1)).toMatchObject({ id: 1, parent: 0, proposedAtMs: 1006 });
    expect(snapshot.candidates.at(1)).not.toHaveProperty('outcome');
    expect(snapshot.candidates.length).toBe(2);
    expect([snapshot.evaluated, snapshot.valid, snapshot.step]).toEqual([1, 1, 0]);
  });

  it.each([
    ['minimize', 3, 1],
    ['maximize', 9, 3],
  ] as const)('finds the best under %s, the first proposed among equals', (goal, best, id) => {
    const snapshot = after(
      created(goal),
      ...[0, 1, 2, 3, 4, 5, 6, 7].map((candidate) => proposed(candidate, -1)),
      evaluated(5),
      evaluated(4, 3),
      evaluated(3, 9),
      evaluated(1, 3),
      evaluated(0, 5),
      evaluated(2, 4),
      evaluated(6, 3),
      evaluated(7, 9),
    );
    expect(snapshot.best).toBe(id);
    expect(snapshot.initial).toMatchObject({
      step: -1,
      best,
      bestSoFar: best,
      proposed: 8,
      evaluated: 8,
      valid: 7,
    });
  });

  it('sums up each step and the best so far', () => {
    const values = [4, 1, 3, 2, 5];
    const snapshot = after(
      ...started,
      proposed(0, -1),
      evaluated(0, 2.5),
      stepStarted(0),
      ...values.flatMap((value, index) => [proposed(1 + index, 0, 0), evaluated(1 + index, value)]),
      proposed(6, 0, 0),
      evaluated(6),
      stepFinished(0),
      stepStarted(1),
      proposed(7, 1, 2),
      evaluated(7, 8),
    );
    const { p5, p95, ...rest } = snapshot.steps[0]!;
    expect(p5).toBeCloseTo(1.2, 12);
    expect(p95).toBeCloseTo(4.8, 12);
    expect(numbersOf(rest)).toEqual({
      step: 0,
      proposed: 6,
      evaluated: 6,
      valid: 5,
      finished: true,
      durationMs: 100,
      gauges: { beta: 0.5 },
      best: 1,
      worst: 5,
      mean: 3,
      median: 3,
      p25: 2,
      p75: 4,
      values: [1, 2, 3, 4, 5],
      bestSoFar: 1,
    });
    expect(snapshot.steps[1]).toMatchObject({ best: 8, bestSoFar: 1, finished: false });
  });

  it('says nothing about values where no candidate is valid, but the best so far stays', () => {
    const snapshot = after(
      ...started,
      proposed(0, -1),
      evaluated(0, 7),
      stepStarted(0),
      proposed(1, 0, 0),
      evaluated(1),
    );
    expect(numbersOf(snapshot.steps[0])).toEqual({
      step: 0,
      proposed: 1,
      evaluated: 1,
      valid: 0,
      finished: false,
      gauges: {},
      bestSoFar: 7,
    });
    expect(after(...started, proposed(0, -1), evaluated(0)).initial).not.toHaveProperty('bestSoFar');
  });

  it('refuses a gap, a repetition and a wrong start', () => {
    const entries = journal([created(), runnerStarted(), stepStarted(0)]);
    expect(() => reduce(emptySnapshot, entries.slice(1))).toThrow(SequenceError);
    expect(() => reduce(emptySnapshot, [entries[0]!, entries[2]!])).toThrow('read the journal again from 2');
    expect(() => reduce(reduce(emptySnapshot, entries), entries)).toThrow(SequenceError);
  });

  it('counts entries of types that it does not know', () => {
    const snapshot = reduce(emptySnapshot, [
      ...journal([created()]),
      { seq: 2 },
      ...journal([stepStarted(0)], 3),
    ]);
    expect(snapshot).toMatchObject({ lastSeq: 3, step: 0, lastEventAtMs: 1000 });
  });

  it('reports a journal that contradicts itself and goes on', () => {
    const snapshot = after(
      created(),
      proposed(0, -1),
      proposed(0, -1),
      evaluated(9, 1),
      evaluated(0, 5),
      evaluated(0, 1),
      stepStarted(4),
    );
    expect(snapshot.warnings.map((warning) => warning.code)).toEqual(
      new Array<string>(4).fill('journal-inconsistent'),
    );
    expect(snapshot).toMatchObject({ evaluated: 1, valid: 1, best: 0, step: -1, steps: [], lastSeq: 7 });
    expect(snapshot.candidates.at(0)?.outcome).toMatchObject({ value: 5 });
  });

  it('keeps the newest hundred warnings', () => {
    const warnings = Array.from(
      { length: 150 },
      (_, index) => ({ type: 'warning', code: 'x', message: `${index}` }) as const,
    );
    const snapshot = after(created(), ...warnings);
    expect(snapshot.warnings).toHaveLength(100);
    expect(snapshot.warnings.at(-1)).toEqual({ code: 'x', message: '149' });
  });
});

describe('the status', () => {
  const cases: readonly (readonly [string, readonly SessionEvent[], string, string | undefined])[] = [
    ['before anything', [], 'preparing', undefined],
    [
      'while the environment is made',
      [created(), runnerStarted(), { type: 'environment.progress', message: 'Installing numpy' }],
      'preparing',
      'Installing numpy',
    ],
    ['when the environment is ready', started, 'running', 'Evaluating the initial program'],
    ['in a step', [...started, stepStarted(0)], 'running', 'Step 1 of 50'],
    [
      'after a request to pause',
      [...started, request('pause')],
      'pausing',
      'Pausing when the running evaluations are done',
    ],
    [
      'after a request to pause after the step',
      [...started, stepStarted(0), afterStep, stepFinished(0)],
      'pausing',
      'Pausing when the step is done',
    ],
    [
      'after a request to pause at once behind one to pause after the step',
      [...started, stepStarted(0), afterStep, request('pause'), evaluated(0, 1)],
      'pausing',
      'Pausing when the running evaluations are done',
    ],
    ['after a pause', [...started, request('pause'), paused], 'paused', 'Paused'],
    [
      'after a pause without space',
      [...started, { type: 'session.paused', reason: 'disk-full' }],
      'paused',
      'Paused: no space left on the host',
    ],
    [
      'after a request to resume a pause',
      [...started, request('pause'), paused, request('resume')],
      'paused',
      'Paused',
    ],
    [
      'after resuming',
      [...started, stepStarted(0), request('pause'), paused, request('resume'), resumed],
      'running',
      'Step 1 of 50',
    ],
    [
      'when the wish to pause is taken back',
      [...started, request('pause'), request('resume')],
      'running',
      'Evaluating the initial program',
    ],
    ['after a request to stop', [...started, request('stop')], 'stopping', 'Stopping'],
    [
      'when a pause comes while stopping',
      [...started, request('pause'), request('stop'), paused],
      'stopping',
      'Stopping',
    ],
    [
      'when a request to pause comes while stopping',
      [...started, request('stop'), request('pause')],
      'stopping',
      'Stopping',
    ],
    [
      'after stopping',
      [...started, request('stop'), { type: 'session.finished', reason: 'stopped' }],
      'finished',
      'Stopped',
    ],
    [
      'after all steps',
      [...started, { type: 'session.finished', reason: 'steps' }],
      'finished',
      'All steps are done',
    ],
    [
      'when a request comes too late',
      [...started, { type: 'session.finished', reason: 'time' }, request('stop')],
      'finished',
      'The time is used up',
    ],
    [
      'after a failure',
      [...started, { type: 'session.failed', message: 'No Python.', advice: 'Install it.' }],
      'failed',
      'No Python. Install it.',
    ],
    [
      'when a runner came back after a crash',
      [...started, stepStarted(0), runnerStarted()],
      'running',
      'Step 1 of 50',
    ],
    [
      'when a runner came back into a pause',
      [...started, request('pause'), paused, runnerStarted()],
      'paused',
      'Paused',
    ],
    [
      'when a runner came back before it could pause',
      [...started, request('pause'), runnerStarted()],
      'pausing',
      'Pausing when the running evaluations are done',
    ],
    [
      'when a runner came back before it could stop',
      [...started, request('stop'), runnerStarted()],
      'stopping',
      'Stopping',
    ],
    [
      'when a runner tries again after a failure',
      [created(), runnerStarted(), { type: 'session.failed', message: 'x' }, runnerStarted()],
      'preparing',
      'Preparing',
    ],
  ];

  it.each(cases)('%s', (_, events, status, message) => {
    const snapshot = after(...events);
    expect(snapshot.status).toBe(status);
    expect(snapshot.statusMessage).toBe(message);
  });

  it('counts the runner processes', () => {
    expect(after(...started, runnerStarted(), runnerStarted()).runs).toBe(3);
  });
});

describe('entriesAfter', () => {
  const entries = journal([created(), runnerStarted(), stepStarted(0)]);

  it('drops what the snapshot has already, also where a delivery repeats itself', () => {
    expect(entriesAfter({ lastSeq: 2 }, entries)).toEqual([entries[2]]);
    expect(entriesAfter({ lastSeq: 0 }, [entries[0]!, ...entries])).toEqual(entries);
    expect(entriesAfter({ lastSeq: 9 }, entries)).toEqual([]);
  });

  it('refuses a gap and says what is missing', () => {
    expect(() => entriesAfter({ lastSeq: 0 }, entries.slice(1))).toThrow(
      expect.objectContaining({ name: 'SequenceError', expected: 1, found: 2 }),
    );
  });
});

describe('a best candidate that is run again', () => {
  const found = [
    ...[created('minimize'), runnerStarted(), proposed(0, -1), evaluated(0, 9), stepStarted(0)],
    ...[proposed(1, 0, 0), proposed(2, 0, 0), evaluated(1, 5), evaluated(2, 3)],
  ];

  it('is announced when it is confirmed, with the value of the second run', () => {
    expect(after(...found)).toMatchObject({ best: 2, announcedBest: 0 });
    const snapshot = after(...found, verified(2, 'confirmed', 3.5));
    expect(snapshot).toMatchObject({ best: 2, announcedBest: 2 });
    expect(snapshot.candidates.at(2)).toMatchObject({
      outcome: { value: 3 },
      verification: { verdict: 'confirmed', value: 3.5, durationMs: 20 },
    });
  });

  it('is announced too when its second run says nothing about it', () => {
    expect(after(...found, verified(2, 'unclear'))).toMatchObject({ best: 2, announcedBest: 2 });
  });

  it('is a failure when it is refuted, and no number of the session has it any more', () => {
    const snapshot = after(...found, verified(2, 'refuted'));
    const never = after(...found.slice(0, -1), evaluated(2));
    expect(snapshot).toMatchObject({ best: 1, announcedBest: 0, valid: 2, evaluated: 3 });
    expect(snapshot.steps.map(numbersOf)).toEqual(never.steps.map(numbersOf));
    expect(snapshot.candidates.at(2)?.outcome).toEqual({
      kind: 'failed',
      reason: 'refuted',
      message: 'Had the value 3, and failed when it was run again with another seed: The answer overlaps.',
    });
  });

  it('leaves a step without values where it was the only one', () => {
    const snapshot = after(...found, verified(2, 'refuted'), verified(1, 'refuted'));
    expect(numbersOf(snapshot.steps[0])).toEqual({
      step: 0,
      proposed: 2,
      evaluated: 2,
      valid: 0,
      bestSoFar: 9,
      finished: false,
      gauges: {},
    });
    expect(snapshot.best).toBe(0);
  });

  it('is announced at the end of its step by a journal that knows of no second runs', () => {
    expect(after(...found, stepFinished(0))).toMatchObject({ best: 2, announcedBest: 2 });
  });

  it('is doubted where it has no value to verify', () => {
    const snapshot = after(
      ...found,
      verified(7, 'refuted'),
      verified(2, 'refuted'),
      verified(2, 'confirmed', 3),
    );
    expect(snapshot.warnings.map(({ code }) => code)).toEqual([
      'journal-inconsistent',
      'journal-inconsistent',
    ]);
  });
});

describe('a journal cut anyhow', () => {
  const event = fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .record({ id: fc.nat(40), step: fc.integer({ min: -1, max: 3 }) })
        .map(({ id, step }) => proposed(id, step)),
    },
    {
      weight: 6,
      arbitrary: fc
        .record({ id: fc.nat(40), value: fc.option(fc.integer({ min: -9, max: 9 }), { nil: undefined }) })
        .map(({ id, value }) => evaluated(id, value)),
    },
    {
      weight: 2,
      arbitrary: fc
        .record({ id: fc.nat(40), verdict: fc.constantFrom('confirmed', 'refuted', 'unclear') })
        .map(({ id, verdict }) => verified(id, verdict, verdict === 'confirmed' ? 1 : undefined)),
    },
    fc.nat(4).map((step) => stepStarted(step)),
    fc.nat(4).map(stepFinished),
    fc.constantFrom('pause', 'resume', 'stop').map((what) => request(what)),
    fc.constantFrom<SessionEvent>(paused, resumed, runnerStarted(), {
      type: 'warning',
      code: 'w',
      message: 'm',
    }),
  );

  it('gives the same snapshot', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 120 }), fc.array(fc.nat(12)), (events, cuts) => {
        const entries = journal([created(), ...events]);
        const atOnce = reduce(emptySnapshot, entries);
        let oneByOne = emptySnapshot;
        for (const entry of entries) oneByOne = reduce(oneByOne, [entry]);
        let inPieces = emptySnapshot;
        const rest = [...entries];
        for (const cut of cuts) inPieces = reduce(inPieces, rest.splice(0, cut));
        inPieces = reduce(inPieces, rest);
        expect(oneByOne).toEqual(atOnce);
        expect(inPieces).toEqual(atOnce);
        expect([...atOnce.candidates]).toEqual([...oneByOne.candidates]);
      }),
    );
  });

  it('leaves earlier snapshots as they were', () => {
    const entries = journal([
      created(),
      proposed(0, -1),
      evaluated(0, 3),
      stepStarted(0),
      proposed(1, 0, 0),
      evaluated(1, 2),
    ]);
    const snapshots = entries.map((_, count) => reduce(emptySnapshot, entries.slice(0, count)));
    const copies = snapshots.map((snapshot) =>
      JSON.stringify({ ...snapshot, candidates: [...snapshot.candidates] }),
    );
    for (const [count, snapshot] of snapshots.entries()) reduce(snapshot, entries.slice(count));
    expect(
      snapshots.map((snapshot) => JSON.stringify({ ...snapshot, candidates: [...snapshot.candidates] })),
    ).toEqual(copies);
  });
});

describe('a paper-size session, entry by entry', () => {
  it('makes few new nodes an entry and shares the rest', () => {
    const [steps, perStep] = [50, 512];
    const events: SessionEvent[] = [created('minimize', steps), proposed(0, -1), evaluated(0, 1)];
    for (let step = 0; step < steps; step++) {
      events.push(stepStarted(step));
      for (let member = 0; member < perStep; member++) {
        const id = 1 + step * perStep + member;
        events.push(proposed(id, step, 0), evaluated(id, 1 / id));
      }
      events.push(stepFinished(step));
    }
    const entries = journal(events);
    let snapshot = emptySnapshot;
    let seen = new Set<object>();
    for (const [index, entry] of entries.entries()) {
      const before = snapshot;
      snapshot = reduce(snapshot, [entry]);
      // Every hundredth entry, so that the check itself stays cheap.
      if (index % 100 === 1) seen = new Set(nodesOf(before));
      if (index % 100 === 1 && index > 1) {
        expect(nodesOf(snapshot).filter((node) => !seen.has(node)).length).toBeLessThanOrEqual(4);
        expect(snapshot.steps.filter((step) => !before.steps.includes(step)).length).toBeLessThanOrEqual(1);
      }
    }
    expect(snapshot.candidates.length).toBe(25_601);
    expect(snapshot).toMatchObject({ best: 25_600, evaluated: 25_601, lastSeq: entries.length });
    expect(snapshot.steps.every((step) => step.finished && step.values?.length === perStep)).toBe(true);
  });
});

function nodesOf(snapshot: SessionSnapshot): object[] {
  expect(snapshot.candidates).toBeInstanceOf(PersistentCandidateList);
  return snapshot.candidates instanceof PersistentCandidateList ? [...snapshot.candidates.nodes()] : [];
}

describe('times and tokens of a step', () => {
  const usage = { promptTokens: 10, sampledTokens: 100 };
  const timed = (events: readonly (readonly [atMs: number, event: SessionEvent])[]): SessionSnapshot =>
    reduce(
      emptySnapshot,
      journal(events.map(([, event]) => event)).map((entry, index) => {
        const atMs = events[index]?.[0] ?? 0;
        return { ...entry, m: atMs, t: 1_000_000 + atMs };
      }),
    );

  it('are split into sampling, evaluation and training, and leave out a pause', () => {
    const snapshot = timed([
      [0, created()],
      [0, runnerStarted()],
      [100, stepStarted(0)],
      [150, { ...proposed(1, 0), usage } as SessionEvent],
      [160, paused],
      [1160, resumed],
      [1200, { ...proposed(2, 0), usage } as SessionEvent],
      [1210, evaluated(1, 0.5)],
      [1260, evaluated(2)],
      [1270, verified(1, 'confirmed', 0.5)],
      [1300, { ...stepFinished(0), usage: { trainedTokens: 7 } } as SessionEvent],
    ]);
    const step = snapshot.steps[0]!;
    expect(stagesOf(step)).toEqual({ samplingMs: 100, evaluationMs: 70, trainingMs: 30 });
    expect(step.times).toMatchObject({ evaluationMs: 12 + 12 + 20, lastAtMs: 1_001_300 });
    expect(step.usage).toEqual({ promptTokens: 20, sampledTokens: 200, trainedTokens: 7 });
    expect(snapshot.usage).toEqual(step.usage);
    expect(snapshot.clock?.activeMs).toBe(300);
    expect(snapshot.candidates.at(1)).toMatchObject({ endedAtMs: 1_001_210, usage });
  });

  it('leave out what was between two runners', () => {
    const snapshot = timed([
      [0, created()],
      [50, runnerStarted()],
      [100, stepStarted(0)],
      [5, runnerStarted()],
      [25, proposed(1, 0)],
    ]);
    expect(snapshot.clock?.activeMs).toBe(120);
    expect(stagesOf(snapshot.steps[0]!)).toEqual({ samplingMs: 20, evaluationMs: 0, trainingMs: 0 });
  });
});

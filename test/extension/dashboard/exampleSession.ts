import type {
  CandidateList,
  CandidateRecord,
  SessionSnapshot,
  StepSummary,
} from '../../../src/domain/session/snapshot';
import type { SessionView } from '../../../src/extension/sessions/sessions';

export const exampleSessionId = '01JQZ8M3V6T5R4W2Y1X0K9H8G7';
const startMs = 1_760_000_000_000;

/**
 * A session on the Erdős problem as a journal would give it: an initial program, then `stepCount` finished steps of 24
 * candidates that improve towards 0.3809, one in eight of them failed. The same every time.
 */
export function exampleSession(stepCount: number, change: Partial<SessionView> = {}): SessionView {
  const candidates: CandidateRecord[] = [initialProgram];
  const steps: StepSummary[] = [];
  const random = randomNumbers(7);
  let bestValue = initialValue;
  let best = 0;
  for (let step = 0; step < stepCount; step++) {
    const values: number[] = [];
    for (let member = 0; member < candidatesPerStep; member++) {
      const id = candidates.length;
      const value = valueAt(step, random);
      const failed = id % 8 === 3;
      if (!failed) values.push(value);
      if (!failed && value < bestValue) {
        bestValue = value;
        best = id;
      }
      candidates.push(candidateAt(id, step, member, failed ? undefined : value));
    }
    steps.push(summarize(step, values, bestValue));
  }
  return viewOf(
    {
      candidates: candidateList(candidates),
      initial: summarize(-1, [initialValue], initialValue),
      steps,
      best,
      announcedBest: best,
      step: Math.max(0, stepCount - 1),
      evaluated: candidates.length,
      valid: candidates.filter(({ outcome }) => outcome?.kind === 'valid').length,
      lastSeq: 2 * candidates.length + 3,
    },
    change,
  );
}

/** The same with a model that trains, as the hosted service prices it, and two warnings of which one came twice. */
export function trainedSession(stepCount: number): SessionView {
  const view = exampleSession(stepCount);
  const steps = view.snapshot.steps.map((step) => ({ ...step, gauges: gaugesAt(step.step) }));
  const gap =
    'Sampler and trainer differ by 0.31 nats a token. Check that both run the same weights and precision.';
  return withSnapshot(view, {
    steps,
    options: {
      ...createdSnapshot.options!,
      policy: 'tinker',
      maxCostUsd: 20,
      model: {
        server: 'tinker',
        model: 'openai/gpt-oss-120b',
        prices: { prompt: 0.4, sample: 1, train: 1.2 },
      },
    },
    usage: {
      promptTokens: 40_000 * stepCount,
      sampledTokens: 250_000 * stepCount,
      trainedTokens: 290_000 * stepCount,
    },
    warnings: [
      { code: 'gap', message: gap },
      {
        code: 'self-test',
        message: 'The adapter does not change the output. Restart the server, or choose another rank.',
      },
      { code: 'gap', message: gap },
    ],
  });
}

function gaugesAt(step: number): Record<string, number> {
  return {
    samplerTrainerGap: 0.012 + 0.002 * Math.sin(step),
    klBase: 0.004 * step,
    entropy: 1.2 * Math.exp(-step / 40),
    gradientNorm: 0.31 + 0.05 * Math.cos(3 * step),
    beta: 14.2 + step,
    validShare: 0.875,
    policyIdleShare: 0.22,
    evaluatorIdleShare: 0.41,
    tokensPerSecond: 8123.4,
    answersCut: 2,
    answersMalformed: 0,
    sampledTokens: 250_000,
  };
}

/** A session of which no entry of its journal is here yet. */
export function sessionBeforeFirstEntry(): SessionView {
  return { ...viewOf({}), snapshot: emptySnapshot };
}

/** A session whose initial program is still being evaluated. */
export function sessionBeforeFirstValue(): SessionView {
  return viewOf({
    candidates: candidateList([initialProposal]),
    steps: [],
    evaluated: 0,
    valid: 0,
    lastSeq: 4,
  });
}

export function withSnapshot(view: SessionView, change: Partial<SessionSnapshot>): SessionView {
  return { ...view, snapshot: { ...view.snapshot, ...change } };
}

export function candidateList(candidates: readonly CandidateRecord[]): CandidateList {
  return {
    length: candidates.length,
    at: (id) => candidates[id],
    [Symbol.iterator]: () => candidates[Symbol.iterator](),
  };
}

function viewOf(snapshot: Partial<SessionSnapshot>, change: Partial<SessionView> = {}): SessionView {
  return {
    id: exampleSessionId,
    target: { kind: 'ssh', alias: 'gpu-01' },
    hostLabel: 'gpu-01',
    snapshot: { ...createdSnapshot, ...snapshot },
    connection: { state: 'connected', verdict: { state: 'live', pid: 4711 } },
    lastContactMs: startMs,
    ...change,
  };
}

const emptySnapshot: SessionSnapshot = {
  lastSeq: 0,
  status: 'preparing',
  runs: 0,
  step: 0,
  candidates: candidateList([]),
  evaluated: 0,
  valid: 0,
  steps: [],
  usage: { promptTokens: 0, sampledTokens: 0, trainedTokens: 0 },
  warnings: [],
  notes: [],
};

const createdSnapshot: SessionSnapshot = {
  ...emptySnapshot,
  sessionId: exampleSessionId,
  problem: {
    title: 'Erdős minimum overlap',
    path: 'erdos-min-overlap/problem.discover',
    candidate: 'initial.py',
    metric: { name: 'c5', goal: 'minimize' },
    references: [
      { label: 'Haugland 2016', value: 0.380927 },
      { label: 'AlphaEvolve', value: 0.380924 },
      { label: 'TTT-Discover', value: 0.380876 },
    ],
  },
  options: {
    method: 'ttt-discover',
    policy: 'tunables',
    seed: 1,
    steps: 50,
    groups: 3,
    groupSize: 8,
    concurrency: 2,
    visits: 'rollouts',
  },
  status: 'running',
  createdAtMs: startMs,
  runs: 1,
};

const candidatesPerStep = 24;
const initialValue = 0.4117;

const initialProposal: CandidateRecord = {
  id: 0,
  step: -1,
  group: 0,
  member: 0,
  sha256: '0'.repeat(64),
  proposedAtMs: startMs,
};
const initialProgram: CandidateRecord = {
  ...initialProposal,
  outcome: { kind: 'valid', metrics: { c5: initialValue }, value: initialValue, reward: 1 / initialValue },
  durationMs: 2140,
};

function candidateAt(id: number, step: number, member: number, value: number | undefined): CandidateRecord {
  return {
    id,
    step,
    group: Math.floor(member / 8),
    member: member % 8,
    parent: Math.max(0, id - candidatesPerStep - member),
    sha256: id.toString(16).padStart(64, '0'),
    note: `LR ${(0.001 * (1 + (id % 7))).toPrecision(2)} → ${(0.0013 * (1 + (id % 5))).toPrecision(2)}, BETA = ${200 + 10 * (id % 9)}`,
    proposedAtMs: startMs + 2000 * id,
    outcome:
      value === undefined
        ? {
            kind: 'failed',
            reason: 'timeout',
            message: 'The evaluation was stopped after 60 s, the time limit of the problem.',
          }
        : { kind: 'valid', metrics: { c5: value }, value, reward: 1 / value },
    durationMs: 1900 + 13 * (id % 50),
  };
}

function valueAt(step: number, random: () => number): number {
  const floor = 0.38088 + 0.027 * Math.exp(-step / 9);
  const spread = 0.0005 + 0.011 * Math.exp(-step / 14);
  return floor + spread * random() ** 2 * (random() < 0.03 ? 8 : 1);
}

function summarize(step: number, values: readonly number[], bestSoFar: number): StepSummary {
  const sorted = [...values].sort((a, b) => a - b);
  const quantile = (share: number): number => sorted[Math.round(share * (sorted.length - 1))]!;
  return {
    step,
    proposed: candidatesPerStep,
    evaluated: candidatesPerStep,
    valid: values.length,
    best: quantile(0),
    worst: quantile(1),
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    median: quantile(0.5),
    p5: quantile(0.05),
    p25: quantile(0.25),
    p75: quantile(0.75),
    p95: quantile(0.95),
    bestSoFar,
    finished: true,
    durationMs: 30_000,
    gauges: {},
  };
}

/** Mulberry32: small, and the same on every machine. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

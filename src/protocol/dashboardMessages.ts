// The namespace import lets the bundler drop what is not used: the page is 380 kB smaller for it.
import * as z from 'zod';
import { dashboardDataMessages, dashboardDataRequests } from './dashboardData';

/**
 * Messages between the extension and the dashboard page. The page says `ready`, gets a `snapshot`, then `patch`es whose
 * `revision` counts up by one; on a gap it says `ready` again.
 */

const finiteOrNull = z.number().nullable();

/** A row of the step table and the numbers behind both charts; `null` where a step has no valid candidate yet. */
export const stepRow = z.object({
  /** From 0, as in the journal; people see it counted from 1. */
  step: z.int(),
  proposed: z.int(),
  evaluated: z.int(),
  valid: z.int(),
  finished: z.boolean(),
  best: finiteOrNull,
  mean: finiteOrNull,
  median: finiteOrNull,
  p5: finiteOrNull,
  p25: finiteOrNull,
  p75: finiteOrNull,
  p95: finiteOrNull,
  bestSoFar: finiteOrNull,
  /** Numbers of the step's update, by name; empty until it is finished. */
  gauges: z.record(z.string(), z.number()),
  /** Candidates of this step and of all before it, the initial ones too. */
  rolloutsUpTo: z.int(),
  /** Milliseconds of wall time from the session's start to the step's end, or to what happened last in it. */
  endedAtMs: finiteOrNull,
  /** Tokens of the candidates of this step and of all before it, prompts and answers; 0 without a language model. */
  tokensUpTo: z.number(),
  /** US dollars up to here, updates included; `null` where no prices are known. */
  usdUpTo: finiteOrNull,
  /** The step's time without pauses: to its last proposal, from there to its last outcome, from there to its end. */
  samplingMs: finiteOrNull,
  evaluationMs: finiteOrNull,
  trainingMs: finiteOrNull,
  /** Share of the evaluators' time in which they worked. */
  evaluatorsBusy: finiteOrNull,
});
export type StepRow = z.infer<typeof stepRow>;

export const candidateRow = z.object({
  id: z.int(),
  /** From 0; -1 for the initial program. */
  step: z.int(),
  parent: z.int().nullable(),
  state: z.enum(['running', 'valid', 'failed']),
  value: finiteOrNull,
  /** The failure in one sentence, or what the policy changed. */
  note: z.string(),
  durationMs: finiteOrNull,
});
export type CandidateRow = z.infer<typeof candidateRow>;

/** What a session with a language model has taken so far. */
export const usageRow = z.object({
  promptTokens: z.number(),
  sampledTokens: z.number(),
  trainedTokens: z.number(),
  /** The session's limit of all tokens together. */
  maxTokens: finiteOrNull,
  /** Sampled tokens a second of the last finished step. */
  tokensPerSecond: finiteOrNull,
  /** US dollars; `null` where no prices are known. */
  cost: z
    .object({
      usd: z.number(),
      budgetUsd: finiteOrNull,
      /** At the end, by the mean of the steps so far; `null` before the first is done, and at the end. */
      expectedUsd: finiteOrNull,
    })
    .nullable(),
});
export type UsageRow = z.infer<typeof usageRow>;

const countOf = z.object({ count: z.int(), of: z.int() });

/** What evaluations took and were spared, as `EvaluationUse` of src/domain/report says. */
export const evaluationRow = z.object({
  runs: z.int(),
  totalMs: z.number(),
  waitedMs: z.number(),
  queuedMs: z.number(),
  aroundMs: z.number(),
  runMs: z.number(),
  stages: z.array(z.object({ name: z.string(), ms: z.number() })),
  gpus: z.int().optional(),
  gpusHeld: z.number().optional(),
  evaluationsPerGpu: z.number().optional(),
  reused: z.int(),
  reusedMs: z.number(),
  stopped: z.int(),
  savedMs: z.number().optional(),
  warm: countOf.optional(),
});
export type EvaluationRow = z.infer<typeof evaluationRow>;

export const dashboardHeader = z.object({
  title: z.string(),
  metricName: z.string(),
  unit: z.string(),
  goal: z.enum(['minimize', 'maximize']),
  references: z.array(z.object({ label: z.string(), value: z.number() })),
  /** As the journal says, or `interrupted` when the host says that a session that should be at work has no process. */
  status: z.enum([
    'preparing',
    'running',
    'pausing',
    'paused',
    'stopping',
    'finished',
    'failed',
    'interrupted',
  ]),
  /** Words that go with the status: `Step 3 of 50`. */
  statusText: z.string(),
  connection: z.enum(['connected', 'connecting', 'lost', 'offline']),
  /** Words for the link where it is not up: `Connection lost 12 s ago, trying again in 4 s`. */
  connectionText: z.string().nullable(),
  hostLabel: z.string(),
  /** How it searches: `TTT-Discover, gpt-oss-120b`; empty while that is not known. */
  search: z.string(),
  best: z.object({ id: z.int(), value: z.number() }).nullable(),
  /** The best of all steps that have ended: it was looked at twice. */
  announcedBest: z.object({ id: z.int(), value: z.number() }).nullable(),
  initialValue: finiteOrNull,
  evaluated: z.int(),
  valid: z.int(),
  lastSeq: z.int(),
  /** How many steps the session is to have; the page guesses the time to its end by it. */
  plannedSteps: z.int().nullable().optional(),
  /** `null` for a session without a language model. */
  usage: usageRow.nullable(),
  /** Absent before any evaluation. */
  evaluations: evaluationRow.optional(),
  /** Which requests make sense now. */
  allowed: z.object({ pause: z.boolean(), resume: z.boolean(), stop: z.boolean() }),
  /** Each names cause and remedy; newest first, each once. */
  warnings: z.array(z.string()),
});
export type DashboardHeader = z.infer<typeof dashboardHeader>;

export const toDashboard = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('snapshot'),
    revision: z.int(),
    header: dashboardHeader,
    steps: z.array(stepRow),
    /** The most recent and the best candidates, newest first, at most `candidateRowLimit`. */
    candidates: z.array(candidateRow),
  }),
  z.object({
    type: z.literal('patch'),
    revision: z.int(),
    header: dashboardHeader,
    /** Rows that changed, by step number. */
    steps: z.array(stepRow),
    /** The whole list again, as in `snapshot`; absent where it is as it was. */
    candidates: z.array(candidateRow).optional(),
  }),
  /** The editor does not know the session (yet, or any more). A `snapshot` follows if that changes. */
  z.object({ type: z.literal('absent'), message: z.string() }),
  ...dashboardDataMessages,
]);
export type ToDashboard = z.infer<typeof toDashboard>;
export const candidateRowLimit = 200;

export const fromDashboard = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('openDiff'), candidate: z.int().min(0) }),
  z.object({ type: z.literal('openBestDiff') }),
  z.object({ type: z.literal('accept'), candidate: z.int().min(0) }),
  z.object({ type: z.literal('verify'), candidate: z.int().min(0) }),
  z.object({ type: z.literal('pause') }),
  z.object({ type: z.literal('resume') }),
  z.object({ type: z.literal('stop') }),
  ...dashboardDataRequests,
]);
export type FromDashboard = z.infer<typeof fromDashboard>;

/** What the charts of the page have along their bottom. */
export const axisNames = ['step', 'rollouts', 'time', 'tokens', 'cost'] as const;
export type AxisName = (typeof axisNames)[number];
export const distributionLooks = ['ribbons', 'ridge', 'violin', 'heatmap'] as const;
export type DistributionLook = (typeof distributionLooks)[number];

/**
 * What the page keeps over reloads and restarts of the editor; the session id is what a restored panel is opened with. A part that cannot
 * be read is as in the beginning.
 */
export const dashboardPageState = z.object({
  sessionId: z.string(),
  /** Charts shown as tables, by their name. */
  tables: z.record(z.string(), z.boolean()).catch({}),
  order: z.enum(['newest', 'best']).catch('newest'),
  scrollTop: z.number().catch(0),
  axis: z.enum(axisNames).catch('step'),
  /** Label of the reference that the distance to is drawn; `null`: values are drawn. */
  distanceTo: z.string().nullable().catch(null),
  distribution: z.enum(distributionLooks).catch('ribbons'),
  /** Sessions laid over this one; the page asks for them again when it is ready. */
  compared: z.array(z.string()).max(8).catch([]),
});
export type DashboardPageState = z.infer<typeof dashboardPageState>;

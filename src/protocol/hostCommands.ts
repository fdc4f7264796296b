import * as z from 'zod';
import { hostFacts } from '../domain/host/hostFacts';
import { hostFeature, hostOffer } from '../domain/host/hostReport';
import { methods, policies } from '../domain/problem/problem';
import { tokenPrices } from '../domain/session/modelSettings';
import { caseResult, evaluationOutcome } from '../domain/session/outcome';
import { comparisonRound } from '../domain/verification/comparisonRound';
import { sessionId } from './sessionSpec';

/**
 * What the runner's commands print with `--json`, one object a line. The client of a host reads these; people read
 * the same commands without `--json`.
 */

/**
 * What a host knows of a session's process; `verdictWords` says it to people. That contact with the host is lost is the
 * client's to say and never an exit.
 */
export const verdict = z.discriminatedUnion('state', [
  z.object({ state: z.literal('live'), pid: z.int() }),
  z.object({
    state: z.literal('exited'),
    reason: z
      .enum([
        'finished',
        'failed',
        'host-rebooted',
        'runner-lost',
        'disk-full',
        'out-of-memory',
        'never-started',
      ])
      // A reason that a newer runner knows: its message says more.
      .catch('runner-lost'),
    message: z.string().optional(),
  }),
  /** It may run where this host cannot look: on another machine with the same home, in another container. Never taken for dead. */
  z.object({
    state: z.literal('unverifiable'),
    /** Where it was last run. */
    hostName: z.string().optional(),
    message: z.string(),
    advice: z.string().optional(),
  }),
]);
export type Verdict = z.infer<typeof verdict>;

export const sessionListing = z.object({
  sessionId,
  title: z.string(),
  displayPath: z.string(),
  createdAtMs: z.number().optional(),
  lastSeq: z.int().min(0),
  verdict,
});
export type SessionListing = z.infer<typeof sessionListing>;

/** `ttt-discover start --spec - --json` */
export const startReply = z.object({
  kind: z.literal('started'),
  alreadyRunning: z.boolean(),
  session: sessionListing,
});
/** `ttt-discover list --json` */
export const listReply = z.object({ kind: z.literal('sessions'), sessions: z.array(sessionListing) });
/** `ttt-discover status SESSION --json` */
export const statusReply = z.object({ kind: z.literal('status'), session: sessionListing });
/** `ttt-discover evaluate … --json`: progress lines, then one result. */
export const progressLine = z.object({ kind: z.literal('progress'), message: z.string() });
export const evaluateReply = z.object({
  kind: z.literal('evaluation'),
  outcome: evaluationOutcome,
  durationMs: z.number(),
  /** In order, where the evaluator has cases. */
  cases: z.array(caseResult).optional(),
});
/** One case of an evaluation, as soon as it is known; all of them are in the result again. */
export const caseLine = z.object({ kind: z.literal('case'), case: caseResult });
/** `ttt-discover verify … --json`: progress lines, then one result. */
export const verifyReply = z.object({
  kind: z.literal('verification'),
  /** `unclear`: some run ended by a limit or by the machine, and none failed otherwise. */
  verdict: z.enum(['confirmed', 'refuted', 'unclear']),
  runs: z.array(z.object({ seed: z.int().min(0), outcome: evaluationOutcome, durationMs: z.number() })),
});
export type VerifyReply = z.infer<typeof verifyReply>;
/** `ttt-discover compare … --json`: the seed, a line a round, then one result. */
export const comparisonSeedLine = z.object({ kind: z.literal('comparisonSeed'), seed: z.int().min(0) });
export const roundLine = z.object({
  kind: z.literal('round'),
  index: z.int().min(0),
  round: comparisonRound,
});
export const compareReply = z.object({
  kind: z.literal('comparison'),
  /** `clear`: it was settled before the last round. */
  end: z.enum(['clear', 'rounds', 'time']),
  seed: z.int().min(0),
  /** `same`: equal to the last digit in every round; `failed`: a program had no value. */
  verdict: z.enum(['a-better', 'b-better', 'same', 'unclear', 'failed']),
  rounds: z.int().min(0),
  /** Whether B is set against A by B / A or by B − A, in the metric's unit. */
  scale: z.enum(['ratio', 'difference']),
  /** `null` where no round was complete. */
  estimate: z.number().nullable(),
  /** That holds the truth at every look; `null` as long as it has no bounds. */
  interval: z.object({ low: z.number(), high: z.number() }).nullable(),
  /** Most probability that the verdict, or the interval at any time, is wrong. */
  errorRate: z.number(),
});
export type CompareReply = z.infer<typeof compareReply>;
const tokenUsage = z.object({
  promptTokens: z.int().min(0),
  sampledTokens: z.int().min(0),
  trainedTokens: z.int().min(0),
});
const forecast = z.object({
  candidates: z.int().min(0),
  /** Of parents, to compare their children with, at most; absent in replies of older runners. */
  parentRuns: z.int().min(0).optional(),
  usage: tokenUsage,
  /** US dollars; `null` if no prices are known. */
  costUsd: z.number().min(0).nullable(),
  /** Wall time of the evaluations alone; `null` if the time of one is not known. */
  evaluationMs: z.number().min(0).nullable(),
  /** The budget that ends the session before its last step; `null` if none does. */
  endedBy: z.enum(['evaluations', 'tokens', 'cost', 'time']).nullable(),
});
/** `ttt-discover estimate … --json` */
export const estimateReply = z.object({
  kind: z.literal('estimate'),
  policy: z.enum(policies),
  method: z.enum(methods),
  /** `null` if the policy asks no model. */
  model: z.object({ server: z.string(), model: z.string() }).nullable(),
  prices: tokenPrices.nullable(),
  lowest: forecast,
  likely: forecast,
  highest: forecast,
  /** What the numbers rest on, a sentence each. */
  assumptions: z.array(z.string()),
});
export type EstimateReply = z.infer<typeof estimateReply>;
/** `ttt-discover run --json`: the last line, after every journal entry. */
export const runSummary = z.object({
  kind: z.literal('summary'),
  sessionId,
  /** How the session ended, or `paused` where it waits for `ttt-discover resume`. */
  end: z.enum([
    'steps',
    'time',
    'evaluations',
    'tokens',
    'cost',
    'no-improvement',
    'stopped',
    'failed',
    'paused',
  ]),
  /** Best valid candidate under the goal; `null` if there is none. */
  best: z
    .object({
      candidate: z.int().min(0),
      /** The metric, in its own unit. */
      value: z.number(),
      reward: z.number(),
      /** Absolute path of a copy of the program. */
      path: z.string(),
      /** Absolute path of its construction, if its run produced one. */
      statePath: z.string().optional(),
    })
    .nullable(),
  metric: z.object({ name: z.string(), goal: z.enum(['minimize', 'maximize']) }),
  /** Metric of the initial program. */
  initialValue: z.number().nullable(),
  evaluated: z.int().min(0),
  valid: z.int().min(0),
  /** Finished steps. */
  steps: z.int().min(0),
  durationMs: z.number(),
  /** All tokens of the session. */
  usage: tokenUsage,
  /** What they cost in US dollars; `null` if no prices are known. */
  costUsd: z.number().min(0).nullable(),
  /** The session's folder on this host. */
  folder: z.string(),
});
export type RunSummary = z.infer<typeof runSummary>;
/** `ttt-discover doctor --json` */
export const doctorReply = z.object({
  kind: z.literal('doctor'),
  facts: hostFacts,
  /** What the facts mean for each feature, and for the host as a whole. */
  features: z.array(hostFeature),
  offers: z.array(hostOffer),
});
export type DoctorReply = z.infer<typeof doctorReply>;
/**
 * `ttt-discover remove-everything --json`; `left`: names in the root that are not ours; `cancelledJobs`: jobs of a cluster that no runner was left to
 * end, absent of older runners.
 */
export const removedReply = z.object({
  kind: z.literal('removed'),
  root: z.string(),
  left: z.array(z.string()),
  cancelledJobs: z.int().min(0).optional(),
});
/** Any command that failed, as its last line; the exit code says the class (docs/cli.md). */
export const errorReply = z.object({
  kind: z.literal('error'),
  code: z.string(),
  message: z.string(),
  advice: z.string().optional(),
});

export const reportFormats = ['md', 'html', 'csv', 'json'] as const;
export type ReportFormat = (typeof reportFormats)[number];

/** A report was written. */
const reportReply = z.object({
  kind: z.literal('report'),
  session: z.string().nullable(),
  format: z.enum(reportFormats),
  /** Absolute. */
  path: z.string(),
});

export const commandReply = z.discriminatedUnion('kind', [
  startReply,
  listReply,
  statusReply,
  progressLine,
  evaluateReply,
  caseLine,
  verifyReply,
  comparisonSeedLine,
  roundLine,
  compareReply,
  estimateReply,
  doctorReply,
  runSummary,
  removedReply,
  reportReply,
  errorReply,
]);
export type CommandReply = z.infer<typeof commandReply>;

/** Exit codes of the CLI, the same for every command. */
export const exitCodes = {
  ok: 0,
  /** Something unexpected: a defect of ours. */
  internal: 1,
  /** Wrong arguments. */
  usage: 2,
  /** The problem file or its folder is wrong. */
  problem: 3,
  /** The environment could not be made: no Python, no packages, no space. */
  environment: 4,
  /** The candidate failed its evaluation, or a session ended without a valid candidate. */
  noResult: 5,
  /** No such session. */
  notFound: 6,
  /** Interrupted by a signal. */
  interrupted: 130,
} as const;

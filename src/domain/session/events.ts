import * as z from 'zod';
import { jsonValue } from '../json';
import { noteText } from './notes';
import { sessionOptions } from './options';
import { evaluationOutcome } from './outcome';

/** Facts of the problem that readers of a journal need; frozen at the start of the session. */
export const problemRecord = z.object({
  title: z.string(),
  /** Path of the problem file as the user knows it. */
  path: z.string(),
  /** The evolving file, relative to the problem file. */
  candidate: z.string(),
  metric: z.object({
    name: z.string(),
    goal: z.enum(['minimize', 'maximize']),
    unit: z.string().optional(),
  }),
  reward: z.string().optional(),
  references: z.array(z.object({ label: z.string(), value: z.number(), url: z.string().optional() })),
});
export type ProblemRecord = z.infer<typeof problemRecord>;

/** Rollout number in the session, from 0; candidate 0 is the initial program. Shown as `c17`. */
const candidateId = z.int().min(0);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const tokens = z.int().min(0);

/** How long the evaluation waited in a cluster's queue, apart from `durationMs`; absent where it ran on the host of the session. */
const queuedMs = z.number().nonnegative().optional();
const optionalMs = z.number().nonnegative().optional();

/** What evaluations run on, where that is this host. */
export const machineRecord = z.object({
  /** Model and number of logical processors. */
  processor: z.string(),
  processors: z.int().min(1),
  /** Names of the GPUs that programs see; only of problems that use GPUs. */
  gpus: z.array(z.string()).optional(),
  /** How many of them one evaluation has. */
  gpusEach: z.int().min(1).optional(),
});
export type MachineRecord = z.infer<typeof machineRecord>;

/** An evaluation whose outcome was taken in place of a run: same text, seed and evaluator, on this host. */
export const reusedFrom = z.object({
  session: z.string(),
  candidate: candidateId,
  /** How long that one ran. */
  durationMs: z.number().nonnegative(),
});
export type ReusedFrom = z.infer<typeof reusedFrom>;

/** What can happen in a session. A reader ignores types that it does not know. */
export const sessionEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('session.created'),
    /** Version of the journal's vocabulary. */
    version: z.literal(1),
    sessionId: z.string(),
    problem: problemRecord,
    options: sessionOptions,
  }),
  /** A runner process began to work on the session: the first one, or one after a crash or a reboot. */
  z.object({
    type: z.literal('runner.started'),
    pid: z.int(),
    hostName: z.string(),
    runnerVersion: z.string(),
  }),
  z.object({ type: z.literal('environment.progress'), message: z.string() }),
  z.object({
    type: z.literal('environment.ready'),
    durationMs: z.number(),
    /**
     * What keeps evaluations from the rest of the host: `bubblewrap`, `unshare`, `crun`, `runc`, or `none`; `on-nodes` where nodes of a cluster each have
     * their own way, which `node.ready` tells. Absent in older journals, where nothing did.
     */
    isolation: z.string().optional(),
    machine: machineRecord.optional(),
  }),
  /** The first evaluation came back from this node of a cluster, or the first one since it isolates them otherwise. */
  z.object({
    type: z.literal('node.ready'),
    node: z.string(),
    /** As in `environment.ready`. */
    isolation: z.string(),
  }),
  /** What the policy is doing before it can propose: starting a server, loading a model. */
  z.object({ type: z.literal('policy.progress'), message: z.string() }),
  /** The policy can propose. `facts` name what it holds elsewhere (server, model id), for the next runner to clean up. */
  z.object({
    type: z.literal('policy.ready'),
    facts: z.record(z.string(), jsonValue),
    durationMs: z.number(),
  }),
  /** The parents of the step, one a group. */
  z.object({ type: z.literal('step.started'), step: z.int().min(0), parents: z.array(candidateId) }),
  z.object({
    type: z.literal('candidate.proposed'),
    candidate: candidateId,
    /** -1 for the initial program. */
    step: z.int().min(-1),
    group: z.int().min(0),
    member: z.int().min(0),
    parent: candidateId.optional(),
    /** Content address of the program text. */
    sha256,
    /** In a few words, what the policy changed. */
    note: z.string().optional(),
    /** Why it is no program: it is never run, and its outcome is a failure with the reason `no-program`. */
    failure: z.string().optional(),
    /** What the policy needs again to learn from this proposal. */
    trace: jsonValue.optional(),
    /** What the answer took. Prompt tokens that several proposals share are counted at one of them. */
    usage: z.object({ promptTokens: tokens, sampledTokens: tokens }).optional(),
  }),
  z.object({
    type: z.literal('candidate.evaluated'),
    candidate: candidateId,
    outcome: evaluationOutcome,
    /** Of the commands of the evaluation alone; 0 where nothing was run. */
    durationMs: z.number(),
    queuedMs,
    /** From the proposal, or from when the runner went on, until the evaluation began: for a free evaluator, and for the run of its parent. */
    waitedMs: optionalMs,
    /** Of the evaluation, neither in `durationMs` nor in `queuedMs`: making the work folder, reading the verdict, cleaning up. */
    aroundMs: optionalMs,
    /** Whether a process was ready that had the problem's modules imported; absent where it asks for none. */
    isWarm: z.boolean().optional(),
    /** Nothing was run: this is the outcome of the same evaluation. */
    reusedFrom: reusedFrom.optional(),
  }),
  /**
   * A candidate that would be the new best was run again from scratch, with a seed of its own and `DISCOVER_STRICT`. `confirmed`: it
   * is valid again, with the value in `outcome`. `refuted`: it is not, and from here on its own outcome is a failure. `unclear`: the
   * run ended by a limit or by the machine, which says nothing about what the candidate found.
   */
  z.object({
    type: z.literal('candidate.verified'),
    candidate: candidateId,
    verdict: z.enum(['confirmed', 'refuted', 'unclear']),
    outcome: evaluationOutcome,
    durationMs: z.number(),
    queuedMs,
  }),
  /**
   * A parent was run with the seed of the step, since its children are compared with it case by case while they run; see `stopEarly`. It
   * counts as an evaluation, and changes nothing of the parent. A new runner runs it again.
   */
  z.object({
    type: z.literal('parent.evaluated'),
    candidate: candidateId,
    step: z.int().min(0),
    outcome: evaluationOutcome,
    durationMs: z.number(),
    queuedMs,
  }),
  /** All evaluations of the step are in, the archive is updated and the policy has learned. */
  z.object({
    type: z.literal('step.finished'),
    step: z.int().min(0),
    /** Content address of the policy's state after the update. */
    policySha256: sha256.optional(),
    /** Numbers of the update, for example `beta`, `entropy`, `advantageMax`. */
    gauges: z.record(z.string(), z.number()),
    /** What the update took. */
    usage: z.object({ trainedTokens: tokens, promptTokens: tokens.optional() }).optional(),
    durationMs: z.number(),
  }),
  z.object({
    type: z.literal('session.paused'),
    reason: z.enum(['user', 'error', 'disk-full']),
    /** What a client can remove by itself: `needs-key` by handing in the model server's key, `needs-endpoint` its address. */
    code: z.string().optional(),
    message: z.string().optional(),
  }),
  z.object({ type: z.literal('session.resumed') }),
  /** Someone asked for a pause or an end; the runner answers with `session.paused` or `session.finished`. */
  z.object({
    type: z.literal('request.received'),
    request: z.enum(['pause', 'resume', 'stop']),
    /** Of a pause: it takes place when the step in work is done. */
    afterStep: z.boolean().optional(),
  }),
  /** A person steers: the prompts of steps that begin from here on cite the note, and the newest ones before it. */
  z.object({ type: z.literal('note.added'), text: noteText }),
  /** Later prompts cite none of the notes so far. */
  z.object({ type: z.literal('notes.removed') }),
  z.object({
    type: z.literal('session.finished'),
    reason: z.enum(['steps', 'time', 'evaluations', 'tokens', 'cost', 'no-improvement', 'stopped']),
    best: candidateId.optional(),
  }),
  z.object({ type: z.literal('session.failed'), message: z.string(), advice: z.string().optional() }),
  z.object({ type: z.literal('warning'), code: z.string(), message: z.string() }),
]);
export type SessionEvent = z.infer<typeof sessionEvent>;
export type SessionEventType = SessionEvent['type'];

/** An event as it stands in the journal. */
export interface JournalEntry {
  /** Contiguous from 1 over the whole session. */
  readonly seq: number;
  /** Wall clock of the host, Unix milliseconds; for display alone. */
  readonly t: number;
  /** Milliseconds since this runner process began; durations within one `run` are differences of it. */
  readonly m: number;
  /** Which runner process wrote it: 1 for the first, one more after each restart. */
  readonly run: number;
  readonly event: SessionEvent;
}

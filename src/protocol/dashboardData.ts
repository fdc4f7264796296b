import * as z from 'zod';

/**
 * The numbers behind the charts. Columns are typed arrays, which the editor hands to the page without turning them into text:
 * 25,600 candidates are sent once, then the rows that changed.
 */

/** `outcomes` holds indices of this list. */
export { outcomeGroups, type OutcomeGroup } from '../domain/session/outcomeGroup';

/** Row i of each column is about candidate `ids[i]`. All have the same length; a candidate appears once, ascending. */
export const candidateColumns = z.object({
  ids: z.instanceof(Int32Array),
  /** From 0; -1 for the initial program. */
  steps: z.instanceof(Int32Array),
  /** -1 for none. */
  parents: z.instanceof(Int32Array),
  outcomes: z.instanceof(Uint8Array),
  /** The metric in its own unit; NaN without a valid outcome. */
  values: z.instanceof(Float64Array),
  /** Milliseconds from the session's start to the outcome; NaN while it runs. */
  endedAtMs: z.instanceof(Float64Array),
  /** How long the evaluation ran; NaN while it runs. */
  durationsMs: z.instanceof(Float64Array),
  /** Tokens of all candidates up to this one, by id, prompts and answers; 0 without a language model. */
  tokensUpTo: z.instanceof(Float64Array),
  /** US dollars up to this one; NaN where no prices are known. */
  usdUpTo: z.instanceof(Float64Array),
  /** 1 where hunks of it were accepted. */
  accepted: z.instanceof(Uint8Array),
  /**
   * The lowest id of a candidate with the same text: its own for a program that was not there before. By it the page tells how many
   * programs are new; it says nothing about that while this is absent.
   */
  firstWithText: z.instanceof(Int32Array).optional(),
});
export type CandidateColumns = z.infer<typeof candidateColumns>;

/**
 * How often values fell where, a histogram a step: bin b of a step counts values from `low + b * (high - low) / binCount`. Values outside are
 * in the outermost bins; `low` and `high` are chosen so that these are few (some candidates are worse by orders of magnitude).
 */
export const stepHistograms = z.object({
  low: z.number(),
  high: z.number(),
  binCount: z.int().positive(),
  steps: z.instanceof(Int32Array),
  /** Row by row: `counts[i * binCount + b]` is bin b of `steps[i]`. */
  counts: z.instanceof(Uint32Array),
});
export type StepHistograms = z.infer<typeof stepHistograms>;

/** Another session of the same problem, for comparison: its running best only. */
export const overlay = z.object({
  sessionId: z.string(),
  title: z.string(),
  /** For people: policy, search, host, date. */
  description: z.string(),
  /** Where its best changed, and its last candidate; all of one length, ascending. */
  candidates: z.instanceof(Int32Array),
  steps: z.instanceof(Int32Array),
  bestSoFar: z.instanceof(Float64Array),
  endedAtMs: z.instanceof(Float64Array),
  tokensUpTo: z.instanceof(Float64Array),
  usdUpTo: z.instanceof(Float64Array),
});
export type Overlay = z.infer<typeof overlay>;

/** Sessions that may be laid over this one. */
export const comparableSession = z.object({
  sessionId: z.string(),
  title: z.string(),
  description: z.string(),
  best: z.number().nullable(),
  evaluated: z.int(),
  shown: z.boolean(),
});
export type ComparableSession = z.infer<typeof comparableSession>;

export const dashboardDataMessages = [
  /** `isWhole`: forget all rows known so far. Follows each `snapshot`; then only rows that changed. */
  z.object({ type: z.literal('columns'), isWhole: z.boolean(), columns: candidateColumns }),
  /** `isWhole`: other steps' histograms are no longer valid (the range changed). */
  z.object({ type: z.literal('histograms'), isWhole: z.boolean(), histograms: stepHistograms }),
  /** All that can be compared, and the data of those that are. */
  z.object({
    type: z.literal('comparison'),
    sessions: z.array(comparableSession),
    overlays: z.array(overlay),
  }),
  /**
   * What the evaluator drew of the best candidate; `view` is a `constructionView` of src/domain/session, or `null` for none. `note` says
   * why a picture that there is cannot be shown.
   */
  z.object({
    type: z.literal('bestView'),
    candidate: z.int().min(0),
    view: z.unknown(),
    note: z.string().optional(),
  }),
] as const;

export const exportFormats = ['csv', 'json', 'html', 'png', 'svg'] as const;
export type ExportFormat = (typeof exportFormats)[number];

export const dashboardDataRequests = [
  /** Which sessions to lay over this one; all others are taken away. */
  z.object({ type: z.literal('compare'), sessionIds: z.array(z.string()).max(8) }),
  /** All data of the session, or its report: the extension asks where to. */
  z.object({ type: z.literal('export'), format: z.enum(['csv', 'json', 'html']) }),
  /** A chart as the page draws it: `content` is Base64 of a PNG or the text of an SVG. */
  z.object({
    type: z.literal('exportChart'),
    format: z.enum(['png', 'svg']),
    chart: z.string().max(100),
    content: z.string().max(50_000_000),
  }),
] as const;

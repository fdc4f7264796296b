import * as z from 'zod';
import type { CandidateReview, ReviewHunk } from '../../../domain/merge/review';
import { textId } from '../../../domain/merge/changeIds';

const change = z.object({
  id: z.string(),
  added: z.int().min(0),
  removed: z.int().min(0),
  /** Name of the added lines' text: by it they are found in the file again. */
  linesId: z.string(),
  firstLineId: z.string(),
});

const record = z.object({
  /** Relative to the folder that holds the record, with forward slashes. */
  file: z.string(),
  session: z.string(),
  problem: z.string(),
  candidate: z.int().min(0),
  /** SHA-256 of the candidate's text. */
  sha256: z.string(),
  /** Parents, grandparents, … down to the initial program. */
  ancestors: z.array(z.int().min(0)),
  /** Counted from 1; absent for the initial program. */
  step: z.int().optional(),
  metric: z.object({ name: z.string(), value: z.number(), unit: z.string().optional() }).optional(),
  /**
   * `exact`: the file held the candidate, line for line. `rebased`: all its changes, on top of the user's own edits.
   * `partial`: some of its changes. Only an exact text is the one that was scored.
   */
  fidelity: z.enum(['exact', 'rebased', 'partial']),
  accepted: z.array(change),
  /** Ids of changes that were rejected. */
  rejected: z.array(z.string()),
  /** Changes that were neither accepted nor rejected yet. */
  undecided: z.int().min(0),
  /** SHA-256 of the file's text before the first of the changes, and after the last. */
  before: z.string(),
  after: z.string(),
  acceptedAt: z.iso.datetime(),
});

/** What one candidate gave to one file. */
export type AcceptedRecord = z.infer<typeof record>;
export type Fidelity = AcceptedRecord['fidelity'];

const file = z.object({ version: z.literal(1), accepted: z.array(record) });

/** Throws a `ZodError` or a `SyntaxError` on a text that is not such a file. */
export function parseAccepted(text: string): AcceptedRecord[] {
  return file.parse(JSON.parse(text)).accepted;
}

export function acceptedText(records: readonly AcceptedRecord[]): string {
  return `${JSON.stringify({ version: 1, accepted: records }, undefined, 2)}\n`;
}

/** How the document stands to the candidate, after the review of it says what is left. */
export function fidelityOf(after: Pick<CandidateReview, 'isExact' | 'open' | 'rejected'>): Fidelity {
  if (after.isExact) return 'exact';
  return after.open.length + after.rejected.length === 0 ? 'rebased' : 'partial';
}

/** The records with one more acceptance: what one candidate gave to one file is one record, that grows. */
export function withAcceptance(
  records: readonly AcceptedRecord[],
  news: Omit<AcceptedRecord, 'accepted'>,
  hunks: readonly ReviewHunk[],
): AcceptedRecord[] {
  const isSame = (one: AcceptedRecord): boolean =>
    one.file === news.file && one.session === news.session && one.candidate === news.candidate;
  const earlier = records.find(isSame);
  const ids = new Set(hunks.map((hunk) => hunk.id));
  const accepted = [
    ...(earlier?.accepted.filter((one) => !ids.has(one.id)) ?? []),
    ...hunks.map((hunk) => ({
      id: hunk.id,
      added: hunk.newLines.length,
      removed: hunk.oldLines.length,
      linesId: linesId(hunk.newLines),
      firstLineId: linesId(hunk.newLines.slice(0, 1)),
    })),
  ];
  return [
    ...records.filter((one) => !isSame(one)),
    { ...news, before: earlier?.before ?? news.before, accepted },
  ];
}

export interface AcceptedLines {
  readonly record: AcceptedRecord;
  readonly start: number;
  readonly end: number;
}

/** The accepted lines around a line of a file, newest record first; undefined where they were changed since, or are none. */
export function acceptedAround(
  records: readonly AcceptedRecord[],
  lines: readonly string[],
  line: number,
): AcceptedLines | undefined {
  for (const one of records.toReversed()) {
    for (const { added, linesId: wanted, firstLineId } of one.accepted) {
      for (let start = Math.max(0, line - added + 1); added > 0 && start <= line; start++) {
        const end = start + added;
        if (end > lines.length || linesId(lines.slice(start, start + 1)) !== firstLineId) continue;
        if (linesId(lines.slice(start, end)) === wanted) return { record: one, start, end };
      }
    }
  }
  return undefined;
}

function linesId(lines: readonly string[]): string {
  return textId(lines.join('\n'));
}

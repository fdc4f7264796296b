import * as z from 'zod';
import type { CandidateReview, ReviewHunk } from '../../../domain/merge/review';
import { linesId, surroundedId } from './lineIds';

const surroundedLines = z.object({
  length: z.int().min(0),
  /** Name of the line before; absent at the text's begin. */
  firstLineId: z.string().optional(),
  id: z.string(),
});
export type SurroundedLines = z.infer<typeof surroundedLines>;

const change = z.object({
  id: z.string(),
  added: z.int().min(0),
  removed: z.int().min(0),
  /** Name of the added lines' text, by which they are found in the file again; of a deletion, of the lines around it. */
  linesId: z.string(),
  /** Name of the first of them; empty where a deletion is at the text's begin. */
  firstLineId: z.string(),
  /**
   * The lines that were there before, with one line on either side: where they stand again, the change was undone. Records of
   * older versions do not have it.
   */
  replaced: surroundedLines.optional(),
});
export type AcceptedChange = z.infer<typeof change>;

/** What a whole text was measured at after it was accepted into, see `verification/recordMeasured`. */
const measuredText = z.object({
  value: z.number(),
  unit: z.string().optional(),
  /** Of the text, as the editor has it. */
  sha256: z.string(),
  atMs: z.number(),
});

// Loose: what other versions write beside it stays.
const record = z.looseObject({
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
   * `partial`: some of its changes. `undone`: none any more. Only an exact text is the one that was scored.
   */
  fidelity: z.enum(['exact', 'rebased', 'partial', 'undone']),
  accepted: z.array(change),
  /** Ids of changes that were rejected. */
  rejected: z.array(z.string()),
  /** Changes that were neither accepted nor rejected yet. */
  undecided: z.int().min(0),
  /** SHA-256 of the file's text before the first of the changes. */
  before: z.string(),
  /** SHA-256 of the text that `fidelity` speaks of: the file's after the last change, or after it was undone or edited. */
  after: z.string(),
  /** Of an exact text whose line ends or byte order mark are not the candidate's: SHA-256 with `\n` alone. */
  exactLines: z.string().optional(),
  acceptedAt: z.iso.datetime(),
  measured: measuredText.optional(),
});

/** What one candidate gave to one file. */
export type AcceptedRecord = z.infer<typeof record>;
/** Of a text that something was just accepted into. */
export type Fidelity = Exclude<AcceptedRecord['fidelity'], 'undone'>;

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
  news: NewAcceptance,
  hunks: readonly ReviewHunk[],
  /** The file's lines before. */
  linesBefore: readonly string[],
  /** What is not in the file now, although it may have been once. */
  notTaken: readonly Pick<ReviewHunk, 'id'>[] = [],
): AcceptedRecord[] {
  const isSame = (one: AcceptedRecord): boolean =>
    one.file === news.file && one.session === news.session && one.candidate === news.candidate;
  const earlier = records.find(isSame);
  const ids = new Set([...hunks, ...notTaken].map((hunk) => hunk.id));
  const accepted = [
    ...(earlier?.accepted.filter((one) => !ids.has(one.id)) ?? []),
    ...hunks.map((hunk) => changeOf(hunk, linesBefore)),
  ];
  return [
    ...records.filter((one) => !isSame(one)),
    { ...earlier, ...news, before: earlier?.before ?? news.before, accepted },
  ];
}

/** What is written of an acceptance, besides its changes. */
export type NewAcceptance = Omit<AcceptedRecordFields, 'accepted'>;
type AcceptedRecordFields = {
  [Key in keyof AcceptedRecord as string extends Key ? never : Key]: AcceptedRecord[Key];
};

function changeOf(
  { id, mine, oldLines, newLines }: ReviewHunk,
  linesBefore: readonly string[],
): AcceptedChange {
  const { start, end } = mine;
  const before = linesBefore[start - 1];
  const beforeId = before === undefined ? undefined : linesId([before]);
  const isDeletion = newLines.length === 0;
  return {
    id,
    added: newLines.length,
    removed: oldLines.length,
    linesId: isDeletion ? surroundedId(before, [], linesBefore[end]) : linesId(newLines),
    firstLineId: isDeletion ? (beforeId ?? '') : linesId(newLines.slice(0, 1)),
    replaced: {
      length: end - start,
      id: surroundedId(before, linesBefore.slice(start, end), linesBefore[end]),
      ...(beforeId === undefined ? {} : { firstLineId: beforeId }),
    },
  };
}

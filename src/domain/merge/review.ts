import { changeIds } from './changeIds';
import { joinNearChanges } from './joinChanges';
import { rememberingDiff, type LineDiff } from './lineDiff';
import { replaceLines, type LineReplacement } from './lineEdits';
import { withPresentChanges } from './presentChanges';
import { linesOf, sameLines, type LineRange } from './textLines';
import { mergeRegions, type MergeRegion } from './threeWay';

export interface ReviewTexts {
  /** What the session began with. */
  readonly seed: string;
  /** Candidates that were taken over before, whole or in part, oldest first: their lines are no edits of the user's. */
  readonly accepted: readonly string[];
  readonly candidate: string;
  /** What the user's document holds now. */
  readonly mine: string;
}

/** One change that a candidate proposes to the user's document. */
export interface ReviewHunk {
  /** Decided by the change's own text: it stays while the user types elsewhere, and in descendants that make the change too. */
  readonly id: string;
  /** Both the user and the candidate changed these lines, in different ways. */
  readonly isConflict: boolean;
  /** It stands right beside lines that the user changed: clean, but worth a look. */
  readonly touchesOwnEdit: boolean;
  /** The user's lines that it replaces. */
  readonly mine: LineRange;
  readonly oldLines: readonly string[];
  readonly newLines: readonly string[];
  /** Where the new lines stand in the proposed text; empty for a deletion, and for a hunk that is not in it. */
  readonly shown: LineRange;
}

/** What a candidate would make of the user's document: a function of the texts and of what was rejected, nothing else. */
export interface CandidateReview {
  /** What the session began with, and what of this and earlier candidates the user has taken over since. */
  readonly base: readonly string[];
  /** The user's lines. */
  readonly mine: readonly string[];
  /** The user's lines with every open hunk in its place, conflicts too. */
  readonly proposed: readonly string[];
  /** Hunks to decide on, in order. */
  readonly open: readonly ReviewHunk[];
  readonly rejected: readonly ReviewHunk[];
  /** The document holds the candidate, line for line. */
  readonly isExact: boolean;
}

/** Puts a candidate onto the user's document, and names what it changes. `rejected` holds ids of hunks (or their parts). */
export function reviewCandidate(texts: ReviewTexts, rejected: ReadonlySet<string>): CandidateReview {
  return reviewsOf(texts)(texts.mine, rejected);
}

/** As `reviewCandidate`, again and again while the document changes: what is known of the other texts is kept. */
export function reviewsOf(
  texts: Omit<ReviewTexts, 'mine'>,
): (mine: string, rejected: ReadonlySet<string>) => CandidateReview {
  const seed = linesOf(texts.seed);
  const candidate = linesOf(texts.candidate);
  const versions = [...texts.accepted.map(linesOf), candidate];
  const diff = rememberingDiff();
  return (text, rejected) => {
    // The same lines are one text to the diff.
    const mine = text === texts.seed ? seed : text === texts.candidate ? candidate : linesOf(text);
    return reviewOf({ seed, versions, candidate, mine }, rejected, diff);
  };
}

interface ReviewedLines {
  readonly seed: readonly string[];
  /** What was accepted before, then the candidate. */
  readonly versions: readonly (readonly string[])[];
  readonly candidate: readonly string[];
  readonly mine: readonly string[];
}

function reviewOf(
  { seed, versions, candidate, mine }: ReviewedLines,
  rejected: ReadonlySet<string>,
  diff: LineDiff,
): CandidateReview {
  const base = versions.reduce((soFar, version) => withPresentChanges(soFar, version, mine, diff), seed);
  const changes = joinNearChanges(diff(base, candidate), base);
  const ids = new Map(changeIds(base, candidate, changes).map((id, index) => [changes[index], id]));
  const regions = mergeRegions(base, mine, candidate, diff(base, mine), changes);
  const open: ReviewHunk[] = [];
  const declined: ReviewHunk[] = [];
  let shift = 0;
  for (const [index, region] of regions.entries()) {
    if (region.kind !== 'theirs' && region.kind !== 'conflict') continue;
    const parts = region.theirChanges.map((change) => ids.get(change) ?? '');
    const isRejected = parts.every((part) => rejected.has(part));
    const newLines = candidate.slice(region.theirs.start, region.theirs.end);
    const start = region.mine.start + shift;
    const hunk: ReviewHunk = {
      id: parts.join('+'),
      isConflict: region.kind === 'conflict',
      touchesOwnEdit: touchesMine(region, regions[index - 1], regions[index + 1]),
      mine: region.mine,
      oldLines: mine.slice(region.mine.start, region.mine.end),
      newLines,
      shown: { start, end: isRejected ? start : start + newLines.length },
    };
    (isRejected ? declined : open).push(hunk);
    if (!isRejected) shift += newLines.length - hunk.oldLines.length;
  }
  return {
    base,
    mine,
    proposed: replaceLines(mine, open.map(replacementOf)),
    open,
    rejected: declined,
    isExact: sameLines(mine, candidate),
  };
}

/** What accepting the hunk does to the user's lines. */
export function replacementOf(hunk: ReviewHunk): LineReplacement {
  return { range: hunk.mine, lines: hunk.newLines };
}

/** The names under which a rejection of the hunk is remembered: of each change in it, so that a descendant's are known too. */
export function partsOf(hunk: Pick<ReviewHunk, 'id'>): string[] {
  return hunk.id.split('+');
}

/**
 * Takes an accepted edit back out of the document, whatever was done to it since. Undefined if the user has
 * changed the same lines since; no replacements if nothing of it is left.
 */
export function takeBack(before: string, after: string, mine: string): LineReplacement[] | undefined {
  const wanted = linesOf(before);
  const regions = mergeRegions(linesOf(after), linesOf(mine), wanted);
  if (regions.some((region) => region.kind === 'conflict')) return undefined;
  return regions
    .filter((region) => region.kind === 'theirs')
    .map((region) => ({ range: region.mine, lines: wanted.slice(region.theirs.start, region.theirs.end) }));
}

function touchesMine(
  region: MergeRegion,
  before: MergeRegion | undefined,
  after: MergeRegion | undefined,
): boolean {
  return (
    (before?.kind === 'mine' && before.base.end === region.base.start) ||
    (after?.kind === 'mine' && after.base.start === region.base.end)
  );
}

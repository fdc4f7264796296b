import type { CandidateReview, ReviewHunk } from '../../../domain/merge/review';

/** What a lens over a change of a review says and does. */
export interface HunkLens {
  /** Line of the proposed text, from 0. */
  readonly line: number;
  readonly hunkId: string;
  readonly actions: readonly HunkAction[];
}

export interface HunkAction {
  readonly title: string;
  readonly tooltip: string;
  readonly command: 'acceptHunk' | 'rejectHunk' | 'resolveConflict';
}

/** Words only, no icons: the editor reads a lens aloud with the names of its icons. */
export function hunkLenses(review: CandidateReview, candidate: number): HunkLens[] {
  const lastLine = review.proposed.length - 1;
  return review.open.map((hunk, index) => ({
    line: Math.min(anchorOf(hunk), lastLine),
    hunkId: hunk.id,
    actions: hunk.isConflict ? conflictActions(candidate) : changeActions(hunk, index, review.open.length),
  }));
}

/** `+3 −2` */
export function sizeText(hunk: Pick<ReviewHunk, 'oldLines' | 'newLines'>): string {
  return `+${hunk.newLines.length} −${hunk.oldLines.length}`;
}

/** `change 2 of 7 (+3 −2)` */
export function hunkName(hunk: ReviewHunk, index: number, count: number): string {
  return `change ${index + 1} of ${count} (${sizeText(hunk)})`;
}

/** `3 changes` */
export function changesText(count: number): string {
  return `${count} ${count === 1 ? 'change' : 'changes'}`;
}

/** The first line that differs, as far as a conflict's sides begin alike: there the editor draws its block. */
function anchorOf({ shown, oldLines, newLines }: ReviewHunk): number {
  let same = 0;
  while (same < newLines.length && same < oldLines.length && oldLines[same] === newLines[same]) same += 1;
  return Math.min(shown.start + same, Math.max(shown.start, shown.end - 1));
}

function changeActions(hunk: ReviewHunk, index: number, count: number): HunkAction[] {
  const beside = hunk.touchesOwnEdit ? ', beside your own edit' : '';
  return [
    {
      title: `Accept ${hunkName(hunk, index, count)}${beside}`,
      tooltip: 'Copy these lines into your file. Undo takes them back.',
      command: 'acceptHunk',
    },
    {
      title: 'Reject',
      tooltip: 'Do not show this change again, in this candidate or in its descendants',
      command: 'rejectHunk',
    },
  ];
}

function conflictActions(candidate: number): HunkAction[] {
  return [
    {
      title: 'Conflict: Open Merge Editor',
      tooltip: `You and c${candidate} both changed these lines`,
      command: 'resolveConflict',
    },
    {
      title: `Take c${candidate}’s Lines`,
      tooltip: 'Replace your lines by these. Undo brings yours back.',
      command: 'acceptHunk',
    },
    { title: 'Keep Mine', tooltip: 'Leave your lines as they are', command: 'rejectHunk' },
  ];
}

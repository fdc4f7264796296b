import type { CandidateReview, ReviewHunk } from '../../../domain/merge/review';
import { t } from '../../base/translate';

/** What a lens over a change of a review says and does. */
export interface HunkLens {
  /** Line of the proposed text, from 0. */
  readonly line: number;
  readonly hunkId: string;
  readonly actions: readonly HunkAction[];
}

/** What a lens above a review with nothing left to decide says; it opens the user's file. */
export function doneLens(review: CandidateReview, candidate: number): { title: string; tooltip: string } {
  return {
    title: review.isExact
      ? t('Your file is c{0} now: open it', candidate)
      : t('Nothing of c{0} is left to review: open your file', candidate),
    tooltip: t('What you accepted stands in your file, which is saved when you save it. Undo takes it back.'),
  };
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
  return t('change {0} of {1} ({2})', index + 1, count, sizeText(hunk));
}

/** `3 changes` */
export function changesText(count: number): string {
  return count === 1 ? t('1 change') : t('{0} changes', count);
}

/** The first line that differs, as far as a conflict's sides begin alike: there the editor draws its block. */
function anchorOf({ shown, oldLines, newLines }: ReviewHunk): number {
  let same = 0;
  while (same < newLines.length && same < oldLines.length && oldLines[same] === newLines[same]) same += 1;
  return Math.min(shown.start + same, Math.max(shown.start, shown.end - 1));
}

function changeActions(hunk: ReviewHunk, index: number, count: number): HunkAction[] {
  const name = hunkName(hunk, index, count);
  return [
    {
      title: hunk.touchesOwnEdit ? t('Accept {0}, beside your own edit', name) : t('Accept {0}', name),
      tooltip: t('Copy these lines into your file. Undo takes them back.'),
      command: 'acceptHunk',
    },
    {
      title: t('Reject'),
      tooltip: t('Do not show this change again, in this candidate or in its descendants'),
      command: 'rejectHunk',
    },
  ];
}

function conflictActions(candidate: number): HunkAction[] {
  return [
    {
      title: t('Conflict: Open Merge Editor'),
      tooltip: t('You and c{0} both changed these lines', candidate),
      command: 'resolveConflict',
    },
    {
      title: t('Take c{0}’s Lines', candidate),
      tooltip: t('Replace your lines by these. Undo brings yours back.'),
      command: 'acceptHunk',
    },
    { title: t('Keep Mine'), tooltip: t('Leave your lines as they are'), command: 'rejectHunk' },
  ];
}

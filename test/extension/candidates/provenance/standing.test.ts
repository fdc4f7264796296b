import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { replaceLines } from '../../../../src/domain/merge/lineEdits';
import { replacementOf, reviewCandidate, type ReviewHunk } from '../../../../src/domain/merge/review';
import { linesOf } from '../../../../src/domain/merge/textLines';
import {
  fidelityOf,
  withAcceptance,
  type AcceptedRecord,
  type NewAcceptance,
} from '../../../../src/extension/candidates/provenance/provenance';
import {
  lensTitle,
  provenanceText,
  trailerText,
  withTrailers,
} from '../../../../src/extension/candidates/provenance/provenanceWords';
import {
  acceptedRuns,
  NumberedLines,
  standingOf,
} from '../../../../src/extension/candidates/provenance/standing';
import { editedTriple } from '../../../domain/merge/support';

const seed = 'a = 1\n\n# here\nb = 2\n\n# there\nc = 3\nd = 4\n\n# end\nprint(a)\nprint(b)\n';
const candidate = seed
  .replace('a = 1', 'a = 9')
  .replace('c = 3\nd = 4', 'c = 9\nx = 0\nd = 4')
  .replace('print(b)\n', '');

/** The text after accepting changes, and the record of it, as they come about in the editor. */
function accepted(
  mine: string,
  theirs: string,
  choose: (hunk: ReviewHunk, index: number) => boolean,
  base = seed,
) {
  const before = reviewCandidate({ seed: base, mine, candidate: theirs, accepted: [] }, new Set());
  const hunks = before.open.filter(choose);
  const after = replaceLines(before.mine, hunks.map(replacementOf)).join('\n');
  const left = reviewCandidate({ seed: base, mine: after, candidate: theirs, accepted: [] }, new Set());
  const news: NewAcceptance = {
    file: 'slope.py',
    session: '01JD8E2V7Q0000000000000000',
    problem: 'Slope',
    candidate: 17,
    sha256: createHash('sha256').update(theirs).digest('hex'),
    ancestors: [12, 0],
    step: 24,
    metric: { name: 'height', value: 0.5, unit: 'm' },
    fidelity: fidelityOf(left),
    rejected: [],
    undecided: left.open.length,
    before: '',
    after: '',
    acceptedAt: '2026-11-22T10:00:00.000Z',
  };
  const [record] = withAcceptance([], news, hunks, before.mine, left.open);
  if (record === undefined) throw new Error('a record expected');
  return { record, after };
}

const standing = (record: AcceptedRecord, text: string) =>
  standingOf(record, new NumberedLines(linesOf(text)));
const all = () => true;

describe('how a text stands to what was accepted into it', () => {
  it('is what the review says right after accepting', () => {
    const whole = accepted(seed, candidate, all);
    expect(standing(whole.record, whole.after)).toMatchObject({ fidelity: 'exact', kept: 3, of: 3 });
    const part = accepted(seed, candidate, (_, index) => index > 0);
    expect(standing(part.record, part.after)).toMatchObject({ fidelity: 'partial', kept: 2, of: 3 });
    const onTop = accepted(`# mine\n${seed}`, candidate, all);
    expect(standing(onTop.record, onTop.after)).toMatchObject({ fidelity: 'rebased', kept: 3, of: 3 });
  });

  it('follows Undo and Redo, of a deletion too', () => {
    const { record, after } = accepted(seed, candidate, all);
    expect(standing(record, seed)).toMatchObject({ fidelity: 'undone', kept: 0, runs: [] });
    expect(standing(record, after).fidelity).toBe('exact');
    const oneBack = after.replace('print(a)\n', 'print(a)\nprint(b)\n');
    expect(standing(record, oneBack)).toMatchObject({ fidelity: 'partial', kept: 2, of: 3 });
    const deletion = accepted(seed, candidate, (hunk) => hunk.newLines.length === 0);
    expect(standing(deletion.record, deletion.after)).toMatchObject({ fidelity: 'partial', kept: 1 });
    expect(standing(deletion.record, seed).fidelity).toBe('undone');
  });

  it('tells lines that were there twice from lines that were accepted', () => {
    const base = 'x\ny\nz\n\nend\n';
    const { record, after } = accepted(base, 'x\ny\nz\n\nend\nx\n', all, base);
    expect(after).toBe('x\ny\nz\n\nend\nx\n');
    expect(standing(record, base).fidelity, 'x stands at the top still').toBe('undone');
  });

  it('is not scored any more once the user types, nor with other line ends alone', () => {
    const { record, after } = accepted(seed, candidate, all);
    expect(standing(record, `${after}# mine`).fidelity).toBe('rebased');
    expect(standing(record, after.replace('a = 9', 'a = 10')).runs).toHaveLength(1);
    expect(standing(record, after.replaceAll('\n', '\r\n')).fidelity).toBe('exact');
    expect(standing(record, 'something else').fidelity).toBe('undone');
  });

  it('never calls a text exact that is not the candidate, nor one accepted that is as before', () => {
    fc.assert(
      fc.property(editedTriple, (texts) => {
        fc.pre(linesOf(texts.seed).join('\n') !== linesOf(texts.theirs).join('\n'));
        const { record, after } = accepted(texts.seed, texts.theirs, all, texts.seed);
        expect(standing(record, after).fidelity).toBe('exact');
        expect(standing(record, texts.seed).fidelity).toBe('undone');
        expect(standing(record, texts.mine).fidelity === 'exact').toBe(texts.mine === texts.theirs);
      }),
      { numRuns: 1000 },
    );
  });

  it('gives lines to the candidate that they were accepted from last', () => {
    const { record, after } = accepted(seed, candidate, all);
    const text = new NumberedLines(linesOf(after));
    const later = { ...record, candidate: 23 };
    const runs = acceptedRuns([standingOf(record, text), standingOf(later, text)]);
    expect(runs.map((run) => [run.record.candidate, run.start, run.end])).toEqual([
      [23, 0, 1],
      [23, 6, 8],
    ]);
  });
});

describe('provenance in words', () => {
  const { record, after } = accepted(seed, candidate, all);
  const partly = after.replace('print(a)\n', 'print(a)\nprint(b)\n');

  it('says in a lens whether the score is the file’s', () => {
    expect(lensTitle(record, standing(record, after))).toBe('from c17, step 24: 0.5 m, exact');
    expect(lensTitle(record, standing(record, partly))).toBe('from c17, step 24: partial 2 of 3, not scored');
    const measured = { value: 0.52, unit: 'm', sha256: '', atMs: 0 };
    expect(lensTitle(record, standing(record, partly), measured)).toBe(
      'from c17, step 24: partial 2 of 3, measured 0.52 m',
    );
  });

  it('says more in a hover', () => {
    expect(provenanceText(record, standing(record, partly))).toBe(
      'From c17 of Slope, step 24, height 0.5 m: 2 of 3 changes, so this text was not scored. Parents: c12, c0.',
    );
  });

  it('is a trailer of a commit message, that is added once', () => {
    const trailer = trailerText(record, standing(record, partly));
    expect(trailer).toBe(
      'Candidate: c17 of Slope in slope.py (partial 2 of 3, height 0.5 m of the candidate, this text not scored, session 01JD8E2V7Q0000000000000000)',
    );
    const once = withTrailers('Walk downhill', [trailer]);
    expect(once).toBe(`Walk downhill\n\n${trailer}\n`);
    expect(withTrailers(once, [trailer])).toBe(once);
    expect(withTrailers(once, ['Reviewed-by: me'])).toBe(`Walk downhill\n\n${trailer}\nReviewed-by: me\n`);
    expect(withTrailers('', [trailer])).toBe(`\n\n${trailer}\n`);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FolderDescription } from '../../../src/domain/foreign/foreignFolder';
import { proposeProblem } from '../../../src/domain/foreign/proposeProblem';
import { hostPlaces } from '../../../src/domain/problem/hostPlaces';
import { parseProblem } from '../../../src/domain/problem/parseProblem';
import { foreignFormats } from '../../../src/domain/problem/problem';

const trimul: FolderDescription = {
  format: 'gpu-mode',
  title: 'TriMul: triangle multiplication',
  candidate: 'submission.py',
  metric: { name: 'time', goal: 'minimize', unit: 'µs' },
  mode: 'leaderboard',
  limits: { timeMs: 1_200_000, gpus: 1 },
  references: [{ label: 'board: best', value: 1161 }],
  statement: 'Write a kernel.',
  notes: ['The geometric mean of all shapes is minimised, since task.yml ranks by "geom".'],
};

describe('the problem file proposed for a folder of another tool', () => {
  it('says what the folder says, and points at it', () => {
    const { problem, diagnostics } = parseProblem(proposeProblem(trimul, '../ref/trimul'));
    expect(diagnostics).toEqual([]);
    expect(problem).toMatchObject({
      title: trimul.title,
      candidate: '../ref/trimul/submission.py',
      evaluator: { kind: 'foreign', format: 'gpu-mode', folder: '../ref/trimul', mode: 'leaderboard' },
      metric: trimul.metric,
      references: trimul.references,
      limits: { timeMs: 1_200_000, gpus: 1, cpus: 1 },
      statement: '# TriMul: triangle multiplication\n\nWrite a kernel.',
    });
  });

  it('keeps what had to be guessed as comments', () => {
    expect(proposeProblem(trimul, '.')).toContain('# The geometric mean of all shapes is minimised');
  });

  it('has no mistakes, whatever the folder is called and says', () => {
    const word = fc.string({ minLength: 1 }).filter((text) => text.trim() !== '' && !text.includes('\0'));
    const name = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
      .map((text) => `x${text.replace(/[/\\\0]|^[~.]+/g, '').trimEnd()}x`);
    fc.assert(
      fc.property(
        fc.constantFrom(...foreignFormats),
        word,
        name,
        name,
        fc.string(),
        fc.array(fc.string(), { maxLength: 3 }),
        (format, title, folder, candidate, statement, notes) => {
          const description: FolderDescription = {
            format,
            title,
            candidate,
            metric: { name: 'score', goal: 'maximize' },
            statement,
            notes,
          };
          const { problem, diagnostics } = parseProblem(proposeProblem(description, `/home/${folder}`));
          expect(diagnostics).toEqual([]);
          expect(problem?.title).toBe(title.trim());
          expect(problem === undefined ? undefined : hostPlaces(problem).candidate).toBe(`task/${candidate}`);
        },
      ),
      { numRuns: 500 },
    );
  });
});

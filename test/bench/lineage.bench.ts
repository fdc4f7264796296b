import { expect, it } from 'vitest';
import { reviewCandidate } from '../../src/domain/merge/review';
import { emptySnapshot, reduce } from '../../src/domain/session/reduce';
import { searchOf } from '../../src/extension/lineage/candidateSearch';
import { CandidatesModel, type LineageElement } from '../../src/extension/lineage/candidatesModel';
import { viewOf } from '../extension/lineage/session';
import { recordedSession } from '../support/recordedSession';
import { median, report, type Figure } from './figures';

function millisecondsOf(work: () => unknown): number {
  const startedMs = performance.now();
  work();
  return performance.now() - startedMs;
}

/** Draws rows as the editor does: the elements, then what each says. */
function draw(model: CandidatesModel, under?: LineageElement): number {
  const rows = model.children(under);
  for (const row of rows) if ('candidate' in row) model.row(row.candidate);
  return rows.length;
}

const figures: Figure[] = [];
const tell = (name: string, value: number): void => void figures.push({ name, value, unit: 'ms' });

it('the Candidates view of 25,600 candidates', async () => {
  const { entries } = recordedSession();
  const before = reduce(emptySnapshot, entries.slice(0, -300));
  const after = reduce(before, entries.slice(-300));
  const models = Array.from({ length: 5 }, () => new CandidatesModel(() => undefined));
  tell(
    'Candidates view: index of 25,600 candidates',
    median(models.map((model) => millisecondsOf(() => model.update(viewOf(before))))),
  );
  tell('Candidates view: first rows', median(models.map((model) => millisecondsOf(() => draw(model)))));
  const expanded = models.flatMap((model) => {
    const [line, ...roots] = model.children();
    return [line, ...roots].map((row) => millisecondsOf(() => draw(model, row)));
  });
  tell('Candidates view: expanding a row, the slowest', Math.max(...expanded));
  tell(
    'Candidates view: taking in 300 entries',
    median(models.map((model) => millisecondsOf(() => model.update(viewOf(after))))),
  );
  const search = searchOf('value < 0.4 valid step 10..40 anneal');
  tell(
    'Candidates view: a search, first rows',
    median(
      models.map((model) =>
        millisecondsOf(() => {
          model.search = search;
          return draw(model);
        }),
      ),
    ),
  );
  expect(models[0]?.message).toContain('found');
  for (const figure of figures.splice(0)) await report(figure);
});

it('reviews of long programs', async () => {
  const repetitive = (n: number): string =>
    Array.from({ length: 5000 }, (_, index) => (index % n === 0 ? `x${index % 7}` : '}')).join('\n');
  const lines = Array.from({ length: 20_000 }, (_, index) => `line_${index} = ${index % 7}`);
  const seed = lines.join('\n');
  const candidate = lines.map((line, index) => (index % 100 === 50 ? `${line} + 1` : line)).join('\n');
  const review = (texts: { seed: string; mine: string; candidate: string }): number =>
    reviewCandidate({ ...texts, accepted: [] }, new Set()).open.length;
  const short = { seed: repetitive(5), mine: repetitive(6), candidate: repetitive(7) };
  expect(review(short)).toBeGreaterThan(0);
  expect(review({ seed, mine: seed, candidate })).toBe(200);
  const times = (work: () => unknown): number[] => Array.from({ length: 7 }, () => millisecondsOf(work));
  tell('review of 5,000 repetitive lines', median(times(() => review(short))));
  tell(
    'review of 20,000 lines with 200 changes',
    median(times(() => review({ seed, mine: seed, candidate }))),
  );
  for (const figure of figures.splice(0)) await report(figure);
});

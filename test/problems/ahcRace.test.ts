import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseProblem } from '../../src/domain/problem/parseProblem';
import type { CaseResult } from '../../src/domain/session/outcome';
import { createEvaluator } from '../../src/evaluation/createEvaluator';
import { createLocalExecutor } from '../../src/evaluation/localExecutor';
import { folderOf } from './ahc/contestScripts';
import { catalogueText, commandOf, validOutcome } from './support/catalogueProblem';
import { keepViews } from './support/keptViews';

const root = mkdtempSync(join(tmpdir(), 'ahc-race-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const never = new AbortController().signal;
const count = 40;

/** Programs that take no time and have the same score on every case. */
const contests = [
  { name: 'ahc039', answer: '4 0 0 0 100000 100000 100000 100000 0', score: 1 },
  { name: 'ahc058', answer: '-1\\n'.repeat(500), score: 0 },
] as const;

describe.each(contests)('the problem $name', ({ name, answer, score }) => {
  it('stops a program early that is clearly worse than its parent, and no other', async () => {
    const { problem } = parseProblem(catalogueText(`${name}/${name}.discover`));
    if (problem === undefined) throw new Error('The problem file has mistakes.');
    const command = commandOf(problem).replace('--cases 150', `--cases ${count}`);
    const evaluator = createEvaluator({
      problem: { ...problem, evaluator: { ...problem.evaluator, kind: 'command', command } },
      problemFolder: folderOf(name),
      workRoot: join(root, `work-${name}`),
      root,
      executor: createLocalExecutor(),
      storeBlob: keepViews().storeBlob,
    });
    await evaluator.prepare(() => undefined, never);
    try {
      expect(evaluator.races).toBe(true);
      const candidateText = `#include <cstdio>\nint main() { std::puts("${answer}"); }\n`;
      const live: CaseResult[] = [];
      const full = await evaluator.evaluate(
        { id: 'full', candidateText, seed: 7, onCase: (one) => live.push(one) },
        never,
      );
      expect(validOutcome(full.outcome).value).toBe(score);
      expect(live).toHaveLength(count);
      expect(full.cases?.map((one) => one.name)).toEqual(
        Array.from({ length: count }, (_, index) => `case ${index}`),
      );
      expect(full.cases?.[0]).toMatchObject({ verdict: 'passed', value: score, unit: 'points' });
      const better = (full.cases ?? []).map((one, index) => ({ ...one, value: 1000 + index }));
      const stopped = await evaluator.evaluate(
        { id: 'stopped', candidateText, seed: 7, incumbent: { cases: better } },
        never,
      );
      const { metrics, value, feedback } = validOutcome(stopped.outcome);
      expect(metrics['cases_run']).toBeLessThan(count);
      expect(metrics['cases_run']).toBe(stopped.cases?.length);
      expect(feedback).toMatch(/^Stopped after \d+ of 40 cases: it is clearly worse than its parent/);
      // The parent's mean less a mean difference of 1000 and some.
      expect(Math.abs(value - score)).toBeLessThan(count);
      const equal = await evaluator.evaluate(
        { id: 'equal', candidateText, seed: 7, incumbent: { cases: full.cases ?? [] } },
        never,
      );
      expect(equal.cases).toHaveLength(count);
      expect(validOutcome(equal.outcome).feedback).toMatch(/equal on 40\.$/);
    } finally {
      await evaluator.dispose();
    }
  }, 120_000);
});

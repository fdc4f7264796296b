import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseProblem } from '../../../../src/domain/problem/parseProblem';
import { parseEvaluatorResult } from '../../../../src/evaluation/evaluatorResult';
import { fileNamedAt, meantFiles, newFileText } from '../../../../src/extension/problem/fixes/missingFiles';
import { completeProblem, smallProblem } from '../../../domain/problem/sampleProblem';

const parsed = parseProblem(completeProblem);

describe('a file that is missing', () => {
  it('is known by the place that names it', () => {
    const { candidate, scripts } = parsed.places;
    expect(fileNamedAt(parsed, candidate!.range)).toMatchObject({ path: 'initial.py', role: 'candidate' });
    expect(fileNamedAt(parsed, scripts[0]!.range)).toMatchObject({ path: 'evaluate.py', role: 'script' });
    expect(fileNamedAt(parsed, parsed.places.keys.get('reward')!.value)).toBeUndefined();
  });

  it('may be one with a name like it', () => {
    const existing = ['lib/other.py', 'initail.py', 'evaluate.py', 'initial.cpp', 'sub/initial.py'];
    expect(meantFiles('initial.py', existing)).toEqual(['sub/initial.py', 'initail.py', 'lib/other.py']);
    expect(meantFiles('Makefile', existing)).toEqual([]);
  });

  it('begins as a comment in its language', () => {
    const small = parseProblem(smallProblem);
    expect(newFileText({ path: 'initial.cpp', role: 'candidate' }, small)).toMatch(
      /^\/\/ The initial program/,
    );
    expect(newFileText({ path: 'evaluate.sh', role: 'script' }, small)).toMatch(
      /^# Scores .* the metric score/,
    );
  });

  it('that scores begins as an evaluator that runs, and says that it measures nothing yet', () => {
    const folder = mkdtempSync(join(tmpdir(), 'template-'));
    try {
      const evaluator = join(folder, 'evaluate.py');
      const env = {
        ...process.env,
        DISCOVER_CANDIDATE: join(folder, 'initial.py'),
        DISCOVER_RESULT: join(folder, 'result.json'),
      };
      writeFileSync(evaluator, newFileText({ path: 'evaluate.py', role: 'script' }, parsed));
      const verdictOf = (program: string): unknown => {
        writeFileSync(env.DISCOVER_CANDIDATE, program);
        execFileSync('python3', [evaluator], { env });
        return parseEvaluatorResult(readFileSync(env.DISCOVER_RESULT, 'utf8'));
      };
      expect(verdictOf('print(1)')).toMatchObject({
        reason: 'invalid',
        message: expect.stringContaining('c5 yet') as unknown,
      });
      expect(verdictOf('1/0')).toMatchObject({
        message: expect.stringContaining('ZeroDivisionError') as unknown,
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

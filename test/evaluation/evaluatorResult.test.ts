import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEvaluatorResult } from '../../src/evaluation/evaluatorResult';
import { memberText, parsePythonJson } from '../../src/evaluation/jsonText';

function failureOf(text: string): { reason: string; message: string } | undefined {
  const parsed = parseEvaluatorResult(text);
  return parsed.ok ? undefined : { reason: parsed.reason, message: parsed.message };
}

describe('the result of an evaluator', () => {
  it('is read with feedback, state and artifacts, and unknown keys are let through', () => {
    const text = `{"valid": true, "metrics": {"c5": 0.5}, "feedback": " good ", "state": {"h": [1.0, 0]},
      "artifacts": {"plot": "plot.png"}, "extra": 1}`;
    expect(parseEvaluatorResult(text)).toEqual({
      ok: true,
      result: {
        metrics: { c5: 0.5 },
        feedback: 'good',
        state: '{"h": [1.0, 0]}',
        artifacts: { plot: 'plot.png' },
      },
    });
  });

  it('may give null for what it does not have', () => {
    const text = '{"valid": true, "metrics": {"a": 1}, "feedback": null, "state": null, "artifacts": null}';
    expect(parseEvaluatorResult(text)).toEqual({
      ok: true,
      result: { metrics: { a: 1 }, feedback: undefined, state: undefined, artifacts: {} },
    });
  });

  it('is invalid with the words of the evaluator', () => {
    expect(failureOf('{"valid": false, "metrics": {"c5": NaN}, "feedback": "h[3] is negative"}')).toEqual({
      reason: 'invalid',
      message: 'h[3] is negative',
    });
  });

  it.each([
    ['NaN', 'NaN'],
    ['Infinity', 'Infinity'],
    ['-Infinity', '-Infinity'],
    ['1e999', 'Infinity'],
  ])('names a metric that is %s', (written, word) => {
    expect(failureOf(`{"valid": true, "metrics": {"a": 1, "c5": ${written}}}`)).toEqual({
      reason: 'not-finite',
      message: `The metric "c5" is ${word}, not a finite number.`,
    });
  });

  it('may not hold NaN in its state, but in its texts', () => {
    expect(failureOf('{"valid": true, "metrics": {"a": 1}, "state": [[1, NaN]]}')?.reason).toBe('not-finite');
    const text = '{"valid": true, "metrics": {"a": 1}, "feedback": "\\"NaN, Infinity", "other": NaN}';
    expect(parseEvaluatorResult(text)).toMatchObject({ ok: true, result: { feedback: '"NaN, Infinity' } });
  });

  it.each([
    ['', 'not JSON'],
    ['NaNa', 'not JSON'],
    ['{"valid": true', 'not JSON'],
    ['[1, 2]', 'expected object'],
    ['NaN', 'expected object'],
    ['{"metrics": {"a": 1}}', 'at "valid"'],
    ['{"valid": "yes"}', 'at "valid"'],
    ['{"valid": true, "metrics": {"a": "1"}}', 'The metric "a" is a string'],
    ['{"valid": true, "metrics": {"a": null}}', 'The metric "a" is null'],
    ['{"valid": true, "metrics": {"a": 1}, "artifacts": ["x"]}', 'at "artifacts"'],
  ])('%j is a bad result', (text, words) => {
    const failure = failureOf(text);
    expect(failure?.reason).toBe('bad-result');
    expect(failure?.message).toContain(words);
  });

  it('shortens feedback without end', () => {
    const parsed = parseEvaluatorResult(
      JSON.stringify({ valid: true, metrics: {}, feedback: 'x'.repeat(100_000) }),
    );
    expect(parsed).toMatchObject({ ok: true });
    expect(JSON.stringify(parsed).length).toBeLessThan(20_000);
  });

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.string({ unit: fc.constantFrom(...Array.from('{}[]",:\\Nan-Infity01e. ')) }),
        ),
        (text) => void parseEvaluatorResult(text),
      ),
      { numRuns: 2000 },
    );
  });

  it('survives nesting without end', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(parseEvaluatorResult(`{"valid": true, "metrics": {"a": 1}, "state": ${deep}}`).ok).toBe(true);
  });
});

describe('the text of a member', () => {
  it('is what JSON.parse sees, in the words of its author', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('state', 'valid')), fc.jsonValue()),
        fc.constantFrom(0, 1, '\t'),
        (object, indent) => {
          const text = JSON.stringify(object, undefined, indent);
          for (const [name, value] of Object.entries(object)) {
            expect(JSON.parse(memberText(text, name) ?? 'absent')).toEqual(JSON.parse(JSON.stringify(value)));
          }
          if (!Object.hasOwn(object, 'other')) expect(memberText(text, 'other')).toBeUndefined();
        },
      ),
      { numRuns: 500 },
    );
  });

  it('keeps floats floats and long integers long, and takes the last of two', () => {
    expect(
      memberText('{"state": 1, "x": {"state": 2}, "state" : [1.0, 12345678901234567890] }', 'state'),
    ).toBe('[1.0, 12345678901234567890]');
  });
});

describe('JSON as Python writes it', () => {
  it('is plain JSON where it has no words of its own', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parsePythonJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });
});

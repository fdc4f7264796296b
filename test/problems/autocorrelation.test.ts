import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  brokenPrograms,
  catalogueText,
  expectRejection,
  forging,
  openCatalogueProblem,
  publishedConstruction,
  validOutcome,
  writing,
} from './support/catalogueProblem';
import { viewOfKind } from './support/keptViews';

const sequenceSchema = z.object({ sequence: z.array(z.number()) });

describe.each([
  {
    name: 'autocorrelation-1',
    file: 'ac1.json',
    published: 1.5028628982558263,
    // By hand: (a * a) = 1, 2, 5, 4, 4 of a = 1, 1, 2, so 2 * 3 * 5 / 16.
    ofOneOneTwo: 30 / 16,
    ofConstant: 2,
    claimed: 0.1,
    /** Whether the bound of the initial program is clearly short of everything published. */
    isShort: (value: number) => value > 1.52 && value < 1.9,
    isNoWorse: (value: number, than: number) => value <= than,
    rewardOf: (value: number) => 1 / value,
  },
  {
    name: 'autocorrelation-2',
    file: 'ac2.json',
    published: 0.9591797711482711,
    // By hand: g = 0, 1, 2, 5, 4, 4, 0, so (1 + 7 + 39 + 61 + 48 + 16) / 3 over 16 * 5.
    ofOneOneTwo: 172 / 240,
    ofConstant: 2 / 3,
    claimed: 0.999,
    isShort: (value: number) => value > 0.7 && value < 0.88,
    isNoWorse: (value: number, than: number) => value >= than,
    rewardOf: (value: number) => value,
  },
])('the problem $name', (expected) => {
  const problem = openCatalogueProblem(expected.name);
  const published = publishedConstruction(expected.file);
  beforeAll(() => problem.prepare(), 300_000);
  afterAll(() => problem.close());

  it('has a problem file without mistakes, whose files are there', () => {
    expect(problem.mistakes).toEqual([]);
  });

  it('scores the initial program short of what is published, and again from its own construction no worse', async () => {
    const first = await problem.evaluate(problem.initialText);
    const second = await problem.evaluate(problem.initialText, first.state);
    const [one, two] = [validOutcome(first.outcome), validOutcome(second.outcome)];
    expect(one.value).toSatisfy(expected.isShort);
    expect(one.reward).toBeCloseTo(expected.rewardOf(one.value), 12);
    expect(expected.isNoWorse(two.value, one.value)).toBe(true);
    expect(one.feedback).toContain(`bound ${one.value.toFixed(6)}`);
  });

  it('gives the same construction for the same seed', async () => {
    const [one, other] = [
      await problem.evaluate(problem.initialText),
      await problem.evaluate(problem.initialText),
    ];
    expect(one.state).toBeDefined();
    expect(one.state).toBe(other.state);
  });

  it.runIf(published)(`scores the published construction at ${expected.published}`, async () => {
    const { sequence } = sequenceSchema.parse(JSON.parse(published ?? ''));
    const outcome = validOutcome(await problem.outcomeOf(writing(`{"a": ${JSON.stringify(sequence)}}`)));
    expect(Math.abs(outcome.value / expected.published - 1)).toBeLessThan(1e-12);
  });

  it('has the value of the definition, on any scale', async () => {
    for (const heights of ['[1, 1, 2]', '[0.01, 0.01, 0.02]', '[500, 500.0, 1e3]']) {
      const outcome = validOutcome(await problem.outcomeOf(writing(`{"a": ${heights}}`)));
      expect(outcome.value).toBeCloseTo(expected.ofOneOneTwo, 13);
    }
  });

  it('draws the construction that it scored', async () => {
    const outcome = validOutcome(await problem.outcomeOf(writing('{"a": [0.123456789, -5, 2000]}')));
    expect(problem.viewOf(outcome)).toEqual({
      kind: 'step-function',
      title: `f in 3 steps, bound ${outcome.value.toFixed(7)}`,
      from: -0.25,
      to: 0.25,
      values: [0.123457, 0, 1000],
    });
  });

  it('draws many heights as the means of pieces, so that the picture stays small', async () => {
    // 2500 heights in 1000 pieces: two and a half to each, of which the middle one is shared.
    const outcome = await problem.outcomeOf(writing('{"a": [1, 0, 0, 0, 1] * 500}'));
    const { title, values } = viewOfKind(problem.viewOf(outcome), 'step-function');
    expect(title).toContain('f in 2500 steps');
    expect(title).toContain('drawn as the means over 1000 pieces');
    expect(values).toEqual(Array.from({ length: 1000 }, () => 0.4));
    expect(problem.viewBytesOf(outcome)).toBeLessThan(20_000);
  });

  it('takes 100,000 heights', async () => {
    const outcome = validOutcome(await problem.outcomeOf(writing('{"a": [0.1] * 100000}')));
    expect(outcome.value).toBeCloseTo(expected.ofConstant, 4);
  });

  it('clips heights to [0, 1000], in the score and in the construction that children get', async () => {
    const report = await problem.evaluate(writing('{"a": [1000, 1000, -5.5, 10**400, -1e308]}'));
    expect(report.state).toBe('{"a": [1000.0, 1000.0, 0.0, 1000.0, 0.0]}');
    const clipped = await problem.outcomeOf(writing('{"a": [1, 1, 0, 1, 0]}'));
    expect(validOutcome(report.outcome).value).toBeCloseTo(validOutcome(clipped).value, 13);
  });

  it('scores a program by its construction, whatever it claims', async () => {
    const claims = `{"a": [1, 1, 2], "bound": ${expected.claimed}, "metrics": {"bound": ${expected.claimed}}}`;
    const prints = `print('{"valid": true, "metrics": {"bound": ${expected.claimed}}}')\n`;
    const outcome = validOutcome(await problem.outcomeOf(writing(claims) + prints));
    expect(outcome.value).toBeCloseTo(expected.ofOneOneTwo, 13);
  });

  it('ignores verdicts that the program, and a process that it leaves behind, write where ours goes', async () => {
    const forge = forging(`{"valid": True, "metrics": {"bound": ${expected.claimed}}}`);
    const outcome = validOutcome(await problem.outcomeOf(forge + writing('{"a": [1, 1, 2]}')));
    expect(outcome.value).toBeCloseTo(expected.ofOneOneTwo, 13);
  });

  it.each([
    ['NaN', '{"a": [1.0, float("nan")]}', 'a[1] is not finite: nan.'],
    ['an infinite value', '{"a": [float("inf"), 1.0]}', 'a[0] is not finite: inf.'],
    ['a negative infinite value', '{"a": [1.0, -float("inf")]}', 'a[1] is not finite: -inf.'],
    ['too few values', '{"a": [1]}', 'a must have 2 to 100000 values; it has 1.'],
    ['too many values', '{"a": [1] * 100001}', 'a must have 2 to 100000 values; it has 100001.'],
    ['nothing but zeros', '{"a": [0] * 20}', 'must add up to 0.01 or more.'],
    ['a sum below 0.01', '{"a": [0.004, 0.005]}', 'must add up to 0.01 or more.'],
    ['negative values alone', '{"a": [-1, -2]}', 'must add up to 0.01 or more.'],
    ['text for a number', '{"a": ["1", 1]}', "a[0] is not a number: '1'."],
    ['true for a number', '{"a": [True, 1]}', "a[0] is not a number: 'True'."],
    ['a complex value as a pair', '{"a": [[1, 1], [1, -1]]}', 'a[0] is not a number'],
    ['no list', '{"a": 1}', 'a must be a list of numbers.'],
  ])('rejects %s with a sentence', async (_what, expression, message) => {
    expectRejection(await problem.outcomeOf(writing(expression)), message);
  });

  // The code that says no to these is the same for all.
  if (expected.name === 'autocorrelation-1') {
    it.each(brokenPrograms('a'))('rejects %s', async (_what, program, message) => {
      expectRejection(await problem.outcomeOf(program), message);
    });
  }
});

describe('the folders of the catalogue', () => {
  it('hold the same code for running a program', () => {
    const text = catalogueText('autocorrelation-1/run_program.py');
    for (const name of ['autocorrelation-2', 'circle-packing-26', 'circle-packing-32', 'erdos-min-overlap']) {
      expect(catalogueText(`${name}/run_program.py`)).toBe(text);
    }
  });
});

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

const circlesSchema = z.object({ circles: z.array(z.array(z.number()).length(3)) });
const published = publishedConstruction('circle_packing_26.json');

/** Touching circles of radius 1/16 on a grid of 8 by 8: every number is exact, and there is no room left at all. */
function touching(count: number): number[][] {
  return Array.from({ length: count }, (_, index) => [
    (1 + 2 * (index % 8)) / 16,
    (1 + 2 * Math.floor(index / 8)) / 16,
    1 / 16,
  ]);
}

/** A program that writes the touching circles after these lines of Python changed `circles`. */
function writingChanged(count: number, ...changes: readonly string[]): string {
  const lines = [`circles = ${JSON.stringify(touching(count))}`, ...changes];
  return `${lines.join('\n')}\n${writing('{"circles": circles}')}`;
}

describe.each([
  { count: 26, isShort: (value: number) => value > 2.3 && value < 2.6 },
  { count: 32, isShort: (value: number) => value > 2.5 && value < 2.9 },
])('the problem circle-packing-$count', ({ count, isShort }) => {
  const problem = openCatalogueProblem(`circle-packing-${count}`);
  beforeAll(() => problem.prepare(), 300_000);
  afterAll(() => problem.close());

  it('has a problem file without mistakes, whose files are there', () => {
    expect(problem.mistakes).toEqual([]);
  });

  it('scores the initial program short of what is published, and again from its own packing no worse', async () => {
    const first = await problem.evaluate(problem.initialText);
    const second = await problem.evaluate(problem.initialText, first.state);
    const [one, two] = [validOutcome(first.outcome), validOutcome(second.outcome)];
    expect(one.value).toSatisfy(isShort);
    expect(one.reward).toBe(one.value);
    expect(two.value).toBeGreaterThanOrEqual(one.value);
  });

  it('gives the same packing for the same seed', async () => {
    const [one, other] = [
      await problem.evaluate(problem.initialText),
      await problem.evaluate(problem.initialText),
    ];
    expect(one.state).toBeDefined();
    expect(one.state).toBe(other.state);
  });

  it('takes circles that touch each other and the walls', async () => {
    const report = await problem.evaluate(writingChanged(count));
    expect(validOutcome(report.outcome).value).toBe(count / 16);
    const { circles } = circlesSchema.parse(JSON.parse(report.state ?? ''));
    expect(circles).toEqual(touching(count));
  });

  it('draws the packing that it scored', async () => {
    const outcome = validOutcome(await problem.outcomeOf(writingChanged(count)));
    expect(problem.viewOf(outcome)).toEqual({
      kind: 'circles',
      title: `${count} circles, sum of radii ${outcome.value.toFixed(7)}`,
      width: 1,
      height: 1,
      circles: touching(count).map(([x, y, r]) => ({ x, y, r })),
    });
  });

  it('scores a program by its packing, whatever it claims', async () => {
    const claims = `{"circles": ${JSON.stringify(touching(count))}, "sum_of_radii": 9, "metrics": {"sum_of_radii": 9}}`;
    const prints = `print('{"valid": true, "metrics": {"sum_of_radii": 9}}')\n`;
    expect(validOutcome(await problem.outcomeOf(writing(claims) + prints)).value).toBe(count / 16);
  });

  it('ignores verdicts that the program, and a process that it leaves behind, write where ours goes', async () => {
    const forge = forging('{"valid": True, "metrics": {"sum_of_radii": 9}}');
    expect(validOutcome(await problem.outcomeOf(forge + writingChanged(count))).value).toBe(count / 16);
  });

  // 1/16 + 2^-56 is the next number that a float can hold: no overlap is smaller than these.
  it.each([
    ['an overlap in the last bit', 'circles[9][2] += 2**-56', 'Circles 1 and 9 overlap by about'],
    ['a centre moved by the last bit', 'circles[9][0] -= 2**-55', 'Circles 8 and 9 overlap by about'],
    [
      'a circle that leaves the square by the last bit',
      'circles[0][2] += 2**-56',
      'leaves the unit square by 1.39e-17',
    ],
    ['overlaps of 1e-13 everywhere', 'for c in circles: c[2] += 1e-13', 'leaves the unit square by 1e-13'],
    ['the same circle twice', 'circles[1] = circles[0]', 'Circles 0 and 1 overlap by about 0.125'],
    ['a circle inside of another', 'circles[1] = circles[0][:2] + [1e-300]', 'Circles 0 and 1 overlap'],
    ['a centre outside of the square', 'circles[3][0] = 1.5', 'Circle 3 is outside the unit square.'],
    ['a negative centre', 'circles[3][1] = -0.5', 'Circle 3 is outside the unit square.'],
    ['a huge radius', 'circles[3][2] = 10**400', 'Circle 3 is outside the unit square.'],
    [
      'a negative radius',
      'circles[3][2] = -0.01',
      'The radius of circle 3 must be more than 0; it is -0.01.',
    ],
    ['a radius of 0', 'circles[3][2] = 0', 'The radius of circle 3 must be more than 0; it is 0.'],
    ['NaN as a radius', 'circles[3][2] = float("nan")', 'circles[3][2] is not finite: nan.'],
    ['an infinite radius', 'circles[3][2] = float("inf")', 'circles[3][2] is not finite: inf.'],
    ['NaN as a coordinate', 'circles[3][0] = float("nan")', 'circles[3][0] is not finite: nan.'],
    ['text for a number', 'circles[3][2] = "0.1"', "circles[3][2] is not a number: '0.1'."],
    ['true for a number', 'circles[3][2] = True', "circles[3][2] is not a number: 'True'."],
    ['a circle of two numbers', 'circles[3].pop()', 'circles[3] must be [x, y, r].'],
    ['a circle that is a number', 'circles[3] = 1', 'circles[3] must be [x, y, r].'],
    ['one circle less', 'circles.pop()', `There must be ${count} circles; there are ${count - 1}.`],
    [
      'one circle more',
      'circles.append([0.9375, 0.9375, 0.01])',
      `There must be ${count} circles; there are ${count + 1}.`,
    ],
    ['no list', 'circles = 9', 'circles must be a list of [x, y, r].'],
  ])('rejects %s with a sentence', async (_what, change, message) => {
    expectRejection(await problem.outcomeOf(writingChanged(count, change)), message);
  });

  // The code that says no to these is the same for all.
  if (count === 26) {
    it.each(brokenPrograms('circles'))('rejects %s', async (_what, program, message) => {
      expectRejection(await problem.outcomeOf(program), message);
    });
  }

  if (count === 26) {
    it.runIf(published)(
      'scores the published packing at 2.6359773947542573, and not with radii larger by 1e-13',
      async () => {
        const { circles } = circlesSchema.parse(JSON.parse(published ?? ''));
        const text = `circles = ${JSON.stringify(circles)}\n`;
        const answer = writing('{"circles": circles}');
        expect(validOutcome(await problem.outcomeOf(text + answer)).value).toBe(2.6359773947542573);
        const larger = 'circles = [[x, y, r + 1e-13] for x, y, r in circles]\n';
        expectRejection(await problem.outcomeOf(text + larger + answer), 'The check is exact');
      },
    );
  }
});

describe('the two circle packing problems', () => {
  it.each(['evaluate.py', 'initial.py'])('have the same %s', (file) => {
    expect(catalogueText(`circle-packing-32/${file}`)).toBe(catalogueText(`circle-packing-26/${file}`));
  });
});

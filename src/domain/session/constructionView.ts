import * as z from 'zod';

/**
 * A picture of what a candidate found, as an evaluator offers it: a small JSON file, named as the artifact `view`. The dashboard draws it for
 * the best candidate. Untrusted: everything has a bound.
 */
const words = z.string().max(200);
const coordinate = z.number();

export const constructionView = z.discriminatedUnion('kind', [
  /** A function that is constant on equal pieces of [from, to]. */
  z.object({
    kind: z.literal('step-function'),
    title: words,
    from: coordinate,
    to: coordinate,
    values: z.array(coordinate).min(1).max(10_000),
  }),
  /** Circles in a rectangle with a corner at the origin. */
  z.object({
    kind: z.literal('circles'),
    title: words,
    width: z.number().positive(),
    height: z.number().positive(),
    circles: z.array(z.object({ x: coordinate, y: coordinate, r: z.number().nonnegative() })).max(1000),
  }),
  /** A closed polygon over points of two kinds. */
  z.object({
    kind: z.literal('polygon'),
    title: words,
    polygon: z.array(z.tuple([coordinate, coordinate])).max(5000),
    wanted: z.array(z.tuple([coordinate, coordinate])).max(20_000),
    unwanted: z.array(z.tuple([coordinate, coordinate])).max(20_000),
  }),
  /** One number a case, next to what it is compared with: microseconds a shape, points a seed. */
  z.object({
    kind: z.literal('bars'),
    title: words,
    unit: words,
    goal: z.enum(['minimize', 'maximize']),
    series: z.array(words).min(1).max(6),
    rows: z.array(z.object({ label: words, values: z.array(z.number().nullable()).min(1).max(6) })).max(200),
  }),
]);
export type ConstructionView = z.infer<typeof constructionView>;

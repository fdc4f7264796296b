import { closest } from '../text/closest';

export type ParsedQuantity =
  | { readonly ok: true; readonly amount: number }
  | { readonly ok: false; readonly code: 'bad-unit' | 'out-of-range'; readonly message: string };

interface QuantityKind {
  readonly advice: string;
  readonly units: ReadonlyMap<string, number>;
  /** Words that people write, and the unit they mean. */
  readonly habits: ReadonlyMap<string, string>;
  /** What an amount without a unit may be, the likeliest first. */
  readonly likely: readonly string[];
}

const time: QuantityKind = {
  advice: 'Time needs a unit: write 60s, 500ms, 2min or 1h.',
  units: new Map([
    ['ms', 1],
    ['s', 1000],
    ['min', 60_000],
    ['h', 3_600_000],
  ]),
  habits: new Map([
    ['m', 'min'],
    ['mins', 'min'],
    ['minute', 'min'],
    ['minutes', 'min'],
    ['sec', 's'],
    ['secs', 's'],
    ['second', 's'],
    ['seconds', 's'],
    ['hr', 'h'],
    ['hrs', 'h'],
    ['hour', 'h'],
    ['hours', 'h'],
    ['msec', 'ms'],
    ['millis', 'ms'],
    ['milliseconds', 'ms'],
  ]),
  likely: ['s', 'min', 'h', 'ms'],
};

const bytes: QuantityKind = {
  advice: 'Size needs a unit: write 2GiB, 512MiB, 64KiB or 100MB.',
  units: new Map([
    ['B', 1],
    ['KB', 1000],
    ['MB', 1000 ** 2],
    ['GB', 1000 ** 3],
    ['KiB', 1024],
    ['MiB', 1024 ** 2],
    ['GiB', 1024 ** 3],
  ]),
  habits: new Map([
    ['k', 'KiB'],
    ['m', 'MiB'],
    ['g', 'GiB'],
    ['ki', 'KiB'],
    ['mi', 'MiB'],
    ['gi', 'GiB'],
    ['bytes', 'B'],
    ['byte', 'B'],
  ]),
  likely: ['GiB', 'MiB', 'KiB', 'B'],
};

/** Reads `60s`, `500ms`, `2min`, `1.5h` as milliseconds, rounded to whole ones. */
export function parseTimeMs(text: string): ParsedQuantity {
  return parseQuantity(text, time);
}

/** Reads `2GiB`, `100MB`, `64KiB`, `512B` as bytes, rounded to whole ones. */
export function parseBytes(text: string): ParsedQuantity {
  return parseQuantity(text, bytes);
}

/** What people may have meant by an amount without a unit, or with a wrong one; the likeliest first, none if it is no amount. */
export function meantAmounts(text: string, kind: 'time' | 'bytes'): readonly string[] {
  const { number, unit } = partsOf(text) ?? {};
  if (number === undefined || unit === undefined) return [];
  const quantity = kind === 'time' ? time : bytes;
  if (unit === '') return quantity.likely.map((likely) => `${number}${likely}`);
  const meant = meantUnit(unit, quantity);
  return meant === undefined ? [] : [`${number}${meant}`];
}

function meantUnit(unit: string, { habits, units }: QuantityKind): string | undefined {
  const names = [...units.keys()];
  return (
    habits.get(unit.toLowerCase()) ??
    names.find((name) => name.toLowerCase() === unit.toLowerCase()) ??
    closest(unit, names)
  );
}

function partsOf(text: string): { readonly number?: string; readonly unit?: string } | undefined {
  if (text.length > longestText) return undefined;
  const match = /^([+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([A-Za-zµμ]*)$/.exec(text.trim());
  const [, number, unit] = match ?? [];
  return { ...(number !== undefined && { number }), ...(unit !== undefined && { unit }) };
}

/** Longer texts are no amounts; the bound keeps the pattern quick on them. */
const longestText = 100;

function parseQuantity(text: string, kind: QuantityKind): ParsedQuantity {
  const { number, unit } = partsOf(text) ?? {};
  if (number === undefined || unit === undefined || unit === '') {
    return { ok: false, code: 'bad-unit', message: kind.advice };
  }
  const factor = kind.units.get(unit);
  if (factor === undefined) {
    const names = [...kind.units.keys()];
    const meant = meantUnit(unit, kind);
    const advice =
      meant === undefined ? `Use one of ${names.join(', ')}.` : `Did you mean ${number}${meant}?`;
    return { ok: false, code: 'bad-unit', message: `Unknown unit "${unit}". ${advice}` };
  }
  const amount = Math.round(Number(number.replaceAll('_', '')) * factor);
  if (!Number.isSafeInteger(amount)) {
    return {
      ok: false,
      code: 'out-of-range',
      message: `${text.trim()} is too large: write a smaller amount.`,
    };
  }
  return { ok: true, amount };
}

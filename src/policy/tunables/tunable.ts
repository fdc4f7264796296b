export type TunableValue = number | string | boolean;

/** A value as it stands in a program. */
export interface Literal {
  readonly text: string;
  readonly value: TunableValue;
}

export interface ChoiceDomain {
  readonly kind: 'choice';
  /** At least two, all different. Written into the program as they stand in the mark. */
  readonly choices: readonly Literal[];
}

export interface NumberDomain {
  readonly kind: 'number';
  readonly integer: boolean;
  readonly scale: 'linear' | 'log';
  /** Inclusive bounds, low < high; with scale `log` both are positive. */
  readonly low: number;
  readonly high: number;
}

export type TunableDomain = ChoiceDomain | NumberDomain;

/** A marked literal of a program. */
export interface Tunable {
  /** Unique in the program: the name, with `#2`, `#3` and so on where it comes again. */
  readonly key: string;
  /** The variable that the literal is for, or `line 7` where there is none to see. */
  readonly name: string;
  readonly domain: TunableDomain;
  readonly value: TunableValue;
  /** From the literal's first character up to and without `end`, as offsets into the text. */
  readonly start: number;
  readonly end: number;
}

/** A mark that cannot be read, at its place; both counts from 0. */
export interface MarkError {
  readonly line: number;
  readonly character: number;
  readonly message: string;
}

/** True if the value may be written in the literal's place. */
export function isInDomain(domain: TunableDomain, value: TunableValue): boolean {
  if (domain.kind === 'choice') return domain.choices.some((choice) => choice.value === value);
  if (typeof value !== 'number' || !(value >= domain.low && value <= domain.high)) return false;
  return !domain.integer || Number.isInteger(value);
}

/**
 * A number as a program wants it: integers without a point, all others with one (`1.0`, `1.0e-7`), so that no language takes
 * them for an integer or for text. Reads back as the same number.
 */
export function formatNumber(value: number, integer: boolean): string {
  const short = Object.is(value, -0) ? '0' : String(value);
  if (integer) return short.includes('e') ? BigInt(value).toString() : short;
  const [mantissa = short, exponent] = short.split('e');
  const withPoint = mantissa.includes('.') ? mantissa : `${mantissa}.0`;
  return exponent === undefined ? withPoint : `${withPoint}e${exponent.replace('+', '')}`;
}

/** The value as it stands in a program or a note. */
export function formatValue(domain: TunableDomain, value: TunableValue): string {
  if (domain.kind === 'choice') {
    const choice = domain.choices.find((each) => each.value === value);
    if (choice) return choice.text;
  }
  if (typeof value !== 'number') return String(value);
  return formatNumber(value, domain.kind === 'number' && domain.integer);
}

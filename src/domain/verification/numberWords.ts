/** Six significant digits without padding, with the unit: `0.38123`, `12.4 µs`. */
export function numberText(value: number, unit?: string): string {
  const number = String(Number(value.toPrecision(6))).replace('-', '−');
  return unit === undefined || unit === '' ? number : `${number} ${unit}`;
}

/** Four significant digits with a sign: `+0.0123 m`, `−4 points`, `0`. */
export function signedText(value: number, unit?: string): string {
  const number = numberText(Number(value.toPrecision(4)), unit);
  return value > 0 ? `+${number}` : number;
}

/** A ratio as a change in percent: `−12.3 %`, `+0.04 %`, `0 %`. */
export function percentText(ratio: number): string {
  const percent = (ratio - 1) * 100;
  return signedText(Number(percent.toPrecision(3)), '%');
}

/** `1 round`, `8 rounds`. */
export function countOf(count: number, one: string): string {
  return `${count} ${count === 1 ? one : `${one}s`}`;
}

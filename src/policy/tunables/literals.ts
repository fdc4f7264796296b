import type { Literal } from './tunable';

/** A literal at its place in a line of code. */
export interface PlacedLiteral extends Literal {
  /** Offsets into the line; a number's suffix (`f`, `u32`) is not in it. */
  readonly start: number;
  readonly end: number;
}

const token =
  /(?<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?<word>[\p{L}_$][\p{L}\p{N}_$]*)|(?<radix>0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+)|(?<decimal>(?:\d[\d_]*(?:\.(?!\.)(?:\d[\d_]*)?)?|(?<!\.)\.\d[\d_]*)(?:[eE][+-]?\d+)?)(?<suffix>[\p{L}_][\p{L}\p{N}_]*)?/gu;

const booleans = new Map([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
]);

/** The literals of a piece of code in their order: numbers with their sign, quoted strings, and the words for true and false. */
export function literalsIn(code: string): PlacedLiteral[] {
  const found: PlacedLiteral[] = [];
  for (const match of code.matchAll(token)) {
    const { string, word, radix, decimal } = match.groups ?? {};
    const start = match.index;
    if (string !== undefined) {
      found.push({ text: string, value: unquote(string), start, end: start + string.length });
    } else if (word !== undefined) {
      const value = booleans.get(word);
      if (value !== undefined) found.push({ text: word, value, start, end: start + word.length });
    } else {
      const digits = radix ?? decimal;
      if (digits === undefined || isMember(code, start, digits)) continue;
      const from = signStart(code, start);
      const magnitude = Number(digits.replaceAll('_', ''));
      const value = from === start ? magnitude : -magnitude;
      // -0 and 0 are one value.
      found.push({
        text: code.slice(from, start + digits.length),
        value: value + 0,
        start: from,
        end: start + digits.length,
      });
    }
  }
  return found;
}

/** Reads a whole text as one literal. */
export function parseLiteral(text: string): Literal | undefined {
  const [literal] = literalsIn(text);
  if (literal === undefined || literal.start !== 0 || literal.end !== text.length) return undefined;
  return { text, value: literal.value };
}

/** `pair.0` and `x.5` name a part; they are not numbers. */
function isMember(code: string, start: number, digits: string): boolean {
  const before = code[digits.startsWith('.') ? start - 1 : start - 2] ?? '';
  const afterPoint = digits.startsWith('.') || code[start - 1] === '.';
  return afterPoint && /[\p{L}\p{N}_$)\]]/u.test(before);
}

/** Where the number begins with its minus, if that is a sign and not a subtraction. */
function signStart(code: string, start: number): number {
  if (code[start - 1] !== '-') return start;
  const before = code.slice(0, start - 1).trimEnd();
  return before === '' || /[=([{,:<>+*/%!&|^~?;]$/.test(before) || /\breturn$/.test(before)
    ? start - 1
    : start;
}

const escapes = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['0', '\0'],
]);

function unquote(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/gsu, (_, char: string) => escapes.get(char) ?? char);
}

import { literalsIn, parseLiteral, type PlacedLiteral } from './literals';
import {
  formatValue,
  isInDomain,
  type MarkError,
  type Tunable,
  type TunableDomain,
  type TunableValue,
} from './tunable';

export interface ParsedTunables {
  readonly tunables: readonly Tunable[];
  readonly errors: readonly MarkError[];
}

/** How marks are written, for messages. */
export const markExamples =
  'BLOCK = 64  # @tune {16, 32, 64}, RATE = 3e-3  # @tune log [1e-4, 1e-1], COUNT = 200  // @tune int [50, 600]';

/**
 * Finds the marked literals of a program in any language. A mark is a comment that begins with `@tune` behind the literal, on
 * the same line; it speaks of the last literal before it:
 *
 *     BLOCK = 64      # @tune {16, 32, 64, 128}       one of these: numbers, quoted strings, true and false
 *     RATE = 3e-3     # @tune log [1e-4, 1e-1]        a number, looked for on a logarithmic scale
 *     int n = 200;    // @tune int [50, 600]          a whole number; `int log` too
 *     share = 0.5     -- @tune [0, 1]                 a number
 *
 * Comments begin with #, //, --, %, ; or stand between slash-star and star-slash. A mark inside a string or in a line that is
 * itself commented out is not one. Never throws; a mark that cannot be read is an error at its place and marks nothing.
 */
export function parseTunables(text: string): ParsedTunables {
  const tunables: Tunable[] = [];
  const errors: MarkError[] = [];
  const uses = new Map<string, number>();
  let lineStart = 0;
  for (const [line, content] of text.split('\n').entries()) {
    for (const mark of marksIn(content)) {
      const read = readMark(content, mark, line);
      if ('message' in read) errors.push({ line, ...read });
      else {
        const use = (uses.get(read.name) ?? 0) + 1;
        uses.set(read.name, use);
        tunables.push({
          key: use === 1 ? read.name : `${read.name}#${use}`,
          name: read.name,
          domain: read.domain,
          value: read.literal.value,
          start: lineStart + read.literal.start,
          end: lineStart + read.literal.end,
        });
      }
    }
    lineStart += content.length + 1;
  }
  return { tunables, errors };
}

/**
 * The text with the literals of `tunables` (as `parseTunables` found them in this very text) replaced by new values, by key.
 * Tunables without a new value, and all other characters, stay as they are. Throws `RangeError` for a value that the mark does
 * not allow.
 */
export function render(
  text: string,
  tunables: readonly Tunable[],
  values: ReadonlyMap<string, TunableValue>,
): string {
  let result = '';
  let done = 0;
  for (const { key, domain, value: old, start, end } of [...tunables].sort((a, b) => a.start - b.start)) {
    const value = values.get(key);
    if (value === undefined || value === old) continue;
    if (!isInDomain(domain, value))
      throw new RangeError(`${key} cannot be ${String(value)}: its mark does not allow it`);
    const written = formatValue(domain, value);
    // `a-5` must not become `a--3`.
    const clashes = written.startsWith('-') && text[start - 1] === '-';
    result += text.slice(done, start) + (clashes ? `(${written})` : written);
    done = end;
  }
  return result + text.slice(done);
}

interface Mark {
  /** Where the code begins that the mark can speak of. */
  readonly codeStart: number;
  /** Where the comment begins. */
  readonly start: number;
  /** What comes after `@tune`, with its place. */
  readonly body: string;
  readonly bodyStart: number;
}

/** String first, so that a mark inside one is passed over. */
const stringOrMark =
  /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|(?<intro>#+|\/\/+|--+|%+|;+|\/\*+)[ \t]*@tune(?![\p{L}\p{N}_])/gu;

function marksIn(line: string): Mark[] {
  const marks: Mark[] = [];
  if (!line.includes('@tune')) return marks;
  let codeStart = 0;
  for (const match of line.matchAll(stringOrMark)) {
    const intro = match.groups?.['intro'];
    if (intro === undefined || match.index < codeStart) continue;
    if (isCommentedOut(line.slice(0, match.index), intro)) continue;
    const bodyStart = match.index + match[0].length;
    const close = intro.startsWith('/*') ? line.indexOf('*/', bodyStart) : -1;
    const bodyEnd = close === -1 ? line.length : close;
    marks.push({ codeStart, start: match.index, body: line.slice(bodyStart, bodyEnd), bodyStart });
    if (close === -1) break;
    codeStart = close + 2;
  }
  return marks;
}

function isCommentedOut(code: string, intro: string): boolean {
  const start = code.trimStart();
  return start.startsWith(intro.startsWith('/') ? '//' : intro.slice(0, intro.startsWith('--') ? 2 : 1));
}

type ReadMark =
  | { readonly name: string; readonly domain: TunableDomain; readonly literal: PlacedLiteral }
  | { readonly character: number; readonly message: string };

function readMark(line: string, mark: Mark, lineNumber: number): ReadMark {
  const domain = parseDomain(mark.body);
  const bodyAt = mark.bodyStart + (mark.body.length - mark.body.trimStart().length);
  if (typeof domain === 'string') return { character: bodyAt, message: domain };
  const code = line.slice(mark.codeStart, mark.start);
  const last = literalsIn(code).at(-1);
  if (last === undefined) {
    return {
      character: mark.start,
      message:
        'No literal before this mark: it needs a number, a quoted string, or true or false on the same line.',
    };
  }
  const literal = { ...last, start: mark.codeStart + last.start, end: mark.codeStart + last.end };
  if (!isInDomain(domain, literal.value)) {
    return { character: literal.start, message: outsideMessage(domain, literal.text) };
  }
  return { name: nameOf(code.slice(0, last.start)) ?? `line ${lineNumber + 1}`, domain, literal };
}

function outsideMessage(domain: TunableDomain, text: string): string {
  if (domain.kind === 'choice') {
    return `${text} is none of the mark's choices: add it, or write one of ${domain.choices.map((choice) => choice.text).join(', ')}.`;
  }
  const what = domain.integer ? 'a whole number' : 'a number';
  return `${text} is not ${what} from ${domain.low} to ${domain.high}: change it or the mark's range.`;
}

const range = /^(?<words>(?:(?:int|log)\s+){0,2})\[(?<low>[^,\]]*),(?<high>[^,\]]*)\]$/;

/** The domain, or what is wrong with the mark. */
function parseDomain(body: string): TunableDomain | string {
  const text = body.trim();
  if (text.startsWith('{')) return parseChoices(text);
  const match = range.exec(text.replace(/^((?:int|log)(?:\s+(?:int|log))?)\[/, '$1 ['));
  if (!match) return `Cannot read this mark. Marks look like ${markExamples}.`;
  const words = (match.groups?.['words'] ?? '').trim().split(/\s+/);
  const [low, high] = [match.groups?.['low'], match.groups?.['high']].map((bound) => {
    const literal = parseLiteral(bound?.trim() ?? '');
    return typeof literal?.value === 'number' ? literal.value : Number.NaN;
  });
  if (low === undefined || high === undefined || !Number.isFinite(low) || !Number.isFinite(high)) {
    return 'Both ends of the range must be numbers, as in [0.1, 10].';
  }
  if (!(low < high))
    return `The range must go from a smaller to a larger number, not from ${low} to ${high}.`;
  const integer = words.includes('int');
  const scale = words.includes('log') ? 'log' : 'linear';
  if (scale === 'log' && low <= 0) return `A log range must begin above 0, not at ${low}.`;
  if (integer && !(Number.isSafeInteger(low) && Number.isSafeInteger(high))) {
    return 'Both ends of an int range must be whole numbers.';
  }
  return { kind: 'number', integer, scale, low, high };
}

function parseChoices(text: string): TunableDomain | string {
  if (!text.endsWith('}')) return 'The list of choices needs a closing } at the end of the mark.';
  const inside = text.slice(1, -1).trim();
  const choices = literalsIn(inside);
  const between = choices.map((choice, index) => inside.slice(choices[index - 1]?.end ?? 0, choice.start));
  const wellFormed =
    between.every((gap, index) => gap.trim() === (index === 0 ? '' : ',')) &&
    /^\s*,?\s*$/.test(inside.slice(choices.at(-1)?.end ?? 0));
  if (!wellFormed) return 'Choices are numbers, quoted strings, or true and false, with commas between them.';
  if (choices.length < 2) return 'There must be two choices or more.';
  const values = choices.map((choice) => choice.value);
  const twice = choices.find((choice, index) => values.indexOf(choice.value) !== index);
  if (twice) return `${twice.text} is in the list twice.`;
  if (values.some((value) => typeof value === 'number' && !Number.isFinite(value)))
    return 'Choices must be finite.';
  return { kind: 'choice', choices: choices.map(({ text: written, value }) => ({ text: written, value })) };
}

const assigned =
  /(?<name>[\p{L}_$][\p{L}\p{N}_$]*)["']?\s*(?::(?!:)[^=:]*)?:?=(?!=)|["'](?<key>[^"']+)["']\s*:/gu;
const word = /[\p{L}_$][\p{L}\p{N}_$]*/gu;
const connectives: ReadonlySet<string> = new Set(['in', 'of', 'return']);

/** What the code before a literal assigns to: `const x: int =`, `"x":`, `x :=`, else the last word (`#define X`). */
function nameOf(code: string): string | undefined {
  const target = [...code.matchAll(assigned)].at(-1)?.groups;
  const words = [...code.matchAll(word)].map((match) => match[0]);
  return target?.['name'] ?? target?.['key'] ?? words.findLast((each) => !connectives.has(each));
}

/**
 * Source text of a member of the outermost object, as its author wrote it: `1.0` stays `1.0` and long integers keep
 * their digits, which `JSON.parse` and back would not. The last one counts, as in `JSON.parse`.
 *
 * `text` is valid JSON but for the words that Python adds (`NaN`, `Infinity`).
 */
export function memberText(text: string, name: string): string | undefined {
  let found: string | undefined;
  let depth = 0;
  let key: string | undefined;
  let keyStart = -1;
  let valueStart = -1;
  const endValue = (end: number): void => {
    if (key === name && valueStart >= 0) found = text.slice(valueStart, end).trim();
    key = undefined;
    valueStart = -1;
  };
  for (let index = 0; index < text.length; index += 1) {
    switch (text[index]) {
      case '"': {
        const end = stringEnd(text, index);
        if (depth === 1 && valueStart < 0) keyStart = index;
        if (depth === 1 && valueStart < 0) key = String(JSON.parse(text.slice(keyStart, end)));
        index = end - 1;
        break;
      }
      case ':':
        if (depth === 1 && valueStart < 0) valueStart = index + 1;
        break;
      case ',':
        if (depth === 1) endValue(index);
        break;
      case '{':
      case '[':
        depth += 1;
        break;
      case '}':
      case ']':
        if (depth === 1) endValue(index);
        depth -= 1;
        break;
      default:
    }
  }
  return found;
}

/** Marks where Python wrote a number that JSON has no word for; no evaluator writes such strings. */
const notFiniteMark = '\u0000not finite: ';

/** `JSON.parse` that also takes Python's `NaN`, `Infinity` and `-Infinity`; `notFiniteWord` knows them again. */
export function parsePythonJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const replaced = withoutPythonWords(text);
    if (replaced === text) throw error;
    return JSON.parse(replaced);
  }
}

/** `NaN` and its like if that is what stood at this place of a parsed value. */
export function notFiniteWord(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : String(value);
  if (typeof value !== 'string' || !value.startsWith(notFiniteMark)) return undefined;
  return value.slice(notFiniteMark.length);
}

function withoutPythonWords(text: string): string {
  const pieces: string[] = [];
  const word = /-?Infinity|NaN/y;
  let copied = 0;
  for (let index = 0; index < text.length;) {
    const character = text[index];
    if (character === '"') {
      index = stringEnd(text, index);
      continue;
    }
    word.lastIndex = index;
    const match =
      character === '-' || character === 'I' || character === 'N' ? word.exec(text)?.[0] : undefined;
    if (match === undefined) {
      index += 1;
      continue;
    }
    pieces.push(text.slice(copied, index), JSON.stringify(notFiniteMark + match));
    index += match.length;
    copied = index;
  }
  return pieces.join('') + text.slice(copied);
}

/** Index after the closing quote of the string that opens at `start`; the text's end if it never closes. */
function stringEnd(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index += 1) {
    if (text[index] === '\\') index += 1;
    else if (text[index] === '"') return index + 1;
  }
  return text.length;
}

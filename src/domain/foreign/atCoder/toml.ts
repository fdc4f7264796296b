/** What a TOML file says; times and dates are text. */
export type TomlValue = string | number | boolean | readonly TomlValue[] | TomlTable;
export interface TomlTable {
  readonly [key: string]: TomlValue;
}

/** `line` counts from 1. */
export class TomlError extends Error {
  override readonly name = 'TomlError';
  constructor(
    message: string,
    readonly line: number,
  ) {
    super(`line ${line}: ${message}`);
  }
}

interface OpenTable {
  [key: string]: TomlValue;
}

/**
 * Reads TOML as `Cargo.toml` and `pahcer_config.toml` have it (https://toml.io/en/v1.0.0). It is more lenient than the standard: a key
 * that comes twice has its last value. Throws `TomlError`.
 */
export function parseToml(text: string): TomlTable {
  return new TomlReader(text.replace(/^\uFEFF/, '').replace(/\r\n/g, '\n')).file();
}

/** A table's member that is a table itself; an empty one if there is none. */
export function tableIn(table: TomlTable, key: string): TomlTable {
  const value = Object.hasOwn(table, key) ? table[key] : undefined;
  return isTable(value) ? value : {};
}

/** The tables of an array of tables. */
export function tablesIn(table: TomlTable, key: string): readonly TomlTable[] {
  const value = Object.hasOwn(table, key) ? table[key] : undefined;
  return Array.isArray(value) ? value.filter(isTable) : [];
}

function isTable(value: unknown): value is TomlTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: unknown): value is TomlValue[] {
  return Array.isArray(value);
}

const escapes: Readonly<Record<string, string>> = {
  b: '\b',
  t: '\t',
  n: '\n',
  f: '\f',
  r: '\r',
  '"': '"',
  '\\': '\\',
};
const mostDepth = 64;

class TomlReader {
  private at = 0;
  private depth = 0;

  constructor(private readonly text: string) {}

  file(): TomlTable {
    const root = emptyTable();
    let current = root;
    for (;;) {
      this.skip(/[\s]*(?:#[^\n]*\n?\s*)*/y);
      if (this.at >= this.text.length) return root;
      if (this.take('[[')) {
        current = this.openTable(root, this.keyPath(), true);
        this.want(']]');
      } else if (this.take('[')) {
        current = this.openTable(root, this.keyPath(), false);
        this.want(']');
      } else {
        this.assign(current);
      }
      this.skip(/[ \t]*(?:#[^\n]*)?/y);
      if (this.at < this.text.length && !this.take('\n'))
        throw this.error('something stands behind the value');
    }
  }

  private assign(table: OpenTable): void {
    const path = this.keyPath();
    this.want('=');
    this.blank();
    const value = this.value();
    const last = path[path.length - 1] ?? '';
    this.openTable(table, path.slice(0, -1), false)[last] = value;
  }

  private keyPath(): string[] {
    const path: string[] = [];
    do {
      this.blank();
      const bare = this.skip(/[\w-]+/y);
      if (bare !== '') path.push(bare);
      else if (this.text[this.at] === '"' || this.text[this.at] === "'") path.push(this.string());
      else throw this.error('a key is missing');
      this.blank();
    } while (this.take('.'));
    return path;
  }

  /** The table at a path, which is made where it is not there; the last of an array of tables. */
  private openTable(from: OpenTable, path: readonly string[], append: boolean): OpenTable {
    let table = from;
    for (const [index, key] of path.entries()) {
      const isLast = index === path.length - 1;
      const there = table[key];
      if (append && isLast) {
        const made = emptyTable();
        table[key] = isList(there) ? [...there, made] : [made];
        return made;
      }
      const next = isList(there) ? there[there.length - 1] : there;
      if (next === undefined) {
        const made = emptyTable();
        table[key] = made;
        table = made;
      } else if (isTable(next)) table = next;
      else throw this.error(`"${key}" is no table`);
    }
    return table;
  }

  private value(): TomlValue {
    const next = this.text[this.at];
    if (next === '"' || next === "'") return this.string();
    if (next === '[' || next === '{') {
      this.depth += 1;
      if (this.depth > mostDepth) throw this.error('it is nested too deeply');
      const value = next === '[' ? this.list() : this.inlineTable();
      this.depth -= 1;
      return value;
    }
    const word = this.skip(/[^\s,\]}#]+/y);
    if (word === 'true' || word === 'false') return word === 'true';
    const plain = word.replaceAll('_', '');
    if (/^[+-]?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)$/.test(plain)) return Number(plain);
    if (/^0(?:x[\dA-Fa-f]+|o[0-7]+|b[01]+)$/.test(plain)) return Number(plain);
    if (/^[+-]?(?:inf|nan)$/.test(plain))
      return plain.includes('nan') ? NaN : plain.startsWith('-') ? -Infinity : Infinity;
    if (/^\d\d/.test(word)) return word;
    throw this.error(word === '' ? 'a value is missing' : `"${word}" is no value`);
  }

  private list(): TomlValue[] {
    const items: TomlValue[] = [];
    this.want('[');
    for (;;) {
      this.skip(/\s*(?:#[^\n]*\n?\s*)*/y);
      if (this.take(']')) return items;
      items.push(this.value());
      this.skip(/\s*(?:#[^\n]*\n?\s*)*/y);
      if (!this.take(',') && this.text[this.at] !== ']') throw this.error('a comma or ] is missing');
    }
  }

  private inlineTable(): TomlTable {
    const table = emptyTable();
    this.want('{');
    for (;;) {
      this.blank();
      if (this.take('}')) return table;
      this.assign(table);
      this.blank();
      if (!this.take(',') && this.text[this.at] !== '}') throw this.error('a comma or } is missing');
    }
  }

  private string(): string {
    for (const quotes of ["'''", "'"]) {
      if (this.take(quotes))
        return this.until(quotes, quotes.length === 3).replace(/^\n/, quotes.length === 3 ? '' : '\n');
    }
    const isLong = this.take('"""');
    if (isLong) this.take('\n');
    else this.want('"');
    let text = '';
    for (;;) {
      text += this.skip(isLong ? /(?:[^"\\]|"(?!""))+/y : /[^"\\\n]+/y);
      if (this.take(isLong ? '"""' : '"')) return text;
      if (!this.take('\\')) throw this.error('a quotation mark is missing');
      text += this.escaped(isLong);
    }
  }

  private escaped(isLong: boolean): string {
    if (isLong && this.skip(/[ \t]*\n\s*/y) !== '') return '';
    const code = this.skip(/u[\dA-Fa-f]{4}|U[\dA-Fa-f]{8}/y);
    if (code !== '') {
      const point = parseInt(code.slice(1), 16);
      if (point > 0x10ffff) throw this.error(`\\${code} is no character`);
      return String.fromCodePoint(point);
    }
    const letter = this.text[this.at] ?? '';
    const character = escapes[letter];
    if (character === undefined) throw this.error(`\\${letter} is no escape`);
    this.at += 1;
    return character;
  }

  private until(quotes: string, mayBreak: boolean): string {
    const end = this.text.indexOf(quotes, this.at);
    const text = this.text.slice(this.at, end);
    if (end < 0 || (!mayBreak && text.includes('\n'))) throw this.error('a quotation mark is missing');
    this.at = end + quotes.length;
    return text;
  }

  private blank(): void {
    this.skip(/[ \t]*/y);
  }

  /** What the sticky pattern matches here; nothing if it does not. */
  private skip(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? '';
    this.at += found.length;
    return found;
  }

  private take(word: string): boolean {
    if (!this.text.startsWith(word, this.at)) return false;
    this.at += word.length;
    return true;
  }

  private want(word: string): void {
    this.blank();
    if (!this.take(word)) throw this.error(`${word} is missing`);
  }

  private error(message: string): TomlError {
    return new TomlError(message, this.text.slice(0, this.at).split('\n').length);
  }
}

/** Without a prototype: `__proto__` is a key like others. */
function emptyTable(): OpenTable {
  return Object.create(null) as OpenTable;
}

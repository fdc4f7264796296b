import { describe, expect, it } from 'vitest';
import { parseToml, tableIn, tablesIn, TomlError } from '../../../../src/domain/foreign/atCoder/toml';

/** Tables have no prototype; for comparing they are made plain. */
const plain = (text: string): unknown => JSON.parse(JSON.stringify(parseToml(text)));

describe('TOML', () => {
  it('has tables, arrays of tables, and every kind of value', () => {
    const text = `
# a comment
name = "a \\"quoted\\" \\u00e9 # no comment" # a comment
path = 'C:\\temp\\n'
whole = 1_000
hex = 0xff
real = -2.5e3
yes = true
list = [
  1, 2, # two
  3,
]
nested = [["a"], []]
inline = { a = 1, b.c = "x" }
long = """
first \\
    second
third"""
raw = '''
as
it is'''
date = 2024-01-02T03:04:05Z

[table]
key = 1
"quoted key" = 2
[table.below]
key = 3

[[list_of.tables]]
n = 1
[[list_of.tables]]
n = 2
[list_of.tables.own]
m = 3
`;
    expect(plain(text)).toEqual({
      name: 'a "quoted" é # no comment',
      path: 'C:\\temp\\n',
      whole: 1000,
      hex: 255,
      real: -2500,
      yes: true,
      list: [1, 2, 3],
      nested: [['a'], []],
      inline: { a: 1, b: { c: 'x' } },
      long: 'first second\nthird',
      raw: 'as\nit is',
      date: '2024-01-02T03:04:05Z',
      table: { key: 1, 'quoted key': 2, below: { key: 3 } },
      list_of: { tables: [{ n: 1 }, { n: 2, own: { m: 3 } }] },
    });
  });

  it('may have the lines of Windows, and nothing at all', () => {
    expect(plain('a = 1\r\n[b]\r\nc = "x"\r\n')).toEqual({ a: 1, b: { c: 'x' } });
    expect(plain('')).toEqual({});
  });

  it.each([
    ['a = ', 1, 'a value is missing'],
    ['\na = "x', 2, 'a quotation mark is missing'],
    ['a = [1 2]', 1, 'a comma or ] is missing'],
    ['a = 1 b = 2', 1, 'something stands behind the value'],
    ['[a', 1, '] is missing'],
    ['a = word', 1, '"word" is no value'],
    ['a = 1\n[a.b]', 2, '"a" is no table'],
    ['= 1', 1, 'a key is missing'],
    ['a = "\\q"', 1, '\\q is no escape'],
    [`a = ${'['.repeat(100)}`, 1, 'it is nested too deeply'],
  ])('says where it is wrong: %j', (text, line, message) => {
    expect(() => parseToml(text)).toThrow(TomlError);
    expect(() => parseToml(text)).toThrow(`line ${line}: ${message}`);
  });

  it('keeps keys that objects have by themselves', () => {
    const table = parseToml('__proto__ = 1\nconstructor = 2');
    expect(Object.keys(table)).toEqual(['__proto__', 'constructor']);
    expect(tableIn(table, 'toString')).toEqual({});
    expect(tablesIn(table, 'constructor')).toEqual([]);
  });
});

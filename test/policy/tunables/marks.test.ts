import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTunables, render } from '../../../src/policy/tunables/marks';
import type { Tunable, TunableValue } from '../../../src/policy/tunables/tunable';

function only(line: string): Tunable {
  const { tunables, errors } = parseTunables(line);
  expect(errors).toEqual([]);
  expect(tunables).toHaveLength(1);
  return tunables[0]!;
}

function errorOf(line: string): { character: number; message: string } {
  const { tunables, errors } = parseTunables(`first line\n${line}`);
  expect(tunables).toEqual([]);
  expect(errors).toHaveLength(1);
  expect(errors[0]!.line).toBe(1);
  return errors[0]!;
}

function rendered(line: string, value: TunableValue): string {
  const { key } = only(line);
  return render(line, parseTunables(line).tunables, new Map([[key, value]]));
}

const number = (low: number, high: number, integer = false, scale: 'linear' | 'log' = 'linear') => ({
  kind: 'number',
  integer,
  scale,
  low,
  high,
});

describe('parseTunables', () => {
  it.each([
    ['RATE = 3e-3  # @tune log [1e-4, 1e-1]', 'RATE', 0.003, number(1e-4, 0.1, false, 'log')],
    ['  int n = 200;  // @tune int [50, 600]', 'n', 200, number(50, 600, true)],
    ['STEPS = 1_000 # @tune int log [100, 8_000]', 'STEPS', 1000, number(100, 8000, true, 'log')],
    ['STEPS = 300 # @tune log int[100,8000]', 'STEPS', 300, number(100, 8000, true, 'log')],
    ['x = 0.5 -- @tune [0, 1]', 'x', 0.5, number(0, 1)],
    ['x = .5 % @tune [0,1]', 'x', 0.5, number(0, 1)],
    ['(setq x 7) ; @tune [0, 10]', 'x', 7, number(0, 10)],
    ['  rate: 0.1, # @tune [-1, 1]', 'rate', 0.1, number(-1, 1)],
    ['  "rate": 0.1, # @tune [0, 1]', 'rate', 0.1, number(0, 1)],
    ['rate: float = 0.1  # @tune [0, 1]', 'rate', 0.1, number(0, 1)],
    ['const X: f64 = 2.5f64; // @tune [0, 3]', 'X', 2.5, number(0, 3)],
    ['#define TILE 16 // @tune int [8, 32]', 'TILE', 16, number(8, 32, true)],
    ['cfg.alpha = -0.5 # @tune [-1, 1]', 'alpha', -0.5, number(-1, 1)],
    ['n := 0x10 // @tune int [1, 32]', 'n', 16, number(1, 32, true)],
    ['y = x-5 # @tune int [0, 9]', 'y', 5, number(0, 9, true)],
    ['for i in 0..5 { // @tune int [1, 9]', 'i', 5, number(1, 9, true)],
    ['    40  # @tune int [1, 50]', 'line 1', 40, number(1, 50, true)],
  ])('reads %s', (line, name, value, domain) => {
    expect(only(line)).toMatchObject({ name, key: name, value, domain });
  });

  it.each<[string, string, TunableValue, TunableValue[]]>([
    ['BLOCK_M = 64  # @tune {16, 32, 64, 128}', 'BLOCK_M', 64, [16, 32, 64, 128]],
    ["kind = 'relu',  # @tune {'relu', \"gelu\"}", 'kind', 'relu', ['relu', 'gelu']],
    ['fast = True  # @tune {True, False}', 'fast', true, [true, false]],
    ['bool fast = false; // @tune {false, true}', 'fast', false, [false, true]],
    ['w = -1  # @tune {-1, 0, 1.5e2,}', 'w', -1, [-1, 0, 150]],
    ['s = "a, b # c"  # @tune {"a, b # c", "}"}', 's', 'a, b # c', ['a, b # c', '}']],
  ])('reads the choices of %s', (line, name, value, choices) => {
    const tunable = only(line);
    expect(tunable).toMatchObject({ name, value, domain: { kind: 'choice' } });
    expect(tunable.domain.kind === 'choice' && tunable.domain.choices.map((choice) => choice.value)).toEqual(
      choices,
    );
  });

  it('reads several marks of a line where they are closed comments', () => {
    const { tunables, errors } = parseTunables('tile(64 /* @tune {32, 64} */, 8 /* @tune int [4, 16] */);');
    expect(errors).toEqual([]);
    expect(tunables.map(({ key, value }) => [key, value])).toEqual([
      ['tile', 64],
      ['line 1', 8],
    ]);
  });

  it('numbers names that come again', () => {
    const { tunables } = parseTunables(
      'x = 1 # @tune [0, 2]\r\nx = 2 # @tune [0, 2]\r\nx = 0 # @tune [0, 2]\r\n',
    );
    expect(tunables.map((tunable) => tunable.key)).toEqual(['x', 'x#2', 'x#3']);
  });

  it.each([
    'print("x = 3  # @tune [0, 1]")',
    '# x = 3  # @tune [0, 1]',
    '  // int x = 3; // @tune [0, 1]',
    'x = 3  # see @tune [0, 1]',
    'x = 3  # @tuned [0, 1]',
    'x = 3 @tune [0, 1]',
  ])('sees no mark in %s', (line) => {
    expect(parseTunables(line)).toEqual({ tunables: [], errors: [] });
  });

  it.each([
    ['x = y  # @tune [0, 1]', 7, 'No literal before this mark'],
    ['conv2(x)  # @tune [0, 1]', 10, 'No literal before this mark'],
    ['x = p.0  # @tune [0, 1]', 9, 'No literal before this mark'],
    ['x = 3  # @tune [0, 1]', 4, '3 is not a number from 0 to 1'],
    ['x = 0.5  # @tune int [0, 1]', 4, '0.5 is not a whole number from 0 to 1'],
    ['x = "a"  # @tune [0, 1]', 4, '"a" is not a number from 0 to 1'],
    ['x = 3  # @tune {1, 2}', 4, "3 is none of the mark's choices"],
    ['x = "1"  # @tune {1, 2}', 4, 'none of the mark'],
    ['x = 3  # @tune', 14, 'Cannot read this mark'],
    ['x = 3  # @tune around 3', 15, 'Cannot read this mark'],
    ['x = 3  # @tune [0, 5] log', 15, 'Cannot read this mark'],
    ['x = 3  # @tune [a, 5]', 15, 'must be numbers'],
    ['x = 3  # @tune [5, 1]', 15, 'from a smaller to a larger'],
    ['x = 3  # @tune log [0, 5]', 15, 'must begin above 0'],
    ['x = 3  # @tune int [0.5, 5]', 15, 'must be whole numbers'],
    ['x = 3  # @tune {3}', 15, 'two choices or more'],
    ['x = 3  # @tune {3, 3.0}', 15, '3.0 is in the list twice'],
    ['x = 3  # @tune {3, y}', 15, 'with commas between'],
    ['x = 3  # @tune {3 4}', 15, 'with commas between'],
    ['x = 3  # @tune {3, 4', 15, 'closing }'],
    ['x = 3  # @tune {}', 15, 'two choices or more'],
    ['x = 3  # @tune {3, 1e999}', 15, 'must be finite'],
  ])('says what is wrong with %s', (line, character, message) => {
    const error = errorOf(line);
    expect(error.message).toContain(message);
    expect(error.character).toBe(character);
  });

  it('never throws, whatever the text', () => {
    const piece = fc.constantFrom(
      '@tune',
      '# @tune',
      ' [',
      ']',
      '{',
      '}',
      ',',
      '0',
      '-1.5',
      '1e9',
      "'",
      '"',
      'log ',
      'int ',
      'x = ',
      '\n',
      '/*',
      '*/',
      '//',
      '\\',
      '.',
      'true',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((pieces) => pieces.join('')),
        ),
        (text) => {
          const { tunables, errors } = parseTunables(text);
          for (const { start, end } of tunables) expect(end).toBeGreaterThan(start);
          const lines = text.split('\n');
          for (const { line, character } of errors)
            expect(character).toBeLessThanOrEqual(lines[line]!.length);
          expect(render(text, tunables, new Map())).toBe(text);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('render', () => {
  it.each<[string, TunableValue, string]>([
    ['RATE = 3e-3  # @tune log [1e-4, 1e-1]', 0.0071, 'RATE = 0.0071  # @tune log [1e-4, 1e-1]'],
    ['RATE = 3e-3  # @tune log [1e-9, 1]', 1e-7, 'RATE = 1.0e-7  # @tune log [1e-9, 1]'],
    ['x = 2  # @tune [0, 9]', 1, 'x = 1.0  # @tune [0, 9]'],
    ['x = 2.5f; // @tune [0, 9]', 4, 'x = 4.0f; // @tune [0, 9]'],
    ['int n = 200;\t// @tune int [50, 600]', 350, 'int n = 350;\t// @tune int [50, 600]'],
    ['b = 0.80  # @tune {0.80, 0.90}', 0.9, 'b = 0.90  # @tune {0.80, 0.90}'],
    ['b = 0.8  # @tune {0.80, 0.90}', 0.8, 'b = 0.8  # @tune {0.80, 0.90}'],
    ["k = 'relu'  # @tune {'relu', \"gelu\"}", 'gelu', 'k = "gelu"  # @tune {\'relu\', "gelu"}'],
    ['k = True  # @tune {True, False}', false, 'k = False  # @tune {True, False}'],
    ['y = x-5  # @tune int [-9, 9]', -3, 'y = x-(-3)  # @tune int [-9, 9]'],
    ['y = -5  # @tune int [-9, 9]', 3, 'y = 3  # @tune int [-9, 9]'],
  ])('writes into %s', (line, value, expected) => {
    expect(rendered(line, value)).toBe(expected);
    expect(only(expected).value).toBe(value);
  });

  it('refuses a value that the mark does not allow', () => {
    expect(() => rendered('x = 1  # @tune int [0, 9]', 10)).toThrow(RangeError);
    expect(() => rendered('x = 1  # @tune int [0, 9]', 1.5)).toThrow(RangeError);
    expect(() => rendered('x = 1  # @tune {1, 2}', '1')).toThrow(RangeError);
  });

  const program = [
    '# a program',
    'BLOCK = 64  # @tune {16, 32, 64, 128}',
    'RATE = 3e-3\t# @tune log [1e-4, 1e-1]\r',
    'SHIFT = a-1.5 # @tune [-10, 10]',
    'n = f(2, 200)  # @tune int [-5, 600]',
    'mode = "fast"  # @tune {"fast", \'exact\'}',
    'done = 3  # @tuned',
  ].join('\n');
  const values = fc.record({
    BLOCK: fc.constantFrom(16, 32, 64, 128),
    RATE: fc.double({ min: 1e-4, max: 0.1, noNaN: true }),
    SHIFT: fc.double({ min: -10, max: 10, noNaN: true }).map((value) => value + 0),
    n: fc.integer({ min: -5, max: 600 }),
    mode: fc.constantFrom('fast', 'exact'),
  });

  it('changes nothing with the values that are there', () => {
    const { tunables, errors } = parseTunables(program);
    expect(errors).toEqual([]);
    const same = new Map(tunables.map(({ key, value }) => [key, value]));
    expect(render(program, tunables, same)).toBe(program);
  });

  it('writes what is read again, and touches nothing but the literals', () => {
    fc.assert(
      fc.property(values, values, (first, second) => {
        const write = (text: string, wanted: Record<string, TunableValue>): string =>
          render(text, parseTunables(text).tunables, new Map(Object.entries(wanted)));
        const text = write(program, first);
        const { tunables, errors } = parseTunables(text);
        expect(errors).toEqual([]);
        expect(Object.fromEntries(tunables.map(({ key, value }) => [key, value]))).toEqual(first);
        expect(text.split('\n').map((line) => line.slice(line.indexOf('#')))).toEqual(
          program.split('\n').map((line) => line.slice(line.indexOf('#'))),
        );
        const again = parseTunables(write(text, second));
        expect(Object.fromEntries(again.tunables.map(({ key, value }) => [key, value]))).toEqual(second);
      }),
    );
  });
});

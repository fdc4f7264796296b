/** Bytes of WebAssembly (core specification 2.0, chapter 5), as much as a small module of ours needs. */
export type Code = readonly (number | Code)[];

const i32 = 0x7f;
const i64 = 0x7e;
export const types = { i32, i64 } as const;

export interface FunctionType {
  readonly takes: readonly number[];
  readonly gives: readonly number[];
}

export interface ModuleParts {
  readonly imports: readonly { readonly from: string; readonly name: string; readonly type: FunctionType }[];
  /** `locals`: how many of i32 it has beside what it takes. */
  readonly functions: readonly {
    readonly name: string;
    readonly type: FunctionType;
    readonly locals: number;
    readonly body: Code;
  }[];
  /** Of i32, which may change; their first values. */
  readonly globals: readonly number[];
  readonly memoryPages: number;
  readonly data: readonly { readonly at: number; readonly text: string }[];
}

/** The memory is exported as `memory`, functions by their names. Indices of functions: imports come first. */
export function assemble({ imports, functions, globals, memoryPages, data }: ModuleParts): Buffer {
  const all = [...imports.map(({ type }) => type), ...functions.map(({ type }) => type)];
  const exported = [
    [...word('memory'), 2, 0],
    ...functions.map(({ name }, index) => [...word(name), 0, ...unsigned(imports.length + index)]),
  ];
  const sections: readonly (readonly [number, readonly number[]])[] = [
    [1, list(all.map(({ takes, gives }) => [0x60, ...list(takes.map(one)), ...list(gives.map(one))]))],
    [2, list(imports.map(({ from, name }, index) => [...word(from), ...word(name), 0, ...unsigned(index)]))],
    [3, list(functions.map((_, index) => unsigned(imports.length + index)))],
    [5, list([[0, ...unsigned(memoryPages)]])],
    [6, list(globals.map((value) => [i32, 1, 0x41, ...signed(value), end]))],
    [7, list(exported)],
    [
      10,
      list(
        functions.map(({ locals, body }) => {
          const code = [...(locals === 0 ? [0] : [1, ...unsigned(locals), i32]), ...flat(body), end];
          return [...unsigned(code.length), ...code];
        }),
      ),
    ],
    [11, list(data.map(({ at, text }) => [0, 0x41, ...signed(at), end, ...word(text)]))],
  ];
  const bytes = sections.flatMap(([id, content]) => [id, ...unsigned(content.length), ...content]);
  return Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...bytes]);
}

const end = 0x0b;
const empty = 0x40;

/** Instructions; operands come before, as arguments. */
export const code = {
  const: (value: number): Code => [0x41, ...signed(value)],
  get: (local: number): Code => [0x20, ...unsigned(local)],
  set: (local: number, value: Code): Code => [value, 0x21, ...unsigned(local)],
  globalGet: (index: number): Code => [0x23, ...unsigned(index)],
  globalSet: (index: number, value: Code): Code => [value, 0x24, ...unsigned(index)],
  call: (index: number, ...args: Code): Code => [...args, 0x10, ...unsigned(index)],
  load8: (address: Code, offset = 0): Code => [address, 0x2d, 0, ...unsigned(offset)],
  load32: (address: Code, offset = 0): Code => [address, 0x28, 2, ...unsigned(offset)],
  load64: (address: Code, offset = 0): Code => [address, 0x29, 3, ...unsigned(offset)],
  store8: (address: Code, value: Code, offset = 0): Code => [address, value, 0x3a, 0, ...unsigned(offset)],
  store32: (address: Code, value: Code, offset = 0): Code => [address, value, 0x36, 2, ...unsigned(offset)],
  store64: (address: Code, value: Code, offset = 0): Code => [address, value, 0x37, 3, ...unsigned(offset)],
  add: (a: Code, b: Code): Code => [a, b, 0x6a],
  sub: (a: Code, b: Code): Code => [a, b, 0x6b],
  mul: (a: Code, b: Code): Code => [a, b, 0x6c],
  divU: (a: Code, b: Code): Code => [a, b, 0x6e],
  remU: (a: Code, b: Code): Code => [a, b, 0x70],
  and: (a: Code, b: Code): Code => [a, b, 0x71],
  shrU: (a: Code, b: Code): Code => [a, b, 0x76],
  isZero: (a: Code): Code => [a, 0x45],
  equal: (a: Code, b: Code): Code => [a, b, 0x46],
  lessS: (a: Code, b: Code): Code => [a, b, 0x48],
  lessU: (a: Code, b: Code): Code => [a, b, 0x49],
  widen: (a: Code): Code => [a, 0xac],
  unreachable: [0x00] as Code,
  if: (condition: Code, then: Code, otherwise?: Code): Code => [
    condition,
    0x04,
    empty,
    then,
    ...(otherwise === undefined ? [] : [0x05, otherwise]),
    end,
  ],
  /** Repeats the body as long as the condition holds. */
  while: (condition: Code, body: Code): Code => [
    [0x02, empty, 0x03, empty],
    condition,
    [0x45, 0x0d, 1],
    body,
    [0x0c, 0, end, end],
  ],
} as const;

function flat(nested: Code): number[] {
  return nested.flatMap((part) => (typeof part === 'number' ? [part] : flat(part)));
}

function one(type: number): readonly number[] {
  return [type];
}

function list(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function word(text: string): number[] {
  const bytes = [...Buffer.from(text)];
  return [...unsigned(bytes.length), ...bytes];
}

/** LEB128. */
function unsigned(value: number): number[] {
  const low = value & 0x7f;
  const rest = value >>> 7;
  return rest === 0 ? [low] : [low | 0x80, ...unsigned(rest)];
}

function signed(value: number): number[] {
  const low = value & 0x7f;
  const rest = value >> 7;
  const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
  return isLast ? [low] : [low | 0x80, ...signed(rest)];
}

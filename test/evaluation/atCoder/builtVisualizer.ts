import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assemble, code as c, types, type Code } from './wasmAssembler';

const { i32, i64 } = types;
const [throwing, malloc] = [0, 1];
const [heap, isPoisoned] = [0, 1];
const complaint = { at: 16, text: 'Parse error' };

/** Bytes of `bytes` digits each, as the input has its numbers: "3\n12 34 56\n". */
const places = [2, 5, 8] as const;
const digit = (value: Code): Code => c.add(value, c.const(48));

/** Takes the text of a seed and an option; gives the input. */
const genBody: Code = [
  c.if(c.isZero(c.get(2)), c.call(throwing, c.const(complaint.at), c.const(complaint.text.length))),
  c.set(3, c.const(7)),
  c.while(c.lessU(c.get(4), c.get(1)), [
    c.set(3, c.add(c.mul(c.get(3), c.const(31)), c.load8(c.add(c.get(0), c.get(4))))),
    c.set(4, c.add(c.get(4), c.const(1))),
  ]),
  c.set(5, c.call(malloc, c.const(11), c.const(1))),
  c.store8(c.get(5), c.const(51)),
  c.store8(c.get(5), c.const(10), 1),
  places.map((place, index) => [
    c.set(4, c.add(c.remU(c.shrU(c.get(3), c.const(8 * index)), c.const(90)), c.const(10))),
    c.store8(c.get(5), digit(c.divU(c.get(4), c.const(10))), place),
    c.store8(c.get(5), digit(c.remU(c.get(4), c.const(10))), place + 1),
    c.store8(c.get(5), c.const(index === 2 ? 10 : 32), place + 2),
  ]),
  c.get(5),
  c.const(11),
];

/** Takes input, output, turn and an option; gives the address of a score and of the length of a complaint. */
const visBody: Code = [
  c.if(c.globalGet(isPoisoned), c.unreachable),
  c.if(c.isZero(c.get(5)), c.call(throwing, c.const(complaint.at), c.const(complaint.text.length))),
  // No such turn.
  c.if(c.get(4), c.if(c.isZero(c.equal(c.get(4), c.get(3))), c.unreachable)),
  places.map((place) =>
    c.set(
      6,
      c.add(
        c.get(6),
        c.add(
          c.mul(c.sub(c.load8(c.get(0), place), c.const(48)), c.const(10)),
          c.sub(c.load8(c.get(0), place + 1), c.const(48)),
        ),
      ),
    ),
  ),
  c.while(c.lessU(c.get(8), c.get(3)), [
    c.set(9, c.load8(c.add(c.get(2), c.get(8)))),
    c.if(c.equal(c.get(9), c.const(112)), c.unreachable),
    c.if(
      c.lessU(c.sub(c.get(9), c.const(48)), c.const(10)),
      [
        c.set(7, c.add(c.mul(c.get(7), c.const(10)), c.sub(c.get(9), c.const(48)))),
        c.set(11, c.add(c.get(11), c.const(1))),
      ],
      c.if(c.lessU(c.const(32), c.get(9)), c.set(10, c.const(1))),
    ),
    c.set(8, c.add(c.get(8), c.const(1))),
  ]),
  c.set(12, c.call(malloc, c.const(16), c.const(8))),
  c.if(
    c.equal(c.add(c.get(10), c.isZero(c.get(11))), c.const(0)),
    [
      c.set(6, c.sub(c.get(7), c.get(6))),
      c.if(c.lessS(c.get(6), c.const(0)), c.set(6, c.sub(c.const(0), c.get(6)))),
      c.store64(c.get(12), c.widen(c.sub(c.const(1000), c.get(6)))),
    ],
    c.store32(c.get(12), c.const(complaint.text.length), 8),
  ),
  c.get(12),
];

/** The last turn is the length of the output. It panics where that begins with a "t", and nothing works from then on. */
const maxTurnBody: Code = [
  c.if(c.equal(c.load8(c.get(2)), c.const(116)), [c.globalSet(isPoisoned, c.const(1)), c.unreachable]),
  c.get(3),
];

const bytes = assemble({
  imports: [{ from: 'wbg', name: '__wbindgen_throw', type: { takes: [i32, i32], gives: [] } }],
  functions: [
    {
      name: '__wbindgen_malloc',
      type: { takes: [i32, i32], gives: [i32] },
      locals: 1,
      body: [
        c.set(2, c.globalGet(heap)),
        c.globalSet(heap, c.and(c.add(c.add(c.get(2), c.get(0)), c.const(7)), c.const(-8))),
        c.get(2),
      ],
    },
    { name: '__wbindgen_free', type: { takes: [i32, i32, i32], gives: [] }, locals: 0, body: [] },
    { name: 'gen', type: { takes: [i32, i32, i32], gives: [i32, i32] }, locals: 3, body: genBody },
    { name: 'vis', type: { takes: [i32, i32, i32, i32, i32, i32], gives: [i32] }, locals: 7, body: visBody },
    {
      name: 'get_max_turn',
      type: { takes: [i32, i32, i32, i32], gives: [i32] },
      locals: 0,
      body: maxTurnBody,
    },
    {
      name: '__wbg_get_ret_score',
      type: { takes: [i32], gives: [i64] },
      locals: 0,
      body: c.load64(c.get(0)),
    },
    {
      name: '__wbg_get_ret_err',
      type: { takes: [i32], gives: [i32, i32] },
      locals: 0,
      body: [c.const(complaint.at), c.load32(c.get(0), 8)],
    },
    {
      name: 'option_new',
      type: { takes: [], gives: [i32] },
      locals: 0,
      body: c.call(malloc, c.const(8), c.const(8)),
    },
  ],
  globals: [1024, 0],
  memoryPages: 16,
  data: [complaint],
});

/** As wasm-bindgen writes for browsers: classes that own what lies in the memory, big integers, lists of two, a module that starts once. */
const glue = `
let wasm;
const text = () => new Uint8Array(wasm.memory.buffer);
function pass(value) {
  if (typeof value !== 'string') throw new Error('expected a string argument, found ' + typeof value);
  const encoded = new TextEncoder().encode(value);
  const at = wasm.__wbindgen_malloc(encoded.length, 1) >>> 0;
  text().set(encoded, at);
  return [at, encoded.length];
}
function take([at, length]) {
  try { return new TextDecoder().decode(text().subarray(at, at + length)); }
  finally { wasm.__wbindgen_free(at, length, 1); }
}
function owned(value, Type) {
  if (!(value instanceof Type)) throw new Error('expected instance of ' + Type.name);
  return value.__destroy_into_raw();
}
class Option {
  constructor() { this.__wbg_ptr = wasm.option_new() >>> 0; }
  __destroy_into_raw() { const ptr = this.__wbg_ptr; this.__wbg_ptr = 0; return ptr; }
}
export class GenOption extends Option {}
export class VisOption extends Option {}
export class Ret {
  static __wrap(ptr) { const ret = Object.create(Ret.prototype); ret.__wbg_ptr = ptr >>> 0; return ret; }
  get score() { return wasm.__wbg_get_ret_score(this.__wbg_ptr); }
  get err() { return take(wasm.__wbg_get_ret_err(this.__wbg_ptr)); }
}
export function gen(seed, option) { return take(wasm.gen(...pass(seed), owned(option, GenOption))); }
export function vis(input, output, turn, option) {
  return Ret.__wrap(wasm.vis(...pass(input), ...pass(output), turn, owned(option, VisOption)));
}
export function get_max_turn(input, output) { return wasm.get_max_turn(...pass(input), ...pass(output)) >>> 0; }
const imports = { wbg: { __wbindgen_throw(at, length) { throw new Error(take([at, length])); } } };
export function initSync(module) {
  if (wasm !== undefined) return wasm;
  if (Object.getPrototypeOf(module) === Object.prototype) ({ module } = module);
  if (!(module instanceof WebAssembly.Module)) module = new WebAssembly.Module(module);
  wasm = new WebAssembly.Instance(module, imports).exports;
  return wasm;
}
export default async function __wbg_init(given) {
  if (wasm !== undefined) return wasm;
  given = given?.module_or_path ?? given ?? new URL('cd34_bg.wasm', import.meta.url);
  if (given instanceof URL) given = await (await fetch(given)).arrayBuffer();
  wasm = (await WebAssembly.instantiate(await given, imports)).instance.exports;
  return wasm;
}
`;

/** Puts it into a folder in place of what is there. */
export function putBuiltVisualizer(folder: string): void {
  rmSync(join(folder, 'web'), { recursive: true, force: true });
  mkdirSync(join(folder, 'web'));
  writeFileSync(join(folder, 'web/cd34.js'), glue);
  writeFileSync(join(folder, 'web/cd34_bg.wasm'), bytes);
}

/**
 * For `node FILE gen MODULE WASM` and `node FILE vis MODULE WASM INPUT OUTPUT`: makes cases and scores answers with the visualizer of a
 * contest, a module that wasm-bindgen wrote for browsers. Plain JavaScript in a file of its own, because what the visualizer does with an
 * answer must not stop the runner. It prints what the crate's programs would print.
 *
 * The signatures differ by contest: seeds are text, numbers or big integers (WebAssembly converts text), some take an options object at the
 * end, which is a class of the module where it has one; `vis` gives an object with `score` and `err` or `error`, or a list of them.
 */
export const visualizerProgram = `'use strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [action, modulePath, wasmPath, inputPath, outputPath] = process.argv.slice(2);
const bytes = readFileSync(wasmPath);
let glue, starts = 0;

/** A module that was started once stays as it is, also after a panic; under another name it is another module. */
async function start() {
  glue = await import(pathToFileURL(modulePath).href + '?' + starts++);
  if (typeof glue.initSync === 'function') {
    try { return glue.initSync({ module: bytes }); } catch { return glue.initSync(bytes); }
  }
  try { await glue.default({ module_or_path: bytes }); } catch { await glue.default(bytes); }
}

/** Calls with ever other options until one is taken. After a panic the module must be started again. */
async function callTolerantly(name, className, args) {
  const options = [() => [], () => [{}]];
  if (typeof glue[className] === 'function') options.unshift(() => [new glue[className]()]);
  let first;
  for (const option of options) {
    try {
      return glue[name](...args, ...option());
    } catch (error) {
      first ??= error;
      await start();
    }
  }
  throw first;
}

await start();
if (action === 'gen') {
  mkdirSync('in', { recursive: true });
  const seeds = readFileSync('seeds.txt', 'utf8').split('\\n').map((line) => line.trim()).filter(Boolean);
  for (const [index, seed] of seeds.entries()) {
    const text = await callTolerantly('gen', 'GenOption', [seed]);
    if (typeof text !== 'string' || text === '') throw new Error('gen gave no text.');
    writeFileSync('in/' + String(index).padStart(4, '0') + '.txt', text);
  }
} else {
  const input = readFileSync(inputPath, 'utf8'), output = readFileSync(outputPath, 'utf8');
  // The score does not depend on the turn that is drawn, where all turns are in the answer; the last turn has them all.
  let turn = 0;
  if (typeof glue.get_max_turn === 'function') {
    try { turn = Number(glue.get_max_turn(input, output)); } catch { await start(); }
  }
  let seen;
  try {
    seen = await callTolerantly('vis', 'VisOption', [input, output, turn]);
  } catch (error) {
    console.log('wrong answer: the visualizer failed: ' + String(error?.message ?? error));
    process.exit(1);
  }
  const [score, error] = Array.isArray(seen) ? seen : [seen.score, seen.err ?? seen.error];
  if (typeof error === 'string' && error !== '') console.log('wrong answer: ' + error);
  console.log('Score = ' + String(score));
}
`;

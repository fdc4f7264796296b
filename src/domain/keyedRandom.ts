import type { Random } from './random';

/** One part of a key. `1` and `'1'` are different parts. */
export type KeyPart = number | string;

/**
 * The random source that belongs to a key: the same `seed` and `path` give the same numbers, whoever asks, when, and in
 * whatever order; different keys give unrelated numbers. So a restarted session draws what the interrupted one would have.
 *
 * The key is hashed with MurmurHash3 (x86, 128 bits) and the hash seeds Chris Doty-Humphrey's sfc32 (PractRand). Not for
 * secrets.
 */
export function keyedRandom(seed: number, ...path: KeyPart[]): Random {
  return new Sfc32(murmur128(encodeKey(seed, path)));
}

/** A seed for a program that wants one: an integer in [0, 2^32), fixed by the key. */
export function keyedSeed(seed: number, ...path: KeyPart[]): number {
  return murmur128(encodeKey(seed, path))[0];
}

/** Injective: tags tell numbers from strings, lengths tell where a string ends. */
function encodeKey(seed: number, path: readonly KeyPart[]): string {
  return [seed, ...path]
    .map((part) => (typeof part === 'number' ? `n${String(part)};` : `s${String(part.length)}:${part};`))
    .join('');
}

class Sfc32 implements Random {
  private spareNormal: number | undefined;
  private a: number;
  private b: number;
  private c: number;
  private counter: number;

  constructor([a, b, c, counter]: Words) {
    this.a = a;
    this.b = b;
    this.c = c;
    this.counter = counter;
    // The rounds that PractRand runs after seeding, so that near seeds part.
    for (let round = 0; round < 15; round++) this.next();
  }

  uniform(): number {
    const high = this.next() >>> 5;
    const low = this.next() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** Box-Muller; every second call returns the other half of a pair. */
  normal(): number {
    if (this.spareNormal !== undefined) {
      const value = this.spareNormal;
      this.spareNormal = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  integer(bound: number): number {
    if (!Number.isSafeInteger(bound) || bound < 1) {
      throw new RangeError(`integer(bound) needs a positive safe integer, not ${bound}`);
    }
    if (bound > 2 ** 32) return Math.floor(this.uniform() * bound);
    // Draws at or above the largest multiple of `bound` would make small numbers more frequent.
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let draw = this.next();
    while (draw >= limit) draw = this.next();
    return draw % bound;
  }

  private next(): number {
    const sum = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (rotateLeft(this.c, 21) + sum) | 0;
    return sum >>> 0;
  }
}

type Words = readonly [number, number, number, number];

/**
 * MurmurHash3_x86_128 (Austin Appleby, public domain) of the text's UTF-16 code units, low byte first, with seed 0.
 * Four words in [0, 2^32).
 */
export function murmur128(text: string): Words {
  const byteAt = (index: number): number => {
    const unit = text.charCodeAt(index >> 1);
    return index & 1 ? unit >> 8 : unit & 0xff;
  };
  const byteLength = text.length * 2;
  const wordAt = (index: number, end: number): number => {
    let word = 0;
    for (let byte = 0; byte < 4 && index + byte < end; byte++) word |= byteAt(index + byte) << (8 * byte);
    return word;
  };
  const [c1, c2, c3, c4] = [0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93];
  const mix = (word: number, first: number, turn: number, second: number): number =>
    Math.imul(rotateLeft(Math.imul(word, first), turn), second);
  let [h1, h2, h3, h4] = [0, 0, 0, 0];

  const wholeBlocks = byteLength - (byteLength % 16);
  for (let index = 0; index < wholeBlocks; index += 16) {
    h1 ^= mix(wordAt(index, byteLength), c1, 15, c2);
    h1 = (Math.imul(rotateLeft(h1, 19) + h2, 5) + 0x561ccd1b) | 0;
    h2 ^= mix(wordAt(index + 4, byteLength), c2, 16, c3);
    h2 = (Math.imul(rotateLeft(h2, 17) + h3, 5) + 0x0bcaa747) | 0;
    h3 ^= mix(wordAt(index + 8, byteLength), c3, 17, c4);
    h3 = (Math.imul(rotateLeft(h3, 15) + h4, 5) + 0x96cd1c35) | 0;
    h4 ^= mix(wordAt(index + 12, byteLength), c4, 18, c1);
    h4 = (Math.imul(rotateLeft(h4, 13) + h1, 5) + 0x32ac3b17) | 0;
  }
  // Words past the end are 0 and mix to 0.
  h1 ^= mix(wordAt(wholeBlocks, byteLength), c1, 15, c2);
  h2 ^= mix(wordAt(wholeBlocks + 4, byteLength), c2, 16, c3);
  h3 ^= mix(wordAt(wholeBlocks + 8, byteLength), c3, 17, c4);
  h4 ^= mix(wordAt(wholeBlocks + 12, byteLength), c4, 18, c1);

  h1 ^= byteLength;
  h2 ^= byteLength;
  h3 ^= byteLength;
  h4 ^= byteLength;
  h1 = (h1 + h2 + h3 + h4) | 0;
  [h2, h3, h4] = [h2 + h1, h3 + h1, h4 + h1];
  [h1, h2, h3, h4] = [avalanche(h1), avalanche(h2), avalanche(h3), avalanche(h4)];
  h1 = (h1 + h2 + h3 + h4) | 0;
  return [h1 >>> 0, (h2 + h1) >>> 0, (h3 + h1) >>> 0, (h4 + h1) >>> 0];
}

function avalanche(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

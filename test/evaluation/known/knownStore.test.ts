import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keysOf, type KnownEntry } from '../../../src/evaluation/known/knownEntry';
import { KnownStore } from '../../../src/evaluation/known/knownStore';

const identity = 'ab'.repeat(32);
let folder: string;
let words: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'known-'));
  words = [];
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function storeOf(limits: { readonly mostBytes?: number; readonly mostEntries?: number } = {}): KnownStore {
  return new KnownStore({ folder, identity, log: (message) => words.push(message), ...limits });
}

function sha256Of(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function entryOf(text: string, more: Partial<KnownEntry> = {}): KnownEntry {
  return {
    format: 'ttt-discover known evaluation',
    version: 1,
    key: keysOf({ id: 'c1', candidateText: text, seed: 7 }).whole,
    identity,
    session: '01HZZZZZZZZZZZZZZZZZZZZZZZ',
    candidate: 3,
    durationMs: 120,
    outcome: { kind: 'valid', metrics: { x: 1 }, value: 1, reward: 1 },
    blobs: {},
    ...more,
  };
}

const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const metrics = fc.dictionary(
  fc.string().filter((name) => name !== '__proto__'),
  number,
);

describe('evaluations that are known on a host', () => {
  it('come back as they were kept, whatever is in them', async () => {
    const store = storeOf();
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          text: fc.string({ unit: 'binary' }),
          seed: fc.nat(0xffff_ffff),
          metrics,
          feedback: fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined }),
          state: fc.option(fc.json(), { nil: undefined }),
          files: fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 3 }),
          value: number,
        }),
        async ({ text, seed, metrics, feedback, state, files, value }) => {
          const key = keysOf({ id: 'c1', candidateText: text, seed }).whole;
          const artifacts = Object.fromEntries(
            files.map((bytes, index) => [`file ${index}`, sha256Of(bytes)]),
          );
          const kept = entryOf(text, {
            key,
            outcome: {
              ...{ kind: 'valid', metrics, value, reward: -value + 0 },
              ...(feedback === undefined ? {} : { feedback: feedback }),
              ...(state === undefined ? {} : { stateSha256: sha256Of(state) }),
              ...(files.length === 0 ? {} : { artifacts }),
            },
            ...(state === undefined ? {} : { state }),
            blobs: Object.fromEntries(
              files.map((bytes) => [sha256Of(bytes), Buffer.from(bytes).toString('base64')]),
            ),
          });
          expect(await store.keep(kept)).toBe(true);
          expect(await store.find(key)).toEqual(kept);
        },
      ),
      { numRuns: 60 },
    );
    expect(words).toEqual([]);
  });

  it('are others for another text, another seed, and another program to compare with', () => {
    const request = { id: 'c1', candidateText: 'a', seed: 1 };
    const keys = [
      request,
      { ...request, candidateText: 'b' },
      { ...request, seed: 2 },
      { ...request, incumbent: { cases: [] } },
      { ...request, incumbent: { cases: [{ name: 'one', verdict: 'passed' as const, value: 2 }] } },
    ].map((one) => keysOf(one).compared);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keysOf({ ...request, id: 'another' }).compared).toBe(keys[0]);
  });

  it.each([
    ['is torn', (text: string) => text.slice(0, 40)],
    ['is of another format', (text: string) => text.replace('known evaluation', 'thing')],
    ['is of a later version', (text: string) => text.replace('"version":1', '"version":2')],
    ['is about another evaluation', (text: string) => text.replaceAll(/"key":"../g, '"key":"zz')],
    ['belongs to another problem', (text: string) => text.replace(identity, 'cd'.repeat(32))],
    ['names an artifact that it has not', (text: string) => text.replace(/"blobs":\{[^}]*\}/, '"blobs":{}')],
    ['has another artifact than it names', (text: string) => text.replace('cGljdHVyZQ==', 'b3RoZXI=')],
    ['has another construction than it names', (text: string) => text.replace('[1,2]', '[1,3]')],
  ])('one that %s is not used, which the log says', async (_, broken) => {
    const store = storeOf();
    const picture = Buffer.from('picture');
    const entry = entryOf('a', {
      state: '[1,2]',
      blobs: { [sha256Of(picture)]: picture.toString('base64') },
      outcome: {
        ...{ kind: 'valid', metrics: {}, value: 1, reward: 1, stateSha256: sha256Of('[1,2]') },
        artifacts: { view: sha256Of(picture) },
      },
    });
    await store.keep(entry);
    const path = join(folder, identity, `${entry.key}.json`);
    const text = readFileSync(path, 'utf8');
    expect(broken(text)).not.toBe(text);
    writeFileSync(path, broken(text));
    expect(await store.find(entry.key)).toBeUndefined();
    expect(words).toEqual([expect.stringContaining(`cannot be used (${path})`)]);
    // The next run writes it anew.
    await store.keep(entry);
    expect(await store.find(entry.key)).toEqual(entry);
  });

  it('go, the oldest first, when there are too many', async () => {
    const store = storeOf({ mostEntries: 3 });
    const entries = ['a', 'b', 'c', 'd', 'e'].map((text) => entryOf(text));
    for (const [index, entry] of entries.entries()) {
      await store.keep(entry);
      utimesSync(join(folder, identity, `${entry.key}.json`), index, index);
    }
    const later = entryOf('f');
    await storeOf({ mostEntries: 3 }).keep(later);
    const left = readdirSync(join(folder, identity)).sort();
    expect(left).toEqual([...entries.slice(-2), later].map(({ key }) => `${key}.json`).sort());
  });

  it('are not kept where one alone is larger than others together may be', async () => {
    const entry = entryOf('a', { outcome: { ...entryOf('a').outcome, feedback: 'x'.repeat(5_000_000) } });
    expect(await storeOf().keep(entry)).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('cannot be kept on a disk that refuses, which costs no evaluation', async () => {
    writeFileSync(join(folder, identity), 'a file in its place');
    expect(await storeOf().keep(entryOf('a'))).toBe(false);
    expect(await storeOf().find(entryOf('a').key)).toBeUndefined();
    expect(words[0]).toMatch(/could not be kept/);
  });
});

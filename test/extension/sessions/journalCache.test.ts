import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JournalCache, sha256Of } from '../../../src/extension/sessions/journalCache';
import { sessionId } from './journal';

const entries = (from: number, to: number): { seq: number; text: string }[] =>
  Array.from({ length: to - from + 1 }, (_, index) => ({
    seq: from + index,
    text: `entry ${from + index} ä\n`,
  }));

describe('the local copy of a journal', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'journal-cache-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });
  const journal = (): string => join(folder, sessionId, 'journal.jsonl');

  it('is empty at first', async () => {
    expect(await new JournalCache(folder).read(sessionId)).toEqual([]);
  });

  it('is read back as it was appended, after a restart too', async () => {
    const cache = new JournalCache(folder);
    await Promise.all([cache.append(sessionId, entries(1, 3)), cache.append(sessionId, entries(4, 5))]);
    expect(await cache.read(sessionId)).toEqual(entries(1, 5));
    expect(await new JournalCache(folder).read(sessionId)).toEqual(entries(1, 5));
  });

  it('goes on after a line that a crash cut off', async () => {
    const cache = new JournalCache(folder);
    await cache.append(sessionId, entries(1, 3));
    const text = await readFile(journal(), 'utf8');
    await writeFile(journal(), text.slice(0, -9));
    const restarted = new JournalCache(folder);
    expect(await restarted.read(sessionId)).toEqual(entries(1, 2));
    await restarted.append(sessionId, entries(3, 4));
    expect(await new JournalCache(folder).read(sessionId)).toEqual(entries(1, 4));
  });

  it('is whole when two windows append to it', async () => {
    const windows = [new JournalCache(folder), new JournalCache(folder)];
    for (const cache of windows) await cache.read(sessionId);
    await Promise.all(
      windows.flatMap((cache) => [
        cache.append(sessionId, entries(1, 4)),
        cache.append(sessionId, entries(5, 9)),
      ]),
    );
    expect(await new JournalCache(folder).read(sessionId)).toEqual(entries(1, 9));
  });

  it('never has a gap or a repetition, whatever is in the file', async () => {
    const line = fc.oneof(
      fc.integer({ min: 1, max: 6 }).map((seq) => JSON.stringify({ seq }) + '\n'),
      fc.constantFrom('{"seq":2', '\n', 'null\n', '{"seq":"3"}\n', '[]\n'),
    );
    await new JournalCache(folder).append(sessionId, []);
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 20 }), async (lines) => {
        const cache = new JournalCache(folder);
        await cache.remove(sessionId);
        await cache.append(sessionId, [{ seq: 1 }]);
        await appendFile(journal(), lines.join(''));
        const values = await new JournalCache(folder).read(sessionId);
        expect(values).toEqual(values.map((_, index) => ({ seq: index + 1 })));
      }),
      { numRuns: 50 },
    );
  });

  it('reports a disk that takes nothing, and stays readable', async () => {
    const cache = new JournalCache(join(folder, 'file'));
    await writeFile(join(folder, 'file'), '');
    await expect(cache.append(sessionId, entries(1, 1))).rejects.toThrow(/ENOTDIR|EEXIST/);
    expect(await cache.read(sessionId)).toEqual([]);
  });

  it('keeps program texts by their content address, and no damaged ones', async () => {
    const cache = new JournalCache(folder);
    const text = 'print("ä")\r\n';
    expect(await cache.readCandidate(sessionId, sha256Of(text))).toBeUndefined();
    await cache.writeCandidate(sessionId, text);
    expect(await cache.readCandidate(sessionId, sha256Of(text))).toBe(text);
    await writeFile(join(folder, sessionId, 'candidates', sha256Of(text)), 'damaged');
    expect(await cache.readCandidate(sessionId, sha256Of(text))).toBeUndefined();
  });

  it('is gone after its removal', async () => {
    const cache = new JournalCache(folder);
    await cache.append(sessionId, entries(1, 2));
    await cache.remove(sessionId);
    await expect(stat(join(folder, sessionId))).rejects.toThrow(/ENOENT/);
  });

  it('never leaves its folder for a crooked id', async () => {
    await expect(new JournalCache(folder).remove('../..')).rejects.toThrow(/Not a session id/);
    await expect(new JournalCache(folder).readCandidate(sessionId, '../x')).rejects.toThrow(/Not a SHA-256/);
  });
});

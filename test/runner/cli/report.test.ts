import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { exitCodes } from '../../../src/protocol/hostCommands';
import { formatJournalLine } from '../../../src/protocol/journalEntry';
import { runCommandLine } from '../../../src/runner/cli/commandLine';
import { recordedSession } from '../../support/recordedSession';

const recorded = recordedSession({ steps: 6, groups: 4, groupSize: 16 });
const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

describe('ttt-discover report', () => {
  let root: string;
  let folder: string;
  let printed: string;
  let complained: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'report-'));
    folder = join(root, 'sessions', id);
    for (const name of ['journal', 'candidates']) mkdirSync(join(folder, name), { recursive: true });
    const lines = recorded.entries.map(formatJournalLine);
    const half = Math.floor(lines.length / 2);
    writeFileSync(join(folder, 'journal', '000001.jsonl'), lines.slice(0, half).join(''));
    writeFileSync(join(folder, 'journal', '000002.jsonl'), lines.slice(half).join(''));
    for (const { event } of recorded.entries) {
      if (event.type !== 'candidate.proposed') continue;
      const text = recorded.programOf(event.candidate);
      writeFileSync(join(folder, 'candidates', createHash('sha256').update(text).digest('hex')), text);
    }
    printed = '';
    complained = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((text, ...rest: unknown[]) => {
      printed += String(text);
      const done = rest.at(-1);
      if (typeof done === 'function') (done as () => void)();
      return true;
    });
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      complained += String(text);
      return true;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    rmSync(root, { recursive: true });
  });

  const run = (...args: string[]): Promise<number> => runCommandLine(['report', ...args, '--root', root], '');

  it('prints what a session found and where its time went', async () => {
    expect(await run(id.toLowerCase())).toBe(exitCodes.ok);
    expect(printed).toMatch(/^# Erdős minimum overlap\n/);
    for (const label of [
      'Sampling',
      'Evaluation after sampling',
      'Archive and training',
      'Evaluators at work',
    ]) {
      expect(printed).toContain(`| ${label} |`);
    }
    expect(printed).toContain('```diff\n');
    expect(complained).toBe('');
  });

  it.each([
    ['html', /^<!DOCTYPE html>[\s\S]*PIECES[\s\S]*<\/html>\n$/],
    ['csv', /^session,problem,/],
    ['json', /^\{\n "format": "ttt-discover session",[\s\S]*\]\n\}\n$/],
    ['md', /^# /],
  ])('writes %s by the ending of the file, for a session’s folder', async (ending, content) => {
    const file = join(root, `out.${ending}`);
    expect(await run(folder, '-o', file)).toBe(exitCodes.ok);
    expect(readFileSync(file, 'utf8')).toMatch(content);
    expect(printed).toBe(`Wrote ${file}\n`);
  });

  it('reads a journal’s folder alone, and says what is not there', async () => {
    rmSync(join(folder, 'candidates'), { recursive: true });
    const file = join(root, 'out');
    expect(await run(join(folder, 'journal'), '--output', file, '--format', 'html')).toBe(exitCodes.ok);
    expect(readFileSync(file, 'utf8')).toContain('could not be had');
  });

  it('tells machines where it is', async () => {
    const file = join(root, 'out.csv');
    expect(await run(id, '--output', file, '--json')).toBe(exitCodes.ok);
    expect(JSON.parse(printed)).toEqual({ kind: 'report', session: id, format: 'csv', path: file });
    expect(await run(id, '--json')).toBe(exitCodes.usage);
  });

  it('goes as far as the journal is whole, and says so', async () => {
    const lines = recorded.entries.map(formatJournalLine);
    lines.splice(100, 1);
    writeFileSync(join(folder, 'journal', '000001.jsonl'), `${lines.slice(0, 150).join('')}{"torn`);
    rmSync(join(folder, 'journal', '000002.jsonl'));
    expect(await run(id)).toBe(exitCodes.ok);
    expect(complained).toContain('Entries are missing behind 100');
    expect(printed).toContain('up to entry 100.');
  });

  it.each([
    [['01ARZ3NDEKTSV4RRFFQ69G5FAW'], exitCodes.notFound, 'There is no session'],
    [['/'], exitCodes.notFound, 'There is no journal in /.'],
    [[], exitCodes.usage, 'Which session?'],
    [[id, '--format', 'pdf'], exitCodes.usage, '--format takes md, html, csv, json, not "pdf".'],
    [[id, '-o', '/nowhere/at/all.md'], exitCodes.usage, 'cannot be written'],
  ])('refuses %j', async (args, code, words) => {
    expect(await run(...args)).toBe(code);
    expect(complained).toContain(words);
  });
});

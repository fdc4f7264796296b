import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { candidateCsv } from '../../../src/domain/report/csv';
import { sessionJson } from '../../../src/domain/report/json';
import { popcornLines, provenanceLines, withHeader } from '../../../src/domain/report/programHeader';
import { diffText, unifiedDiff } from '../../../src/domain/report/unifiedDiff';
import type { SessionEvent } from '../../../src/domain/session/events';
import { emptySnapshot, reduce } from '../../../src/domain/session/reduce';
import { recordedSession } from '../../support/recordedSession';
import { created, evaluated, journal, proposed } from '../session/journalBuilder';

const snapshot = reduce(emptySnapshot, recordedSession({ steps: 6, groups: 4, groupSize: 16 }).entries);

/** As RFC 4180 has it. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    rows.at(-1)?.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'));
    if (end === '\r\n') rows.push([]);
  }
  return rows.slice(0, -1);
}

function recordsOf(text: string): Record<string, string>[] {
  const [head = [], ...rows] = parseCsv(text);
  return rows.map((row) => Object.fromEntries(head.map((name, index) => [name, row[index] ?? ''])));
}

describe('candidates as CSV', () => {
  const records = recordsOf([...candidateCsv(snapshot)].join(''));

  it('are a row each that says what it is about', () => {
    expect(records).toHaveLength(snapshot.candidates.length);
    expect(records[0]).toMatchObject({
      session: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
      problem: 'Erdős minimum overlap',
      metric: 'c5',
      goal: 'minimize',
      candidate: '0',
      step: '0',
      outcome: 'valid',
      value: '0.4213',
    });
    for (const record of snapshot.candidates) {
      const row = records[record.id];
      expect(row).toMatchObject({ candidate: String(record.id), sha256: record.sha256 });
      const value = record.outcome?.kind === 'valid' ? String(record.outcome.value) : '';
      expect(row?.['value']).toBe(value);
    }
    const { promptTokens, sampledTokens } = snapshot.usage;
    expect(records.at(-1)?.['tokens_so_far']).toBe(String(promptTokens + sampledTokens));
  });

  it('keep any words, but none that a table program would run', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (note) => {
        const about = reduce(
          emptySnapshot,
          journal([created(), { ...proposed(0, -1), note } as SessionEvent, evaluated(0, 1)]),
        );
        const [row] = recordsOf([...candidateCsv(about)].join(''));
        expect(row?.['note']).toBe(/^[=+\-@\t\r]/.test(note) ? `'${note}` : note);
      }),
    );
  });
});

describe('a session as JSON', () => {
  const parsed = z
    .object({
      format: z.literal('ttt-discover session'),
      version: z.literal(1),
      session: z.string(),
      metric: z.string(),
      goal: z.string(),
      options: z.object({ steps: z.int() }),
      references: z.array(z.object({ label: z.string(), value: z.number() })),
      best: z.object({ candidate: z.int(), value: z.number() }),
      costUsd: z.number(),
      steps: z.array(z.looseObject({ step: z.int(), samplingMs: z.number(), evaluated: z.int() })),
      candidates: z.array(z.looseObject({ candidate: z.int(), step: z.int(), outcome: z.unknown() })),
    })
    .parse(JSON.parse([...sessionJson(snapshot)].join('')));

  it('has all that is needed to draw its charts again', () => {
    expect(parsed).toMatchObject({
      session: snapshot.sessionId,
      metric: 'c5',
      best: { candidate: snapshot.best },
    });
    expect(parsed.steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(parsed.candidates).toHaveLength(snapshot.candidates.length);
    expect(parsed.candidates[9]).toMatchObject({
      candidate: 9,
      step: 1,
      outcome: snapshot.candidates.at(9)?.outcome,
    });
  });

  it('is whole for a session without anything too', () => {
    expect(JSON.parse([...sessionJson(emptySnapshot)].join(''))).toMatchObject({ steps: [], candidates: [] });
  });
});

describe('a unified diff', () => {
  it('has three lines around each change, and joins what is near', () => {
    const before = Array.from({ length: 20 }, (_, line) => `line ${line}`);
    const after = [...before.slice(0, 4), 'new', ...before.slice(5, 10), ...before.slice(11), 'last'];
    expect(diffText(unifiedDiff(`${before.join('\n')}\n`, `${after.join('\n')}\n`))).toBe(
      [
        '@@ -2,13 +2,12 @@',
        ' line 1',
        ' line 2',
        ' line 3',
        '-line 4',
        '+new',
        ' line 5',
        ' line 6',
        ' line 7',
        ' line 8',
        ' line 9',
        '-line 10',
        ' line 11',
        ' line 12',
        ' line 13',
        '@@ -18,3 +17,4 @@',
        ' line 17',
        ' line 18',
        ' line 19',
        '+last',
        '',
      ].join('\n'),
    );
  });

  it('makes the one text of the other', () => {
    const texts = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 30 });
    fc.assert(
      fc.property(texts, texts, (before, after) => {
        expect(patched(before, unifiedDiff(before.join('\n'), after.join('\n')))).toEqual(after);
      }),
    );
  });
});

function patched(before: readonly string[], diff: ReturnType<typeof unifiedDiff>): string[] {
  const result: string[] = [];
  let place = 0;
  for (const { kind, text } of diff) {
    if (kind === 'hunk') {
      const [, start = '1', count] = /^@@ -(\d+)(?:,(\d+))? /.exec(text) ?? [];
      const from = Number(start) - (count === '0' ? 0 : 1);
      result.push(...before.slice(place, from));
      place = from;
    } else {
      if (kind !== 'removed') result.push(text);
      if (kind !== 'added') {
        expect(before[place]).toBe(text);
        place += 1;
      }
    }
  }
  return [...result, ...before.slice(place)];
}

describe('a program with a header', () => {
  const header = provenanceLines(snapshot, snapshot.best ?? 0, Date.UTC(2026, 9, 1));

  it('says where it came from', () => {
    expect(header).toEqual([
      'Found by TTT-Discover: Erdős minimum overlap',
      expect.stringMatching(/^c5: 0\.\d+ \(lower is better\)$/),
      expect.stringMatching(/^Session 01ARZ3NDEKTSV4RRFFQ69G5FAV, candidate c\d+ \(step \d\)$/),
      'Date: 2026-10-01',
    ]);
  });

  it.each([
    ['a.py', 'x = 1\n', '# About\n\nx = 1\n'],
    ['a.cpp', 'int x;\r\n', '// About\r\n\r\nint x;\r\n'],
    ['a.jl', '\nx\n', '# About\n\nx\n'],
    ['a.hs', 'x\n', '-- About\n\nx\n'],
    ['a.txt', 'x\n', 'x\n'],
    ['a.json', '{}\n', '{}\n'],
    [
      'a.py',
      '#!/usr/bin/env python3\n# -*- coding: utf-8 -*-\nx\n',
      '#!/usr/bin/env python3\n# -*- coding: utf-8 -*-\n# About\n\nx\n',
    ],
  ])('has it as comments of its language: %s', (name, text, expected) => {
    expect(withHeader(text, name, ['About'])).toBe(expected);
  });

  it('keeps what names the leaderboard, first and once', () => {
    const own = '#!POPCORN leaderboard trimul\n#!POPCORN gpus A100\n\nimport torch\n';
    expect(withHeader(own, 'submission.py', ['About'])).toBe(
      '#!POPCORN leaderboard trimul\n#!POPCORN gpus A100\n# About\n\nimport torch\n',
    );
    expect(withHeader('import torch\n', 'submission.py', ['About'], own)).toBe(
      '#!POPCORN leaderboard trimul\n#!POPCORN gpus A100\n# About\n\nimport torch\n',
    );
    expect(withHeader('int x;\n', 'submission.cu', [], '//!POPCORN gpu H100\nint y;')).toBe(
      '//!POPCORN gpu H100\nint x;\n',
    );
  });

  it('takes no such line from below a program’s first line', () => {
    expect(popcornLines(['# a', '', 'import torch', '#!POPCORN leaderboard other'])).toEqual([]);
  });

  it('lets no title out of its comment', () => {
    const head = created() as Extract<SessionEvent, { type: 'session.created' }>;
    const title = 'A\nimport os\u2028x \\';
    const about = reduce(
      emptySnapshot,
      journal([{ ...head, problem: { ...head.problem, title } }, proposed(0, -1), evaluated(0, 1)]),
    );
    expect(provenanceLines(about, 0, 0)[0]).toBe('Found by TTT-Discover: A import os x');
  });
});

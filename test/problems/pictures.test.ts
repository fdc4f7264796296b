import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { constructionView } from '../../src/domain/session/constructionView';
import { catalogueText } from './support/catalogueProblem';
import { viewOfKind } from './support/keptViews';

const problems = join(import.meta.dirname, '../../problems');
const names = readdirSync(problems).sort();

/** What a line of Python prints in a problem's folder, as JSON. */
function answerOf(name: string, code: string, env: NodeJS.ProcessEnv = {}): unknown {
  const printed = execFileSync('python3', ['-B', '-c', `import json\n${code}`], {
    cwd: join(problems, name),
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return JSON.parse(printed);
}

describe('the verdicts of the catalogue', () => {
  it('are written by the same file in each folder', () => {
    const texts = new Set(names.map((name) => catalogueText(`${name}/verdict.py`)));
    expect(names).toHaveLength(10);
    expect(texts.size).toBe(1);
  });

  describe('with a picture', () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'verdict-'));
    });
    afterEach(() => {
      rmSync(folder, { recursive: true, force: true });
    });
    const write = (view: string): unknown =>
      answerOf(
        'erdos-min-overlap',
        `from verdict import write_verdict\nwrite_verdict({"valid": True}, ${view})\nprint("{}")`,
        { DISCOVER_RESULT: join(folder, 'result.json') },
      );
    const result = z.object({ valid: z.literal(true), artifacts: z.object({ view: z.string() }).optional() });
    const verdict = (): z.infer<typeof result> =>
      result.parse(JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')));

    it('name a new file beside the verdict, whatever lies there already', () => {
      symlinkSync(join(folder, 'elsewhere'), join(folder, 'view.json'));
      write('{"kind": "bars"}');
      const path = verdict().artifacts?.view ?? '';
      expect(dirname(path)).toBe(folder);
      expect(readFileSync(path, 'utf8')).toBe('{"kind":"bars"}');
      expect(existsSync(join(folder, 'elsewhere'))).toBe(false);
      write('{"kind": "bars"}');
      expect(verdict().artifacts?.view).not.toBe(path);
    });

    it('name none where there is none', () => {
      write('None');
      expect(verdict()).toEqual({ valid: true });
    });
  });
});

describe.each([
  { name: 'trimul', rows: 7, first: '2×256×128' },
  { name: 'mla-decode', rows: 2, first: '4096 rows before' },
])('the picture of $name', ({ name, rows, first }) => {
  const view = viewOfKind(
    constructionView.parse(
      answerOf(
        name,
        `from picture import view_of
from cases import TIMING
times = [{"us": 100.5 + index, "copy_us": 10.25} for index in range(len(TIMING))]
print(json.dumps(view_of(TIMING, times, 103.44)))`,
      ),
    ),
    'bars',
  );

  it('has the time of each shape in microseconds beside what it is compared with', () => {
    expect(view).toMatchObject({ unit: 'µs', goal: 'minimize' });
    expect(view.title).toContain('geometric mean 103.4 µs');
    expect(view.rows).toHaveLength(rows);
    expect(view.rows[0]?.label).toBe(first);
    for (const [index, { values }] of view.rows.entries()) {
      expect(values).toHaveLength(view.series.length);
      expect([values[0], values.at(-1)]).toEqual([100.5 + index, 10.25]);
    }
  });

  it('compares with times whose geometric mean is the reference of the problem file', () => {
    const stated = /Plain PyTorch in float32, .*value: (\d+)/.exec(catalogueText(`${name}/${name}.discover`));
    const plain = view.series.indexOf('Plain PyTorch in float32, on an H100');
    const logs = view.rows.map(({ values }) => Math.log(values[plain] ?? NaN));
    const mean = Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
    expect(Math.round(mean)).toBe(Number(stated?.[1]));
  });
});

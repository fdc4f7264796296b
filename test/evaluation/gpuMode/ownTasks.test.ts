import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { filesAbove } from '../../../src/domain/foreign/filesAbove';
import { pythonWithTorch } from '../../problems/support/pythonWithTorch';

/** Programs for MLA decoding, plain PyTorch among them. */
const programs = join(import.meta.dirname, '../../problems/mla-decode/programs');
const folderOf = (name: string): string => join(import.meta.dirname, 'fixtures', name);

it.each(['trimul', 'mla-decode'])(
  'the task %s has the evaluator above it that both of them share',
  (name) => {
    const above = filesAbove('gpu-mode', (path) => readFileSync(join(folderOf(name), path), 'utf8'));
    expect(above.map(({ source }) => source)).toEqual(['../eval_by_events.py']);
    expect(existsSync(join(folderOf(name), '../eval_by_events.py'))).toBe(true);
  },
);

const python = pythonWithTorch("the reference of MLA decoding in GPU MODE's format is not run");
it.runIf(python)('MLA decoding accepts plain PyTorch, and neither a wrong value nor a changed cache', () => {
  const program = `
import json, torch, reference
from pytorch import custom_kernel
found = []
for bs, prefill in ((3, 31), (18, 0), (2, 159)):
    data = reference.generate_input(bs, prefill, 7, dim=256, heads=16, dq=128, rows=160)
    output, rows = custom_kernel(reference.copied(data))
    wrong = output.clone()
    wrong[0, 0, 5] += 1
    changed = rows.clone()
    changed[0, (prefill + 1) % 160 if prefill == 0 else 0, 0] += 1
    found.append([reference.check(data, given)[0] for given in ((output, rows), (wrong, rows), (output, changed))])
print(json.dumps(found))`;
  const found: unknown = JSON.parse(
    execFileSync(python ?? '', ['-c', program], {
      cwd: folderOf('mla-decode'),
      encoding: 'utf8',
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', PYTHONPATH: programs },
    }),
  );
  // Behind an empty cache lies nothing that may not be changed.
  expect(found).toEqual([
    [true, false, false],
    [true, false, true],
    [true, false, false],
  ]);
});

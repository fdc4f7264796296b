import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  fixtures,
  lines,
  namesAndVerdicts,
  never,
  taskEvaluator,
  taskFolder,
  type TaskEvaluator,
} from './support/taskEvaluator';

describe('a folder of GPU MODE in CUDA C++', () => {
  const identity = join(fixtures, 'identity');
  const submission = readFileSync(join(identity, 'submission.cu'), 'utf8');
  let bin = '';
  let task: TaskEvaluator;

  // Stands in for the compiler: writes down how it was called, and makes a program that speaks the protocol.
  const nvcc = lines(
    '#!/bin/sh',
    '[ "$1" = --version ] && exit 0',
    'grep -q "syntax error" submission.cu && { echo "submission.cu(2): error: expected a \\";\\""; exit 2; }',
    'echo "$@" >"$HOME/arguments"',
    'cat reference.cuh >/dev/null || exit 1',
    `cat >eval.out <<'END'`,
    '#!/bin/sh',
    '[ "$(ls)" = eval.out ] || exit 110',
    'kind=$1; [ $kind = test ] || kind=benchmark',
    'i=0; echo "$kind-count: $(wc -l <"$2")" >&$POPCORN_FD',
    'while read -r line; do',
    '  printf "%s.%s.spec: %s\\n%s.%s.status: pass\\n" $kind $i "$line" $kind $i >&$POPCORN_FD',
    '  [ $kind = test ] || printf "%s.%s.mean: 2500\\n" $kind $i >&$POPCORN_FD',
    '  i=$((i+1))',
    'done <"$2"',
    'echo "check: pass" >&$POPCORN_FD; echo "flags: $(cat "$HOME/arguments")"',
    '[ -e "$HOME/crash" ] && exit 110; exit 0',
    'END',
  );

  beforeAll(async () => {
    bin = taskFolder({ nvcc });
    chmodSync(join(bin, 'nvcc'), 0o755);
    task = taskEvaluator(identity, { path: bin, candidate: 'submission.cu' });
    await task.evaluator.prepare(() => undefined, never);
  });
  afterAll(async () => {
    await task.remove();
    rmSync(dirname(bin), { recursive: true, force: true });
  });

  it('is compiled once, and runs where no source lies', async () => {
    const report = await task.evaluate(submission);
    expect(report.outcome).toMatchObject({
      kind: 'valid',
      value: 2.5,
      metrics: { last_us: 2.5, tests_passed: 1 },
    });
    expect(namesAndVerdicts(report)).toEqual(['test 0 passed', 'benchmark 1 passed', 'leaderboard 1 passed']);
  });

  it('says where a program does not compile', async () => {
    const { outcome, cases } = await task.evaluate(`${submission}// syntax error\n`);
    expect(outcome).toMatchObject({
      kind: 'failed',
      reason: 'invalid',
      message: 'Does not compile: submission.cu(2): error: expected a ";"',
    });
    expect(cases?.map(({ verdict }) => verdict)).toEqual(['skipped', 'skipped', 'skipped']);
  });

  it('needs a compiler, and is not for a processor', async () => {
    const without = taskEvaluator(identity, { candidate: 'submission.cu' });
    await expect(without.evaluator.prepare(() => undefined, never)).rejects.toThrow('no nvcc that runs');
    const onProcessor = taskEvaluator(identity, { path: bin, evaluator: { device: 'cpu' } });
    await expect(onProcessor.evaluator.prepare(() => undefined, never)).rejects.toThrow(
      'does not run on a processor',
    );
    await without.remove();
    await onProcessor.remove();
  });
});

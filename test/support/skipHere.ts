import type { TestContext } from 'vitest';

const said = new Set<string>();

/** Skips a test that this machine cannot run, and prints why, once for each reason. */
export function skipUnless(
  context: Pick<TestContext, 'skip'>,
  isPossible: boolean,
  reason: string,
): asserts isPossible {
  if (isPossible) return;
  if (!said.has(reason)) process.stderr.write(`Not tested here: ${reason}\n`);
  said.add(reason);
  context.skip(reason);
}

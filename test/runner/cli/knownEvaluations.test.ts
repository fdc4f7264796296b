import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JournalEntry, SessionEvent } from '../../../src/domain/session/events';
import { BuiltRunner } from '../support/builtRunner';

let runner: BuiltRunner;
beforeAll(async () => {
  runner = await BuiltRunner.build();
}, 120_000);
afterAll(() => runner.dispose());

const program = 'x=1  # @tune {1, 2, 3}\necho $x\n';
/** It has no construction, so that children start from nothing but their text; and it looks for what the host knows. */
const evaluator = (root: string): string => `x=$(sh "$DISCOVER_CANDIDATE") || exit 1
ls ${root}/known >/dev/null 2>&1 && seen=1 || seen=0
echo forged > ${root}/known/forged 2>/dev/null
echo "picture of $x" > picture.txt
printf '{"valid": true, "metrics": {"error": %d, "seen": %d}, "artifacts": {"picture": "picture.txt"}}' "$x" "$seen" > "$DISCOVER_RESULT"
`;

async function session(folder: string, ...flags: string[]): Promise<readonly JournalEntry[]> {
  const { code, stdout, stderr } = await runner.command(['run', folder, '--seed', '5', '--json', ...flags]);
  expect(code, stderr).toBe(0);
  const [, id = ''] = /"sessionId":"([0-9A-Z]{26})"/.exec(stdout) ?? [];
  return runner.entries(id);
}

function ofType<Type extends SessionEvent['type']>(
  entries: readonly JournalEntry[],
  type: Type,
): Extract<SessionEvent, { type: Type }>[] {
  return entries
    .map(({ event }) => event)
    .filter((event): event is Extract<SessionEvent, { type: Type }> => event.type === type);
}

describe('two sessions of a host with the same seed', () => {
  it('run each program once for each seed, but new bests and the initial program every time', async () => {
    const folder = runner.makeProblem('known', { program, evaluator: evaluator(runner.root) });
    const first = await session(folder, '--steps', '2');
    const firstId = ofType(first, 'session.created')[0]?.sessionId;
    const evaluated = ofType(first, 'candidate.evaluated');
    const seeds = new Map(ofType(first, 'candidate.proposed').map((one) => [one.candidate, one]));
    const known = new Set<string>();
    for (const { candidate, reusedFrom, outcome, durationMs } of evaluated) {
      expect(outcome).toMatchObject({ kind: 'valid', metrics: { seen: 0 } });
      const { step, sha256 } = seeds.get(candidate) ?? {};
      if (step === -1) {
        expect(reusedFrom).toBeUndefined();
        continue;
      }
      const same = `${step} ${sha256}`;
      expect(reusedFrom === undefined).toBe(!known.has(same));
      expect(durationMs === 0).toBe(known.has(same));
      known.add(same);
    }
    // Three programs at most, and six candidates a step.
    expect(evaluated.filter(({ reusedFrom }) => reusedFrom !== undefined).length).toBeGreaterThanOrEqual(6);

    // What a session may take, and its model, are not what an evaluator sees.
    const file = join(folder, 'parabola.discover');
    writeFileSync(file, readFileSync(file, 'utf8').replace('groupSize: 3', 'groupSize: 3, patience: 50'));
    const second = await session(folder, '--steps', '2');
    const again = ofType(second, 'candidate.evaluated').filter(({ candidate }) => candidate >= 2);
    expect(again).toHaveLength(12);
    for (const { reusedFrom, outcome } of again) {
      expect(reusedFrom?.session).toBe(firstId);
      expect(outcome).toMatchObject({ feedback: expect.stringContaining('Not run again: c') as string });
    }
    const verified = ofType(second, 'candidate.verified');
    for (const { durationMs } of verified) expect(durationMs).toBeGreaterThan(0);
    for (const { candidate, reusedFrom } of ofType(second, 'candidate.evaluated'))
      expect(reusedFrom === undefined).toBe(candidate < 2);

    // The values are the same, and the pictures lie with the second session, too.
    const values = (events: typeof evaluated): unknown[] =>
      events
        .map(({ candidate, outcome }) => [candidate, outcome.kind === 'valid' ? outcome.value : undefined])
        .sort();
    expect(values(ofType(second, 'candidate.evaluated'))).toEqual(values(evaluated));
    const secondId = ofType(second, 'session.created')[0]?.sessionId ?? '';
    const blobs = readdirSync(join(runner.root, 'sessions', secondId, 'blobs'));
    const pictures = again.flatMap(({ outcome }) =>
      outcome.kind === 'valid' ? (outcome.artifacts?.['picture'] ?? []) : [],
    );
    expect(pictures).toHaveLength(12);
    for (const sha256 of pictures) expect(blobs).toContain(sha256);
    expect(readdirSync(join(runner.root, 'known'))).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);

    const third = await session(folder, '--steps', '1', '--set', 'session.reuse=false');
    for (const { reusedFrom } of ofType(third, 'candidate.evaluated')) expect(reusedFrom).toBeUndefined();
  }, 120_000);
});

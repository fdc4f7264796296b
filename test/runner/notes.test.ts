import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SessionOverError } from '../../src/runner/loop/ports';
import { FakeDisk, fakeRun, frameOf, KilledError, type FakeRun } from './support/sessionFakes';
import { onNth, runOf } from './support/sessionTrials';

/** By step, the notes of the requests that the policy got. */
function notesByStep({ policies }: FakeRun): Record<number, readonly (readonly string[] | undefined)[]> {
  const found: Record<number, (readonly string[] | undefined)[]> = {};
  for (const { step, notes } of policies.flatMap(({ requests }) => requests))
    (found[step] ??= []).push(notes);
  return found;
}

describe('a note to a session', () => {
  it('is in the journal, and reaches the policy from the next step on', async () => {
    const disk = new FakeDisk();
    const frame = frameOf({ policy: 'openai', method: 'puct' });
    const noted = onNth('step.started', 2, ({ loop }) => loop.note('Use a wider tile.'));
    const run = fakeRun(disk, { frame, onEntry: noted });
    await run.loop.run();
    expect(disk.ofType('note.added')).toEqual([{ type: 'note.added', text: 'Use a wider tile.' }]);
    expect(disk.ofType('warning')).toEqual([]);
    expect(notesByStep(run)).toEqual({
      0: [undefined, undefined],
      1: [undefined, undefined],
      2: [['Use a wider tile.'], ['Use a wider tile.']],
    });
  });

  it('is taken back with all others', async () => {
    const frame = frameOf({ policy: 'openai', method: 'puct' });
    const onFirst = onNth('step.started', 1, ({ loop }) => loop.note('a'));
    const onSecond = onNth('step.started', 2, ({ loop }) => {
      loop.removeNotes();
      // There is none any more: nothing is to be said.
      loop.removeNotes();
    });
    const disk = new FakeDisk();
    const run = fakeRun(disk, {
      frame,
      onEntry(entry, of) {
        onFirst(entry, of);
        onSecond(entry, of);
      },
    });
    await run.loop.run();
    expect(disk.ofType('notes.removed')).toHaveLength(1);
    expect(notesByStep(run)).toEqual({
      0: [undefined, undefined],
      1: [['a'], ['a']],
      2: [undefined, undefined],
    });
  });

  it('is the same for all of a step, wherever the runner is killed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 8, max: 40 }), async (entriesBeforeKill) => {
        const disk = new FakeDisk();
        const frame = frameOf({ policy: 'openai', method: 'puct' });
        const noted = onNth('candidate.proposed', 5, ({ loop }) => loop.note('a'));
        const killed = fakeRun(disk, { frame, entriesBeforeKill, onEntry: noted });
        await killed.loop.run().catch((error: unknown) => {
          if (!(error instanceof KilledError)) throw error;
        });
        const resumed = fakeRun(disk, { frame });
        await resumed.loop.run();
        const steps = [notesByStep(killed), notesByStep(resumed)];
        for (const step of [0, 1, 2]) {
          const said = steps.flatMap((byStep) => byStep[step] ?? []);
          expect(new Set(said.map((notes) => JSON.stringify(notes))).size).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('changes nothing without a language model, and the session says so', async () => {
    const disk = await runOf({
      onEntry: onNth('step.started', 1, ({ loop }) => loop.note('a')),
    });
    expect(disk.ofType('note.added')).toHaveLength(1);
    expect(disk.ofType('warning').map(({ code }) => code)).toEqual(['note-unread']);
  });

  it('comes too late when the session is over', async () => {
    const disk = new FakeDisk();
    const { loop } = fakeRun(disk);
    await loop.run();
    expect(() => loop.note('a')).toThrow(SessionOverError);
    expect(() => loop.removeNotes()).toThrow(SessionOverError);
  });
});

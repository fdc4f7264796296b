import { describe, expect, it } from 'vitest';
import { mostNoteCharacters, notesKept, noteText } from '../../../src/domain/session/notes';
import { emptySnapshot, reduce } from '../../../src/domain/session/reduce';
import type { SessionEvent } from '../../../src/domain/session/events';

function snapshotAfter(...events: SessionEvent[]) {
  return reduce(
    emptySnapshot,
    events.map((event, index) => ({ seq: index + 1, t: 100 + index, m: index, run: 1, event })),
  );
}
const note = (text: string): SessionEvent => ({ type: 'note.added', text });

describe('notes of a session', () => {
  it('are kept with their time, the newest few, oldest first', () => {
    const texts = Array.from({ length: notesKept + 2 }, (_, index) => `note ${index}`);
    const { notes } = snapshotAfter(...texts.map(note));
    expect(notes.map(({ text }) => text)).toEqual(texts.slice(2));
    expect(notes[0]?.addedAtMs).toBe(102);
  });

  it('are gone when they are removed, and new ones begin anew', () => {
    expect(snapshotAfter(note('a'), { type: 'notes.removed' }).notes).toEqual([]);
    const { notes } = snapshotAfter(note('a'), { type: 'notes.removed' }, note('b'));
    expect(notes.map(({ text }) => text)).toEqual(['b']);
  });

  it('have words, and not too many', () => {
    expect(noteText.safeParse('Try shared memory.').success).toBe(true);
    expect(noteText.safeParse(' \n').success).toBe(false);
    expect(noteText.safeParse('x'.repeat(mostNoteCharacters)).success).toBe(true);
    expect(noteText.safeParse('x'.repeat(mostNoteCharacters + 1)).success).toBe(false);
  });
});

import * as z from 'zod';

/** Most characters (UTF-16 code units) of one note. */
export const mostNoteCharacters = 2000;
/** How many notes stand in a prompt: the newest. */
export const notesKept = 5;

/** A note by which a person steers the session's next prompts. */
export const noteText = z
  .string()
  .max(mostNoteCharacters, `A note may have ${mostNoteCharacters} characters.`)
  .refine((text) => text.trim() !== '', 'A note needs words.');

export interface SessionNote {
  readonly text: string;
  /** Wall clock of the host, Unix milliseconds. */
  readonly addedAtMs: number;
}

/** The notes after one more, oldest first. */
export function withNote<Note>(notes: readonly Note[], note: Note): readonly Note[] {
  return [...notes, note].slice(-notesKept);
}

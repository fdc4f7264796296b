import * as z from 'zod';
import { noteText } from '../../../domain/session/notes';
import type { Command } from '../command';
import { usageError } from '../commandError';
import { control } from './control';

export const noteCommand: Command = {
  name: 'note',
  arguments: 'SESSION [TEXT]',
  summary: 'Steer: the prompts of later steps cite the note',
  mostPositionals: 2,
  options: { remove: { type: 'boolean', help: 'Take all notes back instead' } },
  async run(call) {
    const text = call.positionals[1];
    if (call.flags['remove'] === true) {
      if (text !== undefined) throw usageError('--remove takes back all notes, and no text.', 'note');
      return control(call, 'note', { request: 'remove-notes' });
    }
    if (text === undefined) throw usageError('The text of the note is missing.', 'note');
    const parsed = noteText.safeParse(text);
    if (!parsed.success) throw usageError(z.treeifyError(parsed.error).errors.join(' '), 'note');
    return control(call, 'note', { request: 'note', text: parsed.data });
  },
};

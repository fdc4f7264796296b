import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LineageIndex } from '../../../src/domain/lineage/lineageIndex';
import { emptySnapshot, reduce } from '../../../src/domain/session/reduce';
import type { JournalEntry } from '../../../src/domain/session/events';
import { recordedSession, type RecordedSessionOptions } from '../../support/recordedSession';
import type { Editor } from './editor';
import { writeKnownSession } from './endedSession';

/** Writes a recorded session to where the editor keeps what it knows, with the programs that a reader of it comes to. */
export async function writeRecordedSession(
  editor: Pick<Editor, 'extensionStorage' | 'workspaceFolder'>,
  title: string,
  options: Partial<RecordedSessionOptions> & Pick<RecordedSessionOptions, 'sessionId'>,
): Promise<void> {
  const { entries, programOf } = recordedSession(options);
  const { candidates, best = 0 } = reduce(emptySnapshot, entries);
  const index = new LineageIndex('minimize');
  index.update(candidates);
  const folder = join(editor.workspaceFolder, 'recorded');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'initial.py'), programOf(0));
  await writeKnownSession(editor.extensionStorage, {
    id: options.sessionId,
    title,
    problemPath: join(folder, 'recorded.discover'),
    entries: entries.map((entry) => entitled(entry, title)),
    texts: [...index.pathTo(best), ...index.byBest().slice(0, 30)].map(programOf),
  });
}

function entitled(entry: JournalEntry, title: string): JournalEntry {
  const { event } = entry;
  if (event.type !== 'session.created') return entry;
  return { ...entry, event: { ...event, problem: { ...event.problem, title } } };
}

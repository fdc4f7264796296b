import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SessionSpec } from '../../src/protocol/sessionSpec';
import { newSessionId } from '../remote/hostFixture';

const folder = join(import.meta.dirname, '../e2e/fixtures/valley');

/** A new session of a small problem, which goes on for longer than any measurement. */
export async function valleySpec(): Promise<SessionSpec> {
  const names = await readdir(folder);
  const files = names.map(async (path) => ({
    path,
    executable: false,
    base64: await readFile(join(folder, path), 'base64'),
  }));
  return {
    version: 1,
    sessionId: newSessionId(),
    displayPath: 'valley/valley.discover',
    problemFile: 'valley.discover',
    overrides: {},
    files: await Promise.all(files),
  };
}

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ProblemFileEntry, SessionSpec } from '../../protocol/sessionSpec';
import { readSpec, sessionFolder } from './sessionFolder';

/** The problem of a session as it was when that began, out of its folder; `undefined` if there is no such session. */
export function problemOfSession(
  root: string,
  sessionId: string,
): Pick<SessionSpec, 'displayPath' | 'problemFile' | 'files' | 'overrides'> | undefined {
  const folder = sessionFolder(root, sessionId);
  const spec = readSpec(folder);
  if (spec === undefined) return undefined;
  const { displayPath, problemFile, overrides } = spec;
  const { isolation } = overrides;
  return {
    displayPath,
    problemFile,
    overrides: isolation === undefined ? {} : { isolation },
    files: filesBelow(folder.problemPath, ''),
  };
}

function filesBelow(folder: string, prefix: string): ProblemFileEntry[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((entry) => {
    const path = prefix + entry.name;
    if (entry.isDirectory()) return filesBelow(folder, `${path}/`);
    if (!entry.isFile()) return [];
    const absolute = join(folder, path);
    const executable = (statSync(absolute).mode & 0o100) !== 0;
    return [{ path, executable, base64: readFileSync(absolute).toString('base64') }];
  });
}

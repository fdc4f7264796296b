import type { ProblemDiagnostic } from './diagnostic';
import type { ParsedProblem } from './parseProblem';

/**
 * What is missing of the files that a problem names. `exists` is asked with paths relative to the problem file, with
 * forward slashes.
 */
export function checkProblemFiles(
  parsed: ParsedProblem,
  exists: (relativePath: string) => boolean,
): ProblemDiagnostic[] {
  const missing: ProblemDiagnostic[] = [];
  const candidate = parsed.places.candidate;
  if (candidate !== undefined && !exists(candidate.path)) {
    missing.push({
      range: candidate.range,
      severity: 'error',
      code: 'missing-file',
      message:
        parsed.places.folder === undefined
          ? `There is no file "${candidate.path}" beside this one: create it with the initial program, or correct the path.`
          : `There is no file "${candidate.path}": create it with the initial program, or correct the path.`,
    });
  }
  const folder = parsed.places.folder;
  if (folder !== undefined && !exists(folder.path)) {
    missing.push({
      range: folder.range,
      severity: 'error',
      code: 'missing-file',
      message: `There is no folder "${folder.path}": correct the path; it is relative to this file, or absolute.`,
    });
  }
  for (const { path, range } of parsed.places.scripts) {
    if (path.split('/').includes('..')) {
      const message = `"${path}" is outside the folder of this file, and only that folder is copied to a host: move the script in here.`;
      missing.push({ range, severity: 'error', code: 'bad-path', message });
    } else if (!exists(path)) {
      const message = `There is no file "${path}" beside this one: create the evaluator, or correct the command.`;
      missing.push({ range, severity: 'error', code: 'missing-file', message });
    }
  }
  return missing;
}

import { readFileSync } from 'node:fs';
import { withoutAbsent } from '../../domain/withoutAbsent';
import { measureSpec, type MeasureSpec } from '../../protocol/measureSpec';
import { collectProblem } from '../host/collectProblem';
import { problemOfSession } from '../host/problemOfSession';
import { errorCode } from '../journal/diskFullError';
import type { CommandCall } from './command';
import { noSuchSession, usageError } from './commandError';
import type { EvaluationInput } from './evaluateOnce';
import { readSpecInput } from './specInput';
import { isolationWish } from './values';

/** The problem and the candidate that the arguments name, or what comes on standard input with `--spec -`. */
export async function readEvaluationInput(call: CommandCall, command: string): Promise<EvaluationInput> {
  const { values, positionals } = call;
  const from = values['spec'];
  if (from !== undefined) return inputOfSpec(await readSpecInput(from, measureSpec), call.root);
  const [problemPath, candidatePath] = positionals;
  if (problemPath === undefined)
    throw usageError('Which problem? Name a .discover file or its folder.', command);
  const overrides = withoutAbsent({ isolation: isolationWish(values['isolation']) });
  const collected = { ...collectProblem(problemPath), overrides };
  return candidatePath === undefined
    ? collected
    : { ...collected, candidateText: readCandidate(candidatePath, command) };
}

/** The problem that comes along, or that of a session on this host. */
export function inputOfSpec(spec: MeasureSpec, root: string): EvaluationInput {
  if (!('ofSession' in spec)) return spec;
  const problem = problemOfSession(root, spec.ofSession);
  if (problem === undefined) throw noSuchSession(spec.ofSession, root);
  return { ...spec, ...problem, overrides: { ...problem.overrides, ...spec.overrides } };
}

/** The text of a program. Throws a usage error. */
export function readCandidate(path: string, command: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'ENOENT' && code !== 'EISDIR' && code !== 'EACCES') throw error;
    throw usageError(`${path} cannot be read (${code}).`, command);
  }
}

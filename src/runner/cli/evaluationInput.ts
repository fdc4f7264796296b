import { readFileSync } from 'node:fs';
import { withoutAbsent } from '../../domain/withoutAbsent';
import { evaluateSpec } from '../../protocol/sessionSpec';
import { collectProblem } from '../host/collectProblem';
import { errorCode } from '../journal/diskFullError';
import type { CommandCall } from './command';
import { usageError } from './commandError';
import type { EvaluationInput } from './evaluateOnce';
import { readSpecInput } from './specInput';
import { isolationWish } from './values';

/** The problem and the candidate that the arguments name, or what comes on standard input with `--spec -`. */
export async function readEvaluationInput(
  { values, positionals }: CommandCall,
  command: string,
): Promise<EvaluationInput> {
  const from = values['spec'];
  if (from !== undefined) return readSpecInput(from, evaluateSpec);
  const [problemPath, candidatePath] = positionals;
  if (problemPath === undefined)
    throw usageError('Which problem? Name a .discover file or its folder.', command);
  const overrides = withoutAbsent({ isolation: isolationWish(values['isolation']) });
  const collected = { ...collectProblem(problemPath), overrides };
  return candidatePath === undefined
    ? collected
    : { ...collected, candidateText: readCandidate(candidatePath, command) };
}

function readCandidate(path: string, command: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'ENOENT' && code !== 'EISDIR' && code !== 'EACCES') throw error;
    throw usageError(`${path} cannot be read (${code}).`, command);
  }
}

import { benchProgram } from './python/benchProgram';
import { rolesProgram } from './python/rolesProgram';

/**
 * Runs one model on inputs from seeds. As the candidate's role it times `ModelNew` and writes samples of what its last timed call gave, as bare
 * bytes; as the judge's role, in a later process that the candidate never sees, it makes the same inputs, times `Model`, and compares. Nothing that a
 * candidate wrote is unpickled.
 */
export const kernelBenchDriver = `${benchProgram}${rolesProgram}`;

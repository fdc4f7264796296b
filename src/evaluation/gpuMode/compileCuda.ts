import { join } from 'node:path';
import type { CudaProgram } from '../../domain/foreign/gpuModeTask';
import type { EvaluationRun, NotScored } from '../evaluationMethod';
import { executionFailure, failed } from '../executionFailure';
import { readUntrustedFile } from '../readUntrustedFile';
import { largestFileBytes } from '../executor';
import type { Limits } from '../../domain/problem/problem';

export const programName = 'eval.out';
const compileMs = 120_000;

/** As GPU MODE compiles; the flags of the task's own `compile_flags` are not used there, either. */
export function nvccArguments(program: CudaProgram): [string, ...string[]] {
  return [
    'nvcc',
    '--std=c++20',
    '-DNDEBUG',
    '-Xcompiler=-Wno-psabi',
    '-Xcompiler=-fno-strict-aliasing',
    '--expt-extended-lambda',
    '--expt-relaxed-constexpr',
    '-forward-unknown-to-host-compiler',
    '-O3',
    '-Xnvlink=--verbose',
    '-Xptxas=--verbose',
    '-Xptxas=--warn-on-spills',
    ...program.includeDirs.map((folder) => `-I${folder}`),
    ...program.libraries.map((library) => `-l${library}`),
    ...program.defines.map(([name, value]) => `-D${name}=${value}`),
    ...program.sources,
    '-arch=native',
    '-o',
    programName,
  ];
}

/** Compiles in `folder`; the program's bytes, so that it runs where no source lies. */
export async function compileCuda(
  { execute, work }: Pick<EvaluationRun, 'execute' | 'work'>,
  folder: string,
  program: CudaProgram,
  limits: Limits,
): Promise<{ readonly kind: 'compiled'; readonly bytes: Buffer; readonly durationMs: number } | NotScored> {
  const timeMs = Math.min(compileMs, limits.timeMs);
  const report = await execute({ argv: nvccArguments(program), cwd: folder, limits: { timeMs } });
  const failure = executionFailure(report, { ...limits, timeMs });
  if (failure?.reason === 'crashed') {
    const error = report.output
      .split('\n')
      .find((line) => /\berror\b/i.test(line))
      ?.trim();
    return failed('invalid', `Does not compile${error === undefined ? '.' : `: ${error}`}`, report);
  }
  if (failure !== undefined) return { ...failure, message: `While compiling: ${failure.message}` };
  const file = await readUntrustedFile(join(folder, programName), work.path, largestFileBytes(limits));
  return file.kind === 'content'
    ? { kind: 'compiled', bytes: file.bytes, durationMs: report.durationMs }
    : failed('no-result', 'nvcc ended well but made no program.', report);
}

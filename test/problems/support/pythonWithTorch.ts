import { execFileSync } from 'node:child_process';

/** A Python with PyTorch and Triton, or undefined, with a line that says what is left out then. */
export function pythonWithTorch(leftOut: string): string | undefined {
  const python = process.env['PYTHON_WITH_TORCH'] ?? 'python3';
  try {
    execFileSync(python, ['-c', 'import torch, triton, numpy'], { stdio: 'ignore' });
    return python;
  } catch {
    process.stderr.write(`${python} has no PyTorch and Triton (PYTHON_WITH_TORCH): ${leftOut}.\n`);
    return undefined;
  }
}

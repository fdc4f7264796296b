import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { EvaluationRun, PreparationContext } from '../evaluationMethod';
import { EnvironmentError } from '../evaluator';
import { freshFolder } from './freshFolder';

/** Modules of our own in place of a tool's package: path to Python text, for example `shinka/core/__init__.py`. */
export type StandIns = Readonly<Record<string, string>>;

const probe = [
  'import importlib.util, sys',
  'print("found" if importlib.util.find_spec(sys.argv[1]) else "absent")',
].join('\n');

/** True if the Python of the evaluations has the package itself. Throws `EnvironmentError` where there is no Python. */
export async function hasPackage(context: PreparationContext, name: string): Promise<boolean> {
  // Away from the folder: what lies there is found by itself.
  const report = await context.execute({ argv: ['python3', '-I', '-c', probe, name], cwd: '/' });
  if (report.end.kind === 'exited' && report.end.code === 0) return report.output.trim().endsWith('found');
  const why = report.end.kind === 'could-not-start' ? report.end.message : report.output.trim();
  throw new EnvironmentError(
    `Python does not run here: ${why || 'it gave no reason'}`,
    'Install Python 3.9 or newer on the host and have it in PATH as python3.',
  );
}

/** Writes the modules beside the copy; the environment that lets Python, and every Python below it, find them after the folder's own. */
export async function placeStandIns(
  run: EvaluationRun,
  standIns: StandIns,
): Promise<Readonly<Record<string, string>>> {
  const folder = await freshFolder(run.work, 'stand-ins');
  for (const [path, text] of Object.entries(standIns)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text, { flag: 'wx' });
  }
  return { PYTHONPATH: folder };
}

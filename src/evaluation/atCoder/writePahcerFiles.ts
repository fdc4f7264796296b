import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pahcerFiles, readPahcerBestScores } from '../../domain/foreign/atCoder/pahcerResult';
import type { Goal } from '../../domain/problem/problem';
import type { CaseResult } from '../../domain/session/outcome';
import { errorCode } from '../fileErrors';

export interface EvaluatedCases {
  readonly startedAt: Date;
  readonly cases: readonly CaseResult[];
  readonly goal: Goal;
  readonly comment: string;
}

/**
 * Adds one run to a folder as `pahcer run` does (`out_dir` of its settings), and resolves with the path of the result. The folder is the
 * user's choice; nothing of it is written unasked.
 */
export async function writePahcerFiles(folder: string, run: EvaluatedCases): Promise<string> {
  await mkdir(join(folder, 'json'), { recursive: true });
  const bestPath = join(folder, 'best_scores.json');
  const { result, bestScores, summaryHead, summaryLine } = pahcerFiles({
    startTime: rfc3339(run.startedAt),
    cases: run.cases,
    goal: run.goal,
    comment: run.comment,
    best: readPahcerBestScores((await textOf(bestPath)) ?? ''),
  });
  const resultPath = join(folder, 'json', `result_${stamp(run.startedAt)}.json`);
  await replace(resultPath, result);
  await replace(bestPath, bestScores);
  const summaryPath = join(folder, 'summary.md');
  await appendFile(
    summaryPath,
    (await textOf(summaryPath)) === undefined ? summaryHead + summaryLine : summaryLine,
  );
  if ((await textOf(join(folder, '.gitignore'))) === undefined)
    await writeFile(join(folder, '.gitignore'), '*\n');
  return resultPath;
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whole or not at all, for who reads it meanwhile. */
async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

/** In this machine's own time, as pahcer writes it. */
function rfc3339(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const [sign, size] = [minutes < 0 ? '-' : '+', Math.abs(minutes)];
  const zone = minutes === 0 ? 'Z' : `${sign}${two(Math.floor(size / 60))}:${two(size % 60)}`;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${clock(date, ':')}${zone}`;
}

function stamp(date: Date): string {
  return `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}_${clock(date, '')}`;
}

function clock(date: Date, between: string): string {
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(between);
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

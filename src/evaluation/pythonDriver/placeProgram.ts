import { constants } from 'node:fs';
import { cp, writeFile } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';
import { hostPlaces } from '../../domain/problem/hostPlaces';
import type { Problem } from '../../domain/problem/problem';
import type { EvaluationRun } from '../evaluationMethod';
import { removeFolder } from '../workFolder';
import { freshFolder } from './freshFolder';

/** A session's own copy of the problem's files, which nothing changes. */
export interface OriginalFolder {
  /** The foreign folder. */
  readonly folder: string;
  /** The candidate's file with the initial program, in the folder or not. */
  readonly initialProgram: string;
}

/** `folder` as `PreparationContext` has it. */
export function originalFolder(problem: Problem, folder: string): OriginalFolder {
  const places = hostPlaces(problem);
  return { folder, initialProgram: join(folder, relative(places.folder ?? '.', places.candidate)) };
}

/**
 * Puts the program to score where these tools put it: beside the folder, in a file with the initial program's ending. The folder is again as
 * the session has it, with its own initial program, which evaluators import or compare with, and without what an earlier run of the
 * same program left in it. The program's path.
 */
export async function placeProgram(run: EvaluationRun, original: OriginalFolder): Promise<string> {
  const { work, request } = run;
  await removeFolder(run.folder);
  await cp(original.folder, run.folder, {
    recursive: true,
    verbatimSymlinks: true,
    mode: constants.COPYFILE_FICLONE,
  });
  const program = join(await freshFolder(work, 'program'), `program${extname(work.candidate)}`);
  await writeFile(program, request.candidateText, { flag: 'wx' });
  return program;
}

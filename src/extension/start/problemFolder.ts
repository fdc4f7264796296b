import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { ulid } from 'ulid';
import type { Problem } from '../../domain/problem/problem';
import { filesAbove } from '../../domain/foreign/filesAbove';
import { hostPlaces } from '../../domain/problem/hostPlaces';
import { leftOutOfFolder } from '../../domain/problem/leftOut';
import { parseProblem } from '../../domain/problem/parseProblem';
import { checkProblemFiles } from '../../domain/problem/problemFiles';
import type { SessionOverrides } from '../../domain/session/options';
import type { ProblemFileEntry, SessionSpec } from '../../protocol/sessionSpec';
import { Refusal } from '../base/failures';
import { withoutAbsent } from '../../domain/withoutAbsent';
import type { Settings } from '../base/settings';
import { collectFiles, type CollectedFiles } from './collectFiles';
import { t } from '../base/translate';

/** A problem that is fit to run. */
export interface CheckedProblem {
  readonly problem: Problem;
  /** Absolute path of the problem file. */
  readonly path: string;
  readonly folder: string;
}

/** Reads and checks a problem file; the first error is thrown as a `Refusal` that leads to the list of all. */
export async function checkProblem(
  path: string,
  openTexts: ReadonlyMap<string, string>,
): Promise<CheckedProblem> {
  const text = openTexts.get(path) ?? (await readFile(path, 'utf8'));
  const parsed = parseProblem(text);
  const folder = dirname(path);
  const existing = new Set<string>();
  for (const named of [parsed.places.candidate, parsed.places.folder, ...parsed.places.scripts]) {
    if (named !== undefined && (await isThere(resolve(folder, named.path), named === parsed.places.folder)))
      existing.add(named.path);
  }
  const diagnostics = [...parsed.diagnostics, ...checkProblemFiles(parsed, (name) => existing.has(name))];
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
  const first = errors[0];
  if (first !== undefined || parsed.problem === undefined) {
    const more = errors.length > 1 ? t('(and {0} more)', errors.length - 1) : '';
    const name = basename(path);
    const place = first === undefined ? name : t('{0}, line {1}', name, first.range.start.line + 1);
    throw new Refusal(`${place}: ${first?.message ?? t('This is not a problem file.')} ${more}`.trimEnd(), {
      title: t('Show Problems'),
      command: { id: 'workbench.actions.view.problems' },
    });
  }
  return { problem: parsed.problem, path, folder };
}

export interface PreparedSession {
  readonly spec: SessionSpec;
  readonly collected: CollectedFiles;
  /** Text of the file that evolves. */
  readonly initialText: string;
}

/** Everything a host needs for a new session, under a new id. */
export async function prepareSession(
  checked: CheckedProblem,
  options: {
    readonly displayPath: string;
    readonly settings: Settings;
    readonly openTexts: ReadonlyMap<string, string>;
    readonly signal: AbortSignal;
  },
): Promise<PreparedSession> {
  const { openTexts, signal } = options;
  const collected = await collectProblem(checked, openTexts, signal);
  const places = hostPlaces(checked.problem);
  const initial = collected.files.find((file) => file.path === places.candidate);
  if (initial === undefined) {
    throw new Refusal(
      t(
        '"{0}" is not among the files that go to a host: names that begin with a dot stay here. Rename it, and the candidate: key.',
        checked.problem.candidate,
      ),
    );
  }
  return {
    spec: {
      version: 1,
      sessionId: ulid(),
      displayPath: options.displayPath,
      problemFile: basename(checked.path),
      overrides: overridesOf(options.settings),
      files: [...collected.files],
    },
    collected,
    initialText: Buffer.from(initial.base64, 'base64').toString('utf8'),
  };
}

/** What the settings say in place of the problem file; an absent one leaves the choice to the file and the host. */
export function overridesOf(settings: Settings): SessionOverrides {
  return withoutAbsent({
    maxTimeMs: settings.maxTimeMs,
    concurrency: settings.concurrency,
    seed: settings.seed,
  });
}

/**
 * The problem's folder; where the problem names a folder of another tool, that folder, the candidate and the problem file alone.
 * Throws `Refusal` above the limits.
 */
async function collectProblem(
  { problem, path, folder }: CheckedProblem,
  openTexts: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<CollectedFiles> {
  const { evaluator } = problem;
  if (evaluator.kind === 'command') return collectFiles(folder, { openTexts, signal });
  const places = hostPlaces(problem);
  const from = resolve(folder, evaluator.folder);
  const task = await collectFiles(from, { openTexts, signal, leftOut: leftOutOfFolder(evaluator.format) });
  const files = task.files.map((file) => ({ ...file, path: `${places.folder ?? ''}/${file.path}` }));
  const textInTask = (name: string): string | undefined => {
    const file = task.files.find((one) => one.path === name);
    return file === undefined ? undefined : Buffer.from(file.base64, 'base64').toString('utf8');
  };
  for (const { source, place } of filesAbove(evaluator.format, textInTask)) {
    if (await isThere(resolve(from, source), false))
      files.push(await readEntry(resolve(from, source), place, openTexts));
  }
  files.push(await readEntry(path, basename(path), openTexts));
  const candidate = resolve(folder, problem.candidate);
  if (!files.some((file) => file.path === places.candidate) && (await isThere(candidate, false)))
    files.push(await readEntry(candidate, places.candidate, openTexts));
  return { ...task, files };
}

async function readEntry(
  absolutePath: string,
  path: string,
  openTexts: ReadonlyMap<string, string>,
): Promise<ProblemFileEntry> {
  const openText = openTexts.get(absolutePath);
  const content = openText === undefined ? await readFile(absolutePath) : Buffer.from(openText, 'utf8');
  const executable = ((await stat(absolutePath)).mode & 0o111) !== 0;
  return { path, executable, base64: content.toString('base64') };
}

async function isThere(path: string, asFolder: boolean): Promise<boolean> {
  try {
    const found = await stat(path);
    return asFolder ? found.isDirectory() : found.isFile();
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      return false;
    }
    throw error;
  }
}

import { stringify } from 'yaml';
import { isAbsolutePath, normalPath } from '../problem/hostPlaces';
import { defaultLimits, type Limits } from '../problem/problem';
import type { FolderDescription } from './foreignFolder';

const formatWords: Record<FolderDescription['format'], string> = {
  'gpu-mode': 'GPU MODE',
  atcoder: 'an AtCoder Heuristic Contest',
  openevolve: 'OpenEvolve',
  'shinka-evolve': 'ShinkaEvolve',
  kernelbench: 'KernelBench',
};

/**
 * Text of a problem file for a folder of another tool. `folder` is as the file will name it: absolute, or relative to the file, with
 * forward slashes. `folderName` is its title where it says none. The text has no mistakes in the sense of `parseProblem`.
 */
export function proposeProblem(
  description: FolderDescription,
  folder: string,
  folderName: string = lastSegment(folder),
): string {
  const { format, metric, mode, cases, caseTimeMs, reward, environment, limits, references } = description;
  const evaluator = {
    format,
    folder: normalPath(folder) === '' ? '.' : normalPath(folder),
    ...(mode === undefined ? {} : { mode }),
    ...(cases === undefined ? {} : { cases }),
    ...(caseTimeMs === undefined ? {} : { caseTime: timeWord(caseTimeMs) }),
  };
  const title = description.title ?? titleFrom(folderName);
  const needsEnvironment = environment !== undefined && (environment.python ?? environment.packages[0]);
  const lines = [
    `# Made for a folder of ${formatWords[format]}: nothing in that folder is changed.`,
    ...description.notes.flatMap((note) => comment(note)),
    `title: ${inline(title)}`,
    '# The program that evolves.',
    `candidate: ${inline(joined(evaluator.folder, description.candidate))}`,
    `evaluator: ${inline(evaluator)}`,
    `metric: ${inline(metric)}`,
    ...(reward === undefined ? [] : [`reward: ${inline(reward)}`]),
    ...(needsEnvironment === undefined || needsEnvironment === false
      ? []
      : [
          `environment: ${inline({
            ...(environment.python === undefined ? {} : { python: environment.python }),
            ...(environment.packages[0] === undefined ? {} : { packages: environment.packages }),
          })}`,
        ]),
    '# Of one evaluation; a program that takes more has failed.',
    `limits: ${inline(limitWords({ ...defaultLimits, ...limits }))}`,
    ...(references?.[0] === undefined
      ? []
      : ['references:', ...references.map((reference) => `  - ${inline(reference)}`)]),
    '# tunables: values of the numbers marked with "# @tune", without a model. See docs/models.md for a model that learns.',
    'session: { method: ttt-discover, policy: tunables, steps: 20, groups: 4, groupSize: 8 }',
  ];
  return `---\n${lines.join('\n')}\n---\n${bodyOf(title, description.statement)}\n`;
}

function joined(folder: string, path: string): string {
  if (isAbsolutePath(path) || folder === '.') return normalPath(path);
  return normalPath(`${folder}/${path}`);
}

/** `circle_packing` is called circle packing. */
function titleFrom(folderName: string): string {
  const words = oneLine(folderName.replace(/[_-]+/g, ' '));
  return words === '' || words === '.' ? 'Problem' : words;
}

function lastSegment(path: string): string {
  return normalPath(path).split('/').at(-1) ?? '';
}

/** The statement under a heading of its own, with nothing in it that ends the file's head. */
function bodyOf(title: string, statement: string): string {
  const body = statement.replace(/\r\n?/g, '\n').replaceAll('\0', '').trim();
  if (body === '') return `# ${oneLine(title)}\n\nSay here what is asked: people and models read it.`;
  return /^#{1,2} /.test(body) ? body : `# ${oneLine(title)}\n\n${body}`;
}

function limitWords(limits: Limits): Record<string, string | number> {
  return {
    time: timeWord(limits.timeMs),
    memory: bytesWord(limits.memoryBytes),
    cpus: limits.cpus,
    gpus: limits.gpus,
    ...(limits.gpuMemoryBytes === undefined ? {} : { gpuMemory: bytesWord(limits.gpuMemoryBytes) }),
    output: bytesWord(limits.outputBytes),
    processes: limits.processes,
  };
}

function timeWord(timeMs: number): string {
  return timeMs % 1000 === 0 ? `${timeMs / 1000}s` : `${timeMs}ms`;
}

function bytesWord(bytes: number): string {
  for (const [unit, factor] of [
    ['GiB', 1024 ** 3],
    ['MiB', 1024 ** 2],
  ] as const) {
    if (bytes % factor === 0) return `${bytes / factor}${unit}`;
  }
  return `${bytes}B`;
}

function inline(value: unknown): string {
  return stringify(value, {
    collectionStyle: 'flow',
    lineWidth: 0,
    defaultStringType: 'PLAIN',
    blockQuote: false,
    flowCollectionPadding: true,
  }).trim();
}

function comment(text: string): string[] {
  const lines: string[] = [];
  for (const word of oneLine(text).split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length > 100) lines.push(`# ${word}`);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').replaceAll('\0', '').trim();
}

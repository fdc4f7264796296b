import { normalPath } from '../problem/hostPlaces';
import type { Limits } from '../problem/problem';
import { placeAbove } from './filesAbove';
import type { DescribeFolder, FolderFiles } from './foreignFolder';
import { readGpuModeTask, submissionMark, submissionName, type GpuModeTask } from './gpuModeTask';

const compileMs = 120_000;
const largestQuoteCharacters = 16_000;
const rankingWords = {
  last: 'the mean time of the last benchmark',
  mean: 'the mean of the times of all benchmarks',
  geom: 'the geometric mean of the times of all benchmarks',
} as const;

/** A folder of GPU MODE is one with a `task.yml`. */
export const describeGpuMode: DescribeFolder = (folder) => {
  if (!folder.paths.includes('task.yml')) return undefined;
  const yaml = folder.read('task.yml');
  if (yaml === undefined) return { problems: ['task.yml is no text, or too large to be a task.'] };
  // Other tools have a file of this name, too.
  if (!yaml.includes(submissionMark) && !/^(tests|benchmarks)\s*:/m.test(yaml)) return undefined;
  const found = readGpuModeTask(yaml);
  if ('problems' in found) return found;
  const { task } = found;
  const missing = task.files.flatMap(({ source }) => missingSource(folder, source));
  const candidate = findCandidate(folder, task);
  if (candidate === undefined) {
    const name = submissionName(task);
    missing.push(
      `task.yml: there is no program to begin with: write one in "${name}" beside it (templates and solutions were looked for, too).`,
    );
  }
  if (task.tests.length === 0)
    missing.push('task.yml has no tests: a program could not fail. Add cases under tests.');
  if (task.benchmarks.length === 0)
    missing.push('task.yml has no benchmarks, so nothing is timed: add cases under benchmarks.');
  if (missing.length > 0 || candidate === undefined) return { problems: missing };
  const title = titleOf(folder, task, candidate);
  return {
    description: {
      format: 'gpu-mode',
      ...(title !== undefined && { title }),
      candidate,
      metric: { name: 'time_us', goal: 'minimize', unit: 'µs' },
      mode: 'leaderboard',
      reward: '1000 / time_us',
      limits: limitsOf(task),
      statement: statementOf(folder, task),
      notes: notesOf(folder, task, candidate),
    },
  };
};

function missingSource(folder: FolderFiles, source: string): string[] {
  if (source === submissionMark) return [];
  const path = normalPath(source);
  const isAbove = path.split('/')[0] === '..';
  if (isAbove && placeAbove(source) === undefined) {
    return [
      `task.yml takes "${source}" from above its folder, where only programs and text up to three folders up are taken along: copy it into the folder.`,
    ];
  }
  const isThere = isAbove ? folder.read(path) !== undefined : folder.paths.includes(path);
  return isThere ? [] : [`task.yml names "${source}", and there is no such file: correct the path in files.`];
}

/** The program to begin with: the one that users edit, else a template, else a solution. */
function findCandidate({ paths }: FolderFiles, task: GpuModeTask): string | undefined {
  const ending = task.program.kind === 'py' ? /\.py$/ : /\.(cu|cuh|cpp)$/;
  const fitting = paths.filter((path) => ending.test(path)).sort();
  const templates = Object.values(task.templates).map(normalPath);
  return (
    [submissionName(task), ...templates].find((path) => paths.includes(path)) ??
    [/^submission[^/]*$/, /^template[^/]*$/, /^solutions\/correct\//, /^submissions?\//]
      .flatMap((pattern) => fitting.filter((path) => pattern.test(path)))
      .at(0)
  );
}

function limitsOf(task: GpuModeTask): Partial<Limits> {
  const { test, benchmark, ranked } = task.timeoutMs;
  const worlds = [...task.tests, ...task.benchmarks].map(({ worldSize }) => worldSize ?? 1);
  return {
    timeMs: compileMs + test + benchmark + ranked,
    memoryBytes: 16 * 1024 ** 3,
    cpus: 4,
    gpus: task.multiGpu ? Math.max(...worlds) : 1,
    processes: 1024,
  };
}

function titleOf(folder: FolderFiles, task: GpuModeTask, candidate: string): string | undefined {
  const directive = leaderboardOf(folder.read(candidate) ?? '');
  if (directive !== undefined) return directive;
  for (const text of [task.description, folder.read('README.md') ?? '']) {
    for (const [, heading = ''] of text.matchAll(/^#{1,3} +(\S.*)$/gm)) {
      if (!/^(description|overview|task|problem|introduction):?$/i.test(heading.trim()))
        return heading.trim();
    }
  }
  return firstSentence(task.description);
}

/** What is asked, in the few words of a title: not where to read more, and without "You will implement a". */
function firstSentence(description: string): string | undefined {
  const sentence = description
    .split(/\n|(?<=[.:]) /)
    .map((line) => line.trim())
    .find((line) => /^\w.*\w/.test(line) && !/https?:|\bsee\b/i.test(line));
  const asked = sentence?.replace(
    /^(you (will|are expected to|should) )?(implement|be implementing|write)\b( an? | the | )(custom )?/i,
    '',
  );
  if (asked === undefined || asked === '') return sentence;
  const short = asked.length <= 70 ? asked : asked.slice(0, 70).replace(/\s+\S*$/, '');
  return (short.charAt(0).toUpperCase() + short.slice(1)).replace(/[.:,]$/, '');
}

/** `#!POPCORN leaderboard NAME` among the comments at the beginning. */
function leaderboardOf(program: string): string | undefined {
  for (const line of program.split('\n')) {
    if (!/^\s*(#|\/\/|$)/.test(line)) return undefined;
    const name = /^\s*(?:#|\/\/)!POPCORN\s+leaderboard\s+(\S+)/i.exec(line)?.[1];
    if (name !== undefined) return name;
  }
  return undefined;
}

function statementOf(folder: FolderFiles, task: GpuModeTask): string {
  const name = submissionName(task);
  const gpus = task.gpus.length === 0 ? '' : ` It was made for ${task.gpus.join(', ')}.`;
  const parts = [
    task.description.trim(),
    '## How it is judged',
    `The program becomes \`${name}\`. It must be right on all ${task.tests.length} test cases; then ${rankingWords[task.rankingBy]} is minimised, in microseconds.${gpus}`,
    `Test cases:\n\n${listOf(task.tests)}`,
    `Benchmarks:\n\n${listOf(task.benchmarks)}`,
  ];
  const quoted = task.files
    .filter(({ source }) => /(^|\/)(task|reference)\.(py|cuh?|h|hpp|cpp)$/.test(source))
    .flatMap(({ name, source }) => {
      const text = folder.read(normalPath(source));
      return text === undefined || text.length > largestQuoteCharacters ? [] : [quote(name, text)];
    });
  if (quoted.length > 0) parts.push('## The files around it', ...quoted);
  return parts.filter((part) => part !== '').join('\n\n');
}

function listOf(cases: GpuModeTask['tests']): string {
  return cases.map(({ line }) => `- \`${line}\``).join('\n');
}

function quote(name: string, text: string): string {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return `\`${name}\`:\n\n${fence}${name.endsWith('.py') ? 'python' : 'cpp'}\n${text.trimEnd()}\n${fence}`;
}

function notesOf(folder: FolderFiles, task: GpuModeTask, candidate: string): string[] {
  const notes: string[] = [`The metric is ${rankingWords[task.rankingBy]} (ranking_by: ${task.rankingBy}).`];
  if (candidate !== submissionName(task)) notes.push(`The program to begin with was found at ${candidate}.`);
  const ups = task.files.flatMap(({ source }) => (placeAbove(source) === undefined ? [] : [source]));
  if (ups.length > 0) notes.push(`Files above the folder go to the host, too: ${ups.join(', ')}.`);
  const uses = task.files.some(({ source }) =>
    /\bimport torch\b/.test(folder.read(normalPath(source)) ?? ''),
  );
  if (uses)
    notes.push(
      "It runs with the host's own python3, which needs PyTorch; or name packages under environment.",
    );
  const lines = [...task.tests, ...task.benchmarks].map(({ line }) => line);
  if (lines.some((line) => /: (True|False)(;|$)/.test(line)))
    notes.push(
      'Truth values reach most evaluators as text, so that "False" counts as true there: it is the same here.',
    );
  if (task.unknownKeys.length > 0)
    notes.push(`GPU MODE's own tools refuse the keys ${task.unknownKeys.join(', ')} in task.yml.`);
  notes.push(
    'mode: benchmark is quicker and checks less; leaderboard-equal draws secret seeds as the ranking does.',
  );
  return notes;
}

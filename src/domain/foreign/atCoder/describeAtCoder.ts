import type { DescribeFolder, FolderFiles } from '../foreignFolder';
import { readAtCoderFolder, type AtCoderFolder } from './atCoderFolder';
import { findCandidate } from './candidateFile';
import { usualCaseLimits, usualCases } from './caseLimits';

const proposedCpus = 4;
/** What a case takes beside its program: to start, to score, to wait. */
const perCaseMs = 600;
const buildMs = 120_000;
const mostCases = 10_000;

/** Reads a folder of an AtCoder Heuristic Contest: the official tools, pahcer's settings, the user's program. */
export const describeAtCoder: DescribeFolder = (files) => {
  const folder = readAtCoderFolder(files);
  if (folder === undefined) return undefined;
  const candidate = findCandidate(files, folder);
  const problems = [...folder.problems];
  if (candidate.kind === 'none') {
    problems.push('There is no program: put main.cpp, main.rs or main.py beside the tools.');
  } else if (candidate.kind === 'unclear') {
    problems.push(
      `Which is the program? Call one of ${candidate.paths.join(', ')} main, or write a .discover file.`,
    );
  }
  if (problems.length > 0 || candidate.kind !== 'found') return { problems };

  const caseTimeMs = folder.caseTimeMs ?? usualCaseLimits.timeMs;
  const memoryBytes = folder.caseMemoryBytes ?? usualCaseLimits.memoryBytes;
  const cases = casesOf(folder);
  const minutes = Math.ceil((cases * (caseTimeMs + perCaseMs) + buildMs) / 60_000);
  return {
    description: {
      format: 'atcoder',
      ...(folder.title !== undefined && { title: folder.title }),
      candidate: candidate.path,
      metric: {
        name: folder.isRelative === true ? 'mean_log10_score' : 'mean_score',
        goal: folder.goal ?? 'maximize',
      },
      cases,
      caseTimeMs,
      limits: { timeMs: minutes * 60_000, memoryBytes: proposedCpus * memoryBytes, cpus: proposedCpus },
      statement: statementOf(files),
      notes: notesOf(folder),
    },
  };
};

function casesOf({ pahcer }: AtCoderFolder): number {
  return pahcer === undefined ? usualCases : Math.min(pahcer.endSeed - pahcer.startSeed, mostCases);
}

function notesOf(folder: AtCoderFolder): string[] {
  const notes = [
    folder.isReactive
      ? 'The contest is interactive: the official tester talks with the program.'
      : 'The program reads a case and prints an answer, which the official tools score.',
    'Every step has seeds of its own, and so has a check of a new best. One case that is not accepted fails the program.',
  ];
  if (folder.goal === undefined) {
    notes.push('Guessed: more points are better. Where fewer are, write goal: minimize.');
  }
  if (folder.isRelative === true) {
    notes.push(
      'The contest counts each case by how its score compares with those of others, which nobody has here: the mean of the logarithms gives the same weight to the same ratio on every case.',
    );
  } else if (folder.isRelative === undefined) {
    notes.push(
      'Where the contest counts scores relative to those of others, mean_log10_score is nearer to that.',
    );
  }
  if (folder.caseTimeMs === undefined) {
    notes.push(
      'Guessed: 2 seconds a case, as most contests have. The statement says it; correct caseTime if it is another.',
    );
  }
  if (folder.crate === undefined) {
    notes.push('There is no crate of tools: the visualizer makes the cases and scores the answers.');
  }
  return [...notes, ...folder.notes];
}

const statements = [
  'statement_en.md',
  'statement.md',
  'problem.md',
  'problem_statement.md',
  'problem_description.txt',
  'task.md',
  'statement_ja.md',
];

function statementOf({ paths, read }: FolderFiles): string {
  const found = statements.find((name) => paths.includes(name));
  return found === undefined ? '' : (read(found) ?? '');
}

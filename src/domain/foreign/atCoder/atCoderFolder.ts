import * as z from 'zod';
import type { Goal } from '../../problem/problem';
import type { FolderFiles } from '../foreignFolder';
import { candidateStep, type CandidateStep } from './candidateStep';
import { readPahcerConfig, type PahcerConfig } from './pahcerConfig';
import { scorePatternFromRust, usualScorePattern, type ScorePattern } from './scoreLine';
import { findToolsCrate, scoringProgram, type ToolsCrate } from './toolsCrate';
import { jsonOrUndefined } from '../../json';

/** The official visualizer, built for browsers. */
export interface VisualizerFiles {
  /** Relative to the folder: the module that wasm-bindgen wrote. */
  readonly module: string;
  readonly wasm: string;
}

/** What a folder of an AtCoder Heuristic Contest has, and how its contest scores. */
export interface AtCoderFolder {
  readonly crate?: ToolsCrate;
  readonly visualizer?: VisualizerFiles;
  /** The tester talks with the program while it runs. */
  readonly isReactive: boolean;
  readonly goal?: Goal;
  readonly title?: string;
  /** Whether a case counts by how it compares with those of other participants; absent where the folder does not say it. */
  readonly isRelative?: boolean;
  readonly scorePattern: ScorePattern;
  readonly caseTimeMs?: number;
  readonly caseMemoryBytes?: number;
  readonly pahcer?: PahcerConfig;
  /** How pahcer starts the program, where that can be told. */
  readonly step?: CandidateStep;
  /** One sentence each. */
  readonly notes: readonly string[];
  /** What makes it impossible to score, one sentence each. */
  readonly problems: readonly string[];
}

/** Undefined if the folder is none of an AtCoder Heuristic Contest. */
export function readAtCoderFolder(files: FolderFiles): AtCoderFolder | undefined {
  const crate = findToolsCrate(files);
  const visualizer = findVisualizer(files);
  if (crate === undefined && visualizer === undefined) return undefined;
  const notes: string[] = [];
  const problems: string[] = [];
  const contest = readContestData(files);
  const pahcer = readPahcer(files, notes, problems);
  const step = pahcer === undefined ? undefined : candidateStep(pahcer, notes);
  const isReactive =
    contest.isReactive ?? step?.isReactive ?? (crate !== undefined && crate.testerIsReactive);
  if (isReactive && crate?.programs.includes('tester') !== true) {
    problems.push(
      'The contest is interactive, and there is no src/bin/tester.rs in its tools: unpack the official tools here.',
    );
  } else if (
    !isReactive &&
    crate !== undefined &&
    scoringProgram(crate) === undefined &&
    visualizer === undefined
  ) {
    problems.push(
      `${crate.path || '.'}/src/bin has neither score.rs nor vis.rs nor tester.rs: unpack the official tools here.`,
    );
  }
  const goal = contest.goal ?? pahcer?.goal;
  const title = contest.title ?? pahcer?.problemName;
  return {
    ...(crate !== undefined && { crate }),
    ...(visualizer !== undefined && { visualizer }),
    isReactive,
    ...(goal !== undefined && { goal }),
    ...(title !== undefined && { title }),
    ...(contest.isRelative !== undefined && { isRelative: contest.isRelative }),
    scorePattern: patternOf(pahcer, problems),
    ...(contest.caseTimeMs !== undefined && { caseTimeMs: contest.caseTimeMs }),
    ...(contest.caseMemoryBytes !== undefined && { caseMemoryBytes: contest.caseMemoryBytes }),
    ...(pahcer !== undefined && { pahcer }),
    ...(step !== undefined && { step }),
    notes,
    problems,
  };
}

const pahcerFile = 'pahcer_config.toml';

function readPahcer(files: FolderFiles, notes: string[], problems: string[]): PahcerConfig | undefined {
  const text = files.read(pahcerFile);
  if (text === undefined) return undefined;
  const read = readPahcerConfig(text);
  if (!read.ok) {
    problems.push(`${pahcerFile}: ${read.problem}`);
    return undefined;
  }
  notes.push(...read.notes);
  return read.config;
}

function patternOf(pahcer: PahcerConfig | undefined, problems: string[]): ScorePattern {
  if (pahcer?.scorePattern === undefined) return usualScorePattern;
  const read = scorePatternFromRust(pahcer.scorePattern);
  if (read.ok) return read.scorePattern;
  problems.push(`${pahcerFile}: problem.${read.problem}`);
  return usualScorePattern;
}

/** wasm-bindgen names the two files alike: `HASH.js` and `HASH_bg.wasm`. */
function findVisualizer({ paths, read }: FolderFiles): VisualizerFiles | undefined {
  for (const wasm of [...paths].sort()) {
    if (!wasm.endsWith('_bg.wasm')) continue;
    const module = `${wasm.slice(0, -'_bg.wasm'.length)}.js`;
    const text = paths.includes(module) ? read(module) : undefined;
    if (
      text !== undefined &&
      /\bexport\b/.test(text) &&
      exportsName(text, 'gen') &&
      exportsName(text, 'vis')
    ) {
      return { module, wasm };
    }
  }
  return undefined;
}

function exportsName(text: string, name: string): boolean {
  return new RegExp(String.raw`export\s+(?:async\s+)?function\s+${name}\b|export\s*\{[^}]*\b${name}\b`).test(
    text,
  );
}

/** `data.json` as ALE-Bench has it beside `tools/`. */
const contestData = z.object({
  metadata: z
    .object({
      title: z.string().optional(),
      problem_type: z.enum(['batch', 'reactive']).optional().catch(undefined),
      score_type: z.enum(['maximize', 'minimize']).optional().catch(undefined),
      relative_score_type: z.string().nullish().catch(undefined),
    })
    .optional(),
  constraints: z
    .object({ time_limit: z.number().positive().optional(), memory_limit: z.number().positive().optional() })
    .optional(),
});

interface ContestData {
  readonly title?: string | undefined;
  readonly isReactive?: boolean | undefined;
  readonly goal?: Goal | undefined;
  readonly isRelative?: boolean | undefined;
  readonly caseTimeMs?: number | undefined;
  readonly caseMemoryBytes?: number | undefined;
}

function readContestData(files: FolderFiles): ContestData {
  const text = files.read('data.json');
  if (text === undefined) return {};
  const parsed = contestData.safeParse(jsonOrUndefined(text));
  if (!parsed.success) return {};
  const { metadata, constraints } = parsed.data;
  return {
    title: metadata?.title,
    isReactive: metadata?.problem_type === undefined ? undefined : metadata.problem_type === 'reactive',
    goal: metadata?.score_type,
    isRelative: metadata === undefined ? undefined : typeof metadata.relative_score_type === 'string',
    caseTimeMs: constraints?.time_limit === undefined ? undefined : Math.round(constraints.time_limit * 1000),
    caseMemoryBytes: constraints?.memory_limit,
  };
}

import { isBetter, type Goal } from '../../problem/problem';
import type { CaseResult } from '../../session/outcome';

/** The best score of each seed, as `best_scores.json` has them: seeds of four digits at least. */
export type PahcerBestScores = Readonly<Record<string, number>>;

export interface PahcerRun {
  /** RFC 3339, with seconds. */
  readonly startTime: string;
  readonly cases: readonly CaseResult[];
  readonly goal: Goal;
  readonly comment: string;
  /** Before this run. */
  readonly best: PahcerBestScores;
}

/** Texts of the files that `pahcer run` (0.3) writes into its folder. */
export interface PahcerFiles {
  /** `json/result_YYYYmmdd_HHMMSS.json` */
  readonly result: string;
  /** `best_scores.json` */
  readonly bestScores: string;
  /** Stands above all lines of `summary.md`. */
  readonly summaryHead: string;
  /** To be added to `summary.md`. */
  readonly summaryLine: string;
}

interface PahcerCase {
  readonly seed: number;
  readonly score: number;
  readonly relative_score: number;
  /** Seconds. */
  readonly execution_time: number;
  readonly error_message: string;
}

/**
 * What pahcer would have written of these cases, so that its own commands and its neighbours read them. Its scores are whole numbers above 0:
 * others are rounded, and a case without one is a wrong answer to it.
 */
export function pahcerFiles({ startTime, cases, goal, comment, best }: PahcerRun): PahcerFiles {
  const rows = cases.flatMap((one) => pahcerCase(one, goal, best)).sort((a, b) => a.seed - b.seed);
  const accepted = rows.filter(({ score }) => score > 0);
  const totalScore = sum(accepted.map(({ score }) => score));
  const totalLog = sum(accepted.map(({ score }) => Math.log10(score)));
  const result = {
    start_time: startTime,
    case_count: rows.length,
    total_score: totalScore,
    total_score_log10: totalLog,
    total_relative_score: sum(rows.map(({ relative_score }) => relative_score)),
    max_execution_time: Math.max(0, ...rows.map(({ execution_time }) => execution_time)),
    comment,
    tag_name: null,
    wa_seeds: rows.filter(({ score }) => score <= 0).map(({ seed }) => seed),
    cases: rows,
  };
  const bestAfter = new Map(Object.entries(best));
  for (const { seed, score } of accepted) {
    const before = bestAfter.get(keyOf(seed));
    if (before === undefined || isBetter(goal, score, before)) bestAfter.set(keyOf(seed), score);
  }
  const sorted = [...bestAfter].sort(([a], [b]) => (a < b ? -1 : 1));
  const count = Math.max(1, rows.length);
  const columns = [
    startTime,
    withCommas(rows.length, 0).padStart(5),
    withCommas(totalScore, 0).padStart(16),
    withCommas(totalScore / count, 2).padStart(16),
    withCommas(totalLog, 5).padStart(12),
    withCommas(totalLog / count, 5).padStart(11),
    comment.replace(/\s+/g, ' '),
  ];
  return {
    result: JSON.stringify(result, null, 2),
    bestScores: `{${sorted.map(([key, score]) => `\n  ${JSON.stringify(key)}: ${score}`).join(',')}\n}`,
    summaryHead: summaryHead(),
    summaryLine: `${columns.join(' | ')}\n`,
  };
}

/** Reads `best_scores.json`; what is no positive number in it is left out, as pahcer does. Never throws. */
export function readPahcerBestScores(text: string): PahcerBestScores {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return {};
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  const scores = Object.entries(value).filter(
    (entry): entry is [string, number] =>
      /^\d+$/.test(entry[0]) && typeof entry[1] === 'number' && entry[1] > 0,
  );
  return Object.fromEntries(scores);
}

function pahcerCase(one: CaseResult, goal: Goal, best: PahcerBestScores): PahcerCase[] {
  const seed = Number(/^seed (\d+)$/.exec(one.name)?.[1] ?? NaN);
  if (one.verdict === 'skipped' || !Number.isSafeInteger(seed)) return [];
  const score = one.verdict === 'passed' ? Math.max(0, Math.round(one.value ?? 0)) : 0;
  const before = best[keyOf(seed)];
  const ratio = before === undefined ? 1 : goal === 'maximize' ? score / before : before / score;
  return [
    {
      seed,
      score,
      relative_score: score > 0 ? 100 * ratio : 0,
      execution_time: (one.durationMs ?? 0) / 1000,
      error_message:
        score > 0 ? '' : one.verdict === 'passed' ? 'Wrong Answer' : (one.message ?? 'Wrong Answer'),
    },
  ];
}

function keyOf(seed: number): string {
  return String(seed).padStart(4, '0');
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function withCommas(value: number, digits: number): string {
  const [whole = '', fraction] = value.toFixed(digits).split('.');
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

const summaryColumns = [
  ['Time', 26, ''],
  ['Cases', 7, ':'],
  ['Total Score', 18, ':'],
  ['Avg. Score', 18, ':'],
  ['Total log10', 14, ':'],
  ['Avg. log10', 13, ':'],
  ['Comment', 22, ''],
] as const;

function summaryHead(): string {
  const names = summaryColumns.map(([name, width], index) => {
    if (index === 0) return name.padEnd(width);
    return index === summaryColumns.length - 1 ? ` ${name}` : ` ${name}`.padEnd(width);
  });
  const rules = summaryColumns.map(([, width, right]) => `${'-'.repeat(width - right.length)}${right}`);
  return `${names.join('|')}\n${rules.join('|')}\n`;
}

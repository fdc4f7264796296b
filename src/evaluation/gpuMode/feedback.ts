import type { GpuModeTask } from '../../domain/foreign/gpuModeTask';
import type { GpuMode, TaskDevice } from '../../domain/problem/problem';
import type { CaseResult } from '../../domain/session/outcome';
import type { TimedCase } from './judgeStage';
import { caseLines, meansUs, microseconds } from './score';

const mostReportCharacters = 2000;
const rankingWords = { last: 'last benchmark', mean: 'mean', geom: 'geometric mean' } as const;

/** What a valid evaluation tells people and the next prompt. */
export function feedbackOf(facts: {
  readonly task: GpuModeTask;
  readonly mode: GpuMode;
  readonly device: TaskDevice;
  readonly gpuName: string | undefined;
  readonly scoring: readonly TimedCase[];
  readonly cases: readonly CaseResult[];
  readonly lastAlone: boolean;
}): string {
  const { task, mode, device, gpuName, scoring, cases } = facts;
  const lines: string[] = [];
  const passed = cases.filter(({ name, verdict }) => name.startsWith('test ') && verdict === 'passed').length;
  if (device === 'cpu') lines.push(cpuWords(task, passed));
  else if (passed > 0) lines.push(`All ${passed} test cases passed.`);
  if (scoring.length > 0) {
    const where = device === 'cpu' ? ' on the processor' : gpuName === undefined ? '' : ` on ${gpuName}`;
    const ranking = facts.lastAlone ? 'last' : task.rankingBy;
    const score = meansUs(scoring)[ranking];
    lines.push(
      `${microseconds(score)} (${rankingWords[ranking]}, mode ${mode}${where}):`,
      ...caseLines(scoring),
    );
  }
  if (facts.lastAlone)
    lines.push(
      "The folder's evaluator runs only the last benchmark in its leaderboard mode; that is the score.",
    );
  for (const { line, report } of scoring) {
    if (report !== undefined) lines.push(`Profile of ${line}:\n${decodedReport(report)}`);
  }
  return lines.join('\n');
}

function cpuWords(task: GpuModeTask, passed: number): string {
  return `WITHOUT A GPU: tried on the processor, ${passed} of ${task.tests.length} test cases. Times say nothing about a GPU.`;
}

/** Base64 with `+*` for the two characters beyond letters and digits. */
function decodedReport(report: string): string {
  const text = Buffer.from(report.replaceAll('*', '/'), 'base64').toString('utf8').trimEnd();
  return text.length <= mostReportCharacters ? text : `${text.slice(0, mostReportCharacters)}\n[…]`;
}

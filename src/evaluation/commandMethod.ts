import { writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { isBetter, type CommandEvaluator, type Problem } from '../domain/problem/problem';
import { mean } from '../domain/racing/pairedComparison';
import { comparisonWords, shortNumber, stoppedWords } from '../domain/racing/raceWords';
import type { CaseResult } from '../domain/session/outcome';
import { CaseLines } from './caseLines';
import { CaseRace } from './caseRace';
import type { IncumbentProgram } from './evaluator';
import type { EvaluationMethod, EvaluationRun, NotScored, Scored } from './evaluationMethod';
import { parseEvaluatorResult } from './evaluatorResult';
import { executionFailure, failed } from './executionFailure';
import type { ExecutionReport } from './executor';
import { noticingFullDisk } from './fileErrors';
import { readUntrustedFile } from './readUntrustedFile';
import type { WorkFolder } from './workFolder';

const mostResultBytes = 64 * 1024 ** 2;
/** Sums of floating-point numbers differ by their order, and evaluators round. */
const sameMean = 1e-6;

/** The contract of docs/evaluators.md: a shell command that writes a result file. */
export function commandMethod(
  problem: Pick<Problem, 'limits' | 'metric'>,
  { command, stopEarly, raceParent }: CommandEvaluator,
): EvaluationMethod {
  const { limits, metric } = problem;

  async function result(
    { work }: EvaluationRun,
    report: ExecutionReport,
    lines: CaseLines,
  ): Promise<Scored | NotScored> {
    const fail = (reason: NotScored['reason'], message: string): NotScored => failed(reason, message, report);
    const failure = executionFailure(report, limits);
    if (failure !== undefined) return failure;
    const file = await readUntrustedFile(work.result, work.path, mostResultBytes);
    if (file.kind === 'absent') return fail('no-result', 'The evaluator ended well but wrote no result.');
    if (file.kind === 'refused') return fail('bad-result', `The result ${file.why}.`);
    const parsed = parseEvaluatorResult(file.bytes.toString('utf8'));
    if (!parsed.ok) {
      const { reason, message, waitedMs } = parsed;
      return { ...fail(reason, message), ...(waitedMs !== undefined && { waitedMs }) };
    }
    if (lines.mistake !== undefined) return fail('bad-result', lines.mistake);
    return { kind: 'scored', ...parsed.result, ...kept(parsed.result.cases ?? lines.cases) };
  }

  return {
    async score(run) {
      const race =
        stopEarly === true ? CaseRace.against(run.request.incumbent?.cases, metric.goal) : undefined;
      // What decides about a best is never cut short.
      const parent =
        raceParent === true && run.request.strict !== true ? run.request.incumbent?.program : undefined;
      const handedOver = parent === undefined ? {} : await handOver(parent, run.work);
      const lost = new AbortController();
      const lines = new CaseLines((one) => {
        run.onCase(one);
        race?.add(one);
        if (race?.isLost === true) {
          lines.close();
          lost.abort(new Error('The candidate is clearly worse than its parent.'));
        }
      });
      let report: ExecutionReport;
      try {
        report = await run.execute({
          argv: ['/bin/sh', '-c', command],
          env: { DISCOVER_CASES: '3', ...handedOver },
          onDescriptor3: (chunk) => {
            lines.push(chunk);
          },
          stop: lost.signal,
        });
      } catch (error) {
        if (race === undefined || !lost.signal.aborted || run.signal.aborted) throw error;
        return { ...stopped(race, metric, lines.cases), ...waited(lines) };
      }
      const score = await result(run, report, lines);
      const { cases = [] } = score;
      if (score.kind === 'failed') return { ...waited(lines), ...score, ...kept(lines.cases) };
      const doubt =
        stopEarly === true
          ? doubtAboutMean(score.metrics[metric.name], cases, metric.name)
          : raceParent === true
            ? doubtAboutEstimate(score.metrics, parent, metric)
            : undefined;
      if (doubt !== undefined) return { ...failed('bad-result', doubt, report), ...kept(cases) };
      const { feedback } = score;
      const pairs = race?.pairsOfAll;
      const comparison =
        pairs === undefined ? [] : [comparisonWords(pairs, metric.goal, { word: 'case', isStopped: false })];
      const told = [...(feedback === undefined ? [] : [feedback]), ...comparison].join('\n');
      return { ...score, ...(told !== '' && { feedback: told }) };
    },
  };
}

/** On the scale of the parent, so that the metric must be the mean of the cases. */
function stopped(race: CaseRace, metric: Problem['metric'], cases: readonly CaseResult[]): Scored {
  const { pairs, count } = race;
  return {
    kind: 'scored',
    metrics: { cases: count, cases_run: pairs.length, [metric.name]: race.mean },
    feedback: [
      stoppedWords(pairs.length, count, 'cases'),
      `${metric.name} ${shortNumber(race.mean)}, an estimate: its parent's mean on all cases, moved by the mean difference on those that were run.`,
      comparisonWords(pairs, metric.goal, { word: 'case', isStopped: true }),
    ].join('\n'),
    cases,
  };
}

function doubtAboutMean(
  value: number | undefined,
  cases: readonly CaseResult[],
  name: string,
): string | undefined {
  if (value === undefined) return undefined;
  const values = cases.flatMap((one) =>
    one.verdict === 'passed' && one.value !== undefined ? [one.value] : [],
  );
  const advice = 'Report every case with its value, or remove stopEarly from the problem file.';
  if (values.length === 0)
    return `The problem wants candidates stopped early, and the evaluator reported no cases with values. ${advice}`;
  const average = mean(values);
  const scale = Math.max(...values.map(Math.abs), Math.abs(value), Number.MIN_VALUE);
  if (Math.abs(average - value) <= sameMean * scale) return undefined;
  return `The problem wants candidates stopped early, for which ${name} must be the mean of the cases: it is ${shortNumber(value)}, and the mean of ${values.length} cases is ${shortNumber(average)}. ${advice}`;
}

/** The environment of a command that compares by itself. The files lie beside the copy of the problem. */
async function handOver(parent: IncumbentProgram, work: WorkFolder): Promise<Record<string, string>> {
  const program = join(work.path, `parent${extname(work.candidate)}`);
  const result = join(work.path, 'parent-result.json');
  const { text, value, metrics } = parent;
  await noticingFullDisk(work.path, async () => {
    await writeFile(program, text, { flag: 'wx' });
    await writeFile(result, JSON.stringify({ value, metrics }), { flag: 'wx' });
  });
  return { DISCOVER_INCUMBENT: program, DISCOVER_INCUMBENT_RESULT: result };
}

/** Who is stopped is worse than the parent, so an estimate can never be the best of a session. */
function doubtAboutEstimate(
  metrics: Scored['metrics'],
  parent: IncumbentProgram | undefined,
  { name, goal }: Problem['metric'],
): string | undefined {
  const { stopped, [name]: value } = metrics;
  if (stopped === undefined || stopped <= 0 || value === undefined) return undefined;
  if (parent === undefined)
    return 'The evaluator says that it stopped the candidate (its metric stopped), and it had no parent to compare it with. Run the candidate to the end where DISCOVER_INCUMBENT is not set.';
  if (isBetter(goal, parent.value, value)) return undefined;
  return `The evaluator says that it stopped the candidate (its metric stopped) with ${name} ${shortNumber(value)}, an estimate, which must be worse than what its parent has, ${shortNumber(parent.value)}. Stop only what is clearly worse.`;
}

function waited({ waitedMs }: CaseLines): { waitedMs?: number } {
  return waitedMs === undefined ? {} : { waitedMs };
}

function kept(cases: readonly CaseResult[]): { cases?: readonly CaseResult[] } {
  return cases.length === 0 ? {} : { cases };
}

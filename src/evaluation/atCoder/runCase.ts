import { randomUUID } from 'node:crypto';
import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CaseLimits } from '../../domain/foreign/atCoder/caseLimits';
import { readToolVerdict, type ScorePattern } from '../../domain/foreign/atCoder/scoreLine';
import type { Goal } from '../../domain/problem/problem';
import { endedWell } from '../environmentTools';
import type { EvaluationRun } from '../evaluationMethod';
import { EnvironmentError } from '../evaluator';
import type { ExecutionReport } from '../executor';
import { readUntrustedFile } from '../readUntrustedFile';
import { removeFolder } from '../workFolder';
import { isByOthers } from './disturbance';
import { measuringBytes, notMeasured, refusalOfRun, type Verdict } from './caseVerdict';
import type { ContestTools } from './contestTools';
import { asCommand, type HostTools } from './hostTools';
import { commandOnOwnCore } from './runOnCore';
import { measured, readMeasurement, type Measurement } from './timedCommand';
import type { CaseInput } from './caseInputs';
import { isUnchanged, type FileIdentity } from './trustedFiles';

/** One seed of one candidate. */
export interface RanCase {
  readonly seed: number;
  readonly verdict: Verdict | 'IE';
  /** Of an accepted answer. */
  readonly score?: number;
  /** Why it is not accepted; one sentence. */
  readonly why?: string;
  readonly measurement?: Measurement;
  /** See `Refusal`. */
  readonly mayBeInTime?: true;
  /** Whether what was measured of others was theirs for certain: see `isByOthers`. */
  readonly isByOthers?: boolean;
  /** How often it was run in all, if more than once: this is the run that was disturbed least. */
  readonly runs?: number;
  /** The last that the program wrote to its standard error. */
  readonly said?: string;
}

export interface CaseContext {
  readonly run: EvaluationRun;
  readonly host: HostTools;
  readonly contest: ContestTools;
  /** Absolute; runs the candidate. */
  readonly command: readonly string[];
  /** Holds `in/`; outside of the copy of the contest's folder. */
  readonly root: string;
  readonly limits: CaseLimits & { readonly outputBytes: number };
  readonly goal: Goal;
  readonly scorePattern: ScorePattern;
  /** Until the whole evaluation must be over. */
  readonly remainingMs: () => number;
}

/** The evaluation took longer than it may; nothing that one case did. */
export class OutOfTime extends Error {
  override readonly name = 'OutOfTime';
}

const scoringLimits = { timeMs: 60_000, memoryBytes: 4 * 1024 ** 3, outputBytes: 1024 ** 2, processes: 64 };
/** What the official tester may hold beside the program. */
const testerBytes = 512 * 1024 ** 2;
const saidBytes = 400;

export interface CaseToRun {
  readonly seed: number;
  readonly index: number;
  readonly input: CaseInput;
  /** The wanted one. */
  readonly core: number;
  /** See `onOwnCore`. */
  readonly quietWithinMs: number;
}

/** Throws `OutOfTime`, and `EnvironmentError` where the host or the tools are to blame. */
export async function runCase(
  context: CaseContext,
  { seed, index, input, core, quietWithinMs }: CaseToRun,
): Promise<RanCase> {
  const { run, contest, limits } = context;
  const folder = join(context.root, `case-${index}`);
  const files = {
    /** Of an interactive contest none: what is hidden lies in no file, where programs of other cases could find it. */
    input: input.kind === 'file' ? input.file.path : '',
    output: join(folder, 'output.txt'),
    errors: join(folder, 'errors.txt'),
    /** Where the official tool may leave what it draws; in a folder that the program has not seen. */
    scoring: join(context.root, `scoring-${index}-${randomUUID()}`),
  };
  await mkdir(join(folder, 'home'), { recursive: true });
  try {
    const told: Buffer[] = [];
    const report = await run.execute(
      commandOnOwnCore(
        context.host,
        core,
        {
          argv: asCommand(runningCommand(context, files)),
          cwd: join(folder, 'home'),
          onDescriptor3: (chunk) => told.push(chunk),
          ...(input.kind === 'hidden' && { input: input.bytes }),
          limits: {
            timeMs: usableMs(context),
            memoryBytes:
              limits.memoryBytes + measuringBytes + (contest.tester === undefined ? 0 : testerBytes),
            outputBytes: scoringLimits.outputBytes + limits.outputBytes,
          },
        },
        quietWithinMs,
      ),
    );
    throwIfOutOfTime(report);
    const measurement = readMeasurement(Buffer.concat(told).toString());
    const said = await lastWords(files.errors, run.work.path);
    const isWaiting = measurement !== undefined && isByOthers(measurement, context.host.aloneTasks);
    // A tester computes on the core, too; so of a case with one nobody can tell how much of it strangers had.
    const isTheirs = isWaiting && contest.tester === undefined;
    const about = {
      seed,
      ...(measurement !== undefined && { measurement }),
      ...(isTheirs && { isByOthers: true }),
      ...(said !== '' && { said }),
    };
    const judged = measurement && { ...measurement, ...(!isWaiting && { waitedMs: 0 }) };
    const refusal = withTester(context, report, judged, await largestSize(files.output, files.errors));
    if (refusal !== undefined) return { ...about, ...refusal };
    const verdict = await verdictOf(context, files, input, report, core);
    // A tester may end who measures when it refuses an answer; when it accepts one, the program must have done that.
    if (verdict.verdict === 'AC' && measurement === undefined) return { ...about, ...notMeasured };
    return { ...about, ...verdict };
  } finally {
    await removeFolder(folder);
    await removeFolder(files.scoring);
  }
}

function runningCommand(
  { host, contest, command, limits }: CaseContext,
  files: { readonly input: string; readonly output: string; readonly errors: string },
): readonly string[] {
  if (contest.tester === undefined) return measured(host, command, { files, errors: files.errors }, limits);
  const program = [...host.counting, ...measured(host, command, { errors: files.errors }, limits)];
  // The tester has the hidden input from standard input, which nobody else can open. The shell keeps the lock of the core meanwhile.
  const script = `out=$1; shift; "$@" >"$out" 9>&-; exit $?`;
  return ['/bin/sh', '-c', script, 'sh', files.output, ...contest.tester, ...program];
}

/** A tester that refuses an answer ends the program, and whoever measures it; a program that it has heard out may die of a closed pipe. */
function withTester(
  { contest, limits }: CaseContext,
  report: ExecutionReport,
  measurement: Measurement | undefined,
  printedBytes: number,
): ReturnType<typeof refusalOfRun> {
  if (contest.tester === undefined) return refusalOfRun(report, measurement, printedBytes, limits);
  const byLimit = report.end.kind === 'limit';
  if (!byLimit && measurement === undefined) return undefined;
  const refusal = refusalOfRun(report, measurement, printedBytes, limits);
  const brokenPipe = 128 + 13;
  return measurement?.exitCode === brokenPipe && refusal?.verdict === 'RE' ? undefined : refusal;
}

type Scored = Pick<RanCase, 'verdict' | 'score' | 'why'>;

async function verdictOf(
  context: CaseContext,
  files: { readonly input: string; readonly output: string; readonly scoring: string },
  input: CaseInput,
  ran: ExecutionReport,
  core: number,
): Promise<Scored> {
  const { run, contest } = context;
  if (input.kind === 'file' && !(await isUnchanged(input.file))) {
    return { verdict: 'WA', why: 'The input of the case was changed while the program ran.' };
  }
  const changed = await firstChanged(contest.files);
  if (changed !== undefined) {
    throw new EnvironmentError(
      "The contest's tools were changed while the session ran.",
      `Look what changed ${changed}, remove its folder, and start again.`,
    );
  }
  if (contest.score === undefined) return read(context, ran);
  const answer = await readUntrustedFile(files.output, run.work.path, context.limits.outputBytes);
  if (answer.kind === 'refused') return { verdict: 'WA', why: `Its output ${answer.why}.` };
  // Some official tools score an empty answer.
  if (answer.kind === 'absent' || answer.bytes.toString('latin1').trim() === '') {
    return { verdict: 'WA', why: 'It printed nothing.' };
  }
  await mkdir(files.scoring);
  const report = await run.execute(
    commandOnOwnCore(context.host, core, {
      argv: asCommand(contest.score(files.input, files.output)),
      cwd: files.scoring,
      limits: { ...scoringLimits, timeMs: Math.min(scoringLimits.timeMs, usableMs(context)) },
    }),
  );
  return read(context, report);
}

function read(context: CaseContext, report: ExecutionReport): Scored {
  const { goal, scorePattern } = context;
  const { end, output } = report;
  if (end.kind === 'could-not-start') {
    throw new EnvironmentError(
      `The contest's tools cannot be run: ${end.message}`,
      'Remove the folder `built` of this host, and start again.',
    );
  }
  // Its limit may be what was left of the evaluation's time: then that is over, and the program is not to blame.
  if (end.kind === 'limit' && end.limit === 'time') usableMs(context);
  if (end.kind === 'limit')
    return { verdict: 'WA', why: `The official tool was stopped by its limit of ${end.limit}.` };
  const verdict = readToolVerdict(output, scorePattern, goal);
  if (endedWell(report) && verdict.kind === 'score') return { verdict: 'AC', score: verdict.score };
  if (verdict.kind === 'rejected') return { verdict: 'WA', why: sentence(verdict.why) };
  if (!endedWell(report)) return { verdict: 'WA', why: 'The official tool refused it without a word.' };
  return {
    verdict: 'IE',
    why: 'The official tool printed no score that is recognised: see problem.score_regex in pahcer_config.toml.',
  };
}

async function firstChanged(files: readonly FileIdentity[]): Promise<string | undefined> {
  for (const file of files) if (!(await isUnchanged(file))) return file.path;
  return undefined;
}

function usableMs({ remainingMs }: CaseContext): number {
  const left = remainingMs();
  if (left <= 0) throw new OutOfTime();
  return left;
}

/** A program has a limit of its own, far below: it was waiting for a core, or the evaluation's time is over. */
function throwIfOutOfTime({ end }: ExecutionReport): void {
  if (end.kind === 'limit' && end.limit === 'time') throw new OutOfTime();
}

/** 0 where a file is absent. */
async function largestSize(...paths: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    paths.map((path) =>
      lstat(path).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return Math.max(...sizes);
}

async function lastWords(path: string, folder: string): Promise<string> {
  const file = await readUntrustedFile(path, folder, 64 * 1024 ** 2);
  if (file.kind !== 'content') return '';
  return file.bytes.subarray(-saidBytes).toString('utf8').trim();
}

function sentence(words: string): string {
  const text = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

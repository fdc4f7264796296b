import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import { readAtCoderFolder, type AtCoderFolder } from '../../domain/foreign/atCoder/atCoderFolder';
import { usualCaseLimits, usualCases } from '../../domain/foreign/atCoder/caseLimits';
import { scoringProgram } from '../../domain/foreign/atCoder/toolsCrate';
import { hostPlaces } from '../../domain/problem/hostPlaces';
import type { ForeignEvaluator, Problem } from '../../domain/problem/problem';
import { endedWell } from '../environmentTools';
import type {
  EvaluationMethod,
  EvaluationRun,
  NotScored,
  PreparationContext,
  Scored,
} from '../evaluationMethod';
import { EnvironmentError } from '../evaluator';
import { buildTools } from './buildTools';
import { cargoVersion } from './cargo';
import { takeInputs } from './caseInputs';
import { caseSeeds, officialSeeds } from './caseSeeds';
import { incumbentScores, logMetric, logWorth, verdictOfCases } from './casesVerdict';
import { countTasks } from './countTasks';
import { compileCandidate } from './compileCandidate';
import type { ContestTools } from './contestTools';
import { evaluateCases } from './evaluateCases';
import { folderFiles } from './folderFiles';
import { asCommand, findHostTools, type HostTools } from './hostTools';
import { languageOf, type Language } from './language';
import { OutOfTime, type CaseContext } from './runCase';
import { commandOnOwnCore } from './runOnCore';
import { identityOf } from './trustedFiles';
import { visualizerTools } from './visualizerTools';
import { warmTargetOf } from './warmTarget';

interface Prepared {
  readonly folder: AtCoderFolder;
  readonly host: HostTools;
  readonly contest: ContestTools;
  readonly language: Language;
  readonly warmTarget: string | undefined;
  /** Of the folder's own `seeds.txt`. */
  readonly seedLines: readonly string[];
}

const generatingLimits = { memoryBytes: 4 * 1024 ** 3, outputBytes: 16 * 1024 ** 2, processes: 64 };

/** Scores programs by the official tools of an AtCoder Heuristic Contest. See docs/formats/atcoder.md. */
export function atCoderMethod(problem: Problem, evaluator: ForeignEvaluator): EvaluationMethod {
  let prepared: Prepared | undefined;
  let evaluations = 0;

  return {
    async prepare(context) {
      prepared = await prepareContest(problem, context);
    },

    async score(run) {
      if (prepared === undefined) throw new Error('The contest has not been prepared.');
      const cores = Math.max(1, prepared.host.cores.length);
      const atOnce = Math.max(1, Math.min(problem.limits.cpus, cores));
      const firstCore = evaluations * atOnce;
      evaluations += 1;
      try {
        return await scoreCandidate(problem, evaluator, prepared, run, { atOnce, firstCore });
      } catch (error) {
        if (!(error instanceof OutOfTime)) throw error;
        return {
          kind: 'failed',
          reason: 'timeout',
          message: 'The time of the evaluation was over before a seed was run.',
        };
      }
    },
  };
}

async function prepareContest(problem: Problem, context: PreparationContext): Promise<Prepared> {
  const files = await folderFiles(context.folder);
  const folder = readAtCoderFolder(files);
  if (folder === undefined) {
    throw new EnvironmentError(
      'The folder has no official tools: neither a crate with src/bin/gen.rs nor a visualizer (HASH.js and HASH_bg.wasm).',
      "Unpack the contest's tools in it, as tools/.",
    );
  }
  const [first] = folder.problems;
  if (first !== undefined) throw new EnvironmentError(first, 'Correct it in the folder, then start again.');
  const { candidate, folder: place = '' } = hostPlaces(problem);
  const isOutside = !candidate.startsWith(`${place}/`);
  const language = languageOf(
    files,
    folder,
    isOutside ? basename(candidate) : candidate.slice(place.length + 1),
    isOutside,
  );
  if (typeof language === 'string') {
    throw new EnvironmentError(
      language,
      'Write the program in C++, Rust or Python, or describe its steps there.',
    );
  }
  const found = await findHostTools(context);
  const aloneTasks = await countTasks(
    context,
    found,
    language.kind === 'python' ? ['python3', '/dev/null'] : ['true'],
  );
  const host: HostTools = { ...found, ...(aloneTasks !== undefined && { aloneTasks }) };
  const compiler = await cargoVersion(context);
  const contest = await contestTools(context, folder, compiler);
  const warmTarget =
    language.kind === 'cargo' && compiler !== undefined
      ? await warmTargetOf(context, language, compiler)
      : undefined;
  const list =
    files.read(folder.crate === undefined ? 'seeds.txt' : posix.join(folder.crate.path, 'seeds.txt')) ?? '';
  const seedLines = list.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]));
  return { folder, host, contest, language, warmTarget, seedLines };
}

async function contestTools(
  context: PreparationContext,
  folder: AtCoderFolder,
  compiler: string | undefined,
): Promise<ContestTools> {
  const { crate, visualizer, isReactive } = folder;
  const scores = crate === undefined ? undefined : isReactive ? 'tester' : scoringProgram(crate);
  if (crate !== undefined && compiler !== undefined && scores !== undefined) {
    const bin = await buildTools(context, crate, compiler);
    const program = (name: string): string => join(bin, name);
    return {
      files: await Promise.all(['gen', scores].map((name) => identityOf(program(name)))),
      generate: [program('gen'), 'seeds.txt'],
      score: isReactive ? undefined : (input, output) => [program(scores), input, output],
      tester: isReactive ? [program('tester')] : undefined,
    };
  }
  if (visualizer !== undefined && !isReactive) return visualizerTools(context, visualizer);
  throw new EnvironmentError(
    "This host has no cargo, which builds the contest's tools.",
    isReactive
      ? 'Install Rust on the host (https://rustup.rs).'
      : "Install Rust on the host (https://rustup.rs), or put the contest's visualizer (HASH.js and HASH_bg.wasm) into the folder.",
  );
}

async function scoreCandidate(
  problem: Problem,
  evaluator: ForeignEvaluator,
  prepared: Prepared,
  run: EvaluationRun,
  { atOnce, firstCore }: { readonly atOnce: number; readonly firstCore: number },
): Promise<Scored | NotScored> {
  const { folder, host, contest } = prepared;
  const { limits, metric } = problem;
  const deadline = performance.now() + limits.timeMs;
  const remainingMs = (): number => deadline - performance.now();
  const compiled = await compileCandidate(prepared.language, {
    run,
    tools: host,
    warmTarget: prepared.warmTarget,
    preferredCore: firstCore,
    timeMs: remainingMs(),
  });
  if (compiled.kind !== 'runs') return compiled;

  const count = evaluator.cases ?? usualCases;
  const official =
    run.request.officialCases === true ? officialSeeds(folder, prepared.seedLines, count) : undefined;
  const seeds = official?.map(({ seed }) => seed) ?? caseSeeds(run.request.seed, count);
  const root = join(run.work.path, 'contest');
  await mkdir(join(root, 'in'), { recursive: true });
  await generate(
    run,
    prepared,
    root,
    official?.map(({ text }) => text) ?? seeds.map(String),
    firstCore,
    remainingMs,
  );
  const caseTimeMs = evaluator.caseTimeMs ?? folder.caseTimeMs ?? usualCaseLimits.timeMs;
  const memoryBytes = Math.min(folder.caseMemoryBytes ?? usualCaseLimits.memoryBytes, limits.memoryBytes);
  const context: CaseContext = {
    run,
    host,
    contest,
    command: compiled.command,
    root,
    limits: { timeMs: caseTimeMs, memoryBytes, outputBytes: limits.outputBytes },
    goal: metric.goal,
    scorePattern: folder.scorePattern,
    remainingMs,
  };
  const worth = metric.name === logMetric ? logWorth : (score: number): number => score;
  const incumbent = incumbentScores(run.request.incumbent?.cases, seeds);
  const ran = await evaluateCases(context, {
    seeds,
    inputs: await takeInputs(root, seeds.length, contest.tester !== undefined),
    atOnce: Math.min(atOnce, seeds.length),
    firstCore,
    incumbent: incumbent === undefined ? undefined : { values: incumbent.map(worth) },
    worth,
    goal: metric.goal,
  });
  return verdictOfCases({
    ran,
    seeds,
    incumbent,
    goal: metric.goal,
    timeMs: limits.timeMs,
    isPinned: host.cores.length > 0,
  });
}

async function generate(
  run: EvaluationRun,
  { host, contest }: Prepared,
  root: string,
  seedLines: readonly string[],
  core: number,
  remainingMs: () => number,
): Promise<void> {
  await writeFile(join(root, 'seeds.txt'), `${seedLines.join('\n')}\n`);
  const timeMs = remainingMs();
  if (timeMs <= 0) throw new OutOfTime();
  const limits = { ...generatingLimits, timeMs };
  const report = await run.execute(
    commandOnOwnCore(host, core, { argv: asCommand(contest.generate), cwd: root, limits }),
  );
  if (report.end.kind === 'limit' && report.end.limit === 'time') throw new OutOfTime();
  if (!endedWell(report)) {
    throw new EnvironmentError(
      "The contest's generator failed.",
      `Run it by hand. The end of its output:\n${report.output.trim().slice(-1000)}`,
    );
  }
}
